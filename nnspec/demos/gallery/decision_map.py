"""What the choice of k does to nearest neighbours: regions of the plane

Three classes of points that overlap. With k = 1 every point rules its own surroundings, and a point among strangers is
an island: all training points are classified rightly, and noise is learned by heart. With k = 15 most islands vanish,
borders get smooth, but points in the middle of others are given up. Where two classes have equally many of the k
votes the map is open (white, or a dot), which takes an even k or three classes. New points tell which k is right.
"""

import numpy as np

from nnspec.demos.panels import Regions

KS = (1, 4, 15)
CENTRES = np.array([[-1.0, 0.4], [1.0, 0.6], [0.1, -1.0]])
EXTENT = (-3.0, 3.0, -3.0, 3.0)


def panels(ops):
    x, y = points(np.random.default_rng(3), 40)
    xs, ys = grid()
    shown = []
    for k in KS:
        labels, tie = ops.knn_decision_map(x, y, xs, ys, k=k)
        title = f"k = {k}: {wrong(ops, x, y, k)} of {len(y)} training points wrong"
        shown.append(Regions(title, labels, EXTENT, x, y, open=tie))
    return shown


def points(rng, each):
    """Normal around three centres: (3 each, 2), and their classes."""
    y = np.arange(3).repeat(each)
    return CENTRES[y] + 0.8 * rng.standard_normal((3 * each, 2)), y


def grid(size=120):
    return np.linspace(*EXTENT[:2], size), np.linspace(*EXTENT[2:], size)


def wrong(ops, x, y, k):
    """How many training points are taken for another class, each of them being one of its own neighbours."""
    return int((ops.knn_predict(x, y, x, k=k) != y).sum())
