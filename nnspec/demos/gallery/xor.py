"""What no line parts: XOR, and a disc in a ring

Points around two opposite corners against those around the other two: a linear classifier stays near half, and a hidden
layer of eight ReLUs bends the line around them. Nor does a line part a disc from the ring around it, which is what the
last picture shows, in polar coordinates: there the disc lies on the left, and a line is enough. What is linear depends
on the features. Coloured is what the classifier says of each place; points are what it was trained on.
"""

import numpy as np

from nnspec.demos.panels import Regions

N, STEPS, HIDDEN, GRID = 60, 400, 8, 50
EXTENT = (-1.5, 1.5, -1.5, 1.5)


def panels(ops):
    corners, disc = xor_points(), disc_points()
    return [
        regions(ops, "XOR, linear", *corners, EXTENT, linear(ops, *corners)),
        regions(ops, "XOR, 8 hidden units", *corners, EXTENT, hidden(ops, *corners)),
        polar(ops, *disc),
    ]


def polar(ops, x, y):
    features = ops.polar_features(x)
    extent = (0.0, 1.5, -np.pi, np.pi)
    shown = regions(ops, "disc in polar features, linear", features, y, extent, linear(ops, features, y))
    return Regions(shown.title, shown.labels, extent, features, y, xlabel="r", ylabel="theta")


def xor_points():
    """Around (1, 1) and (-1, -1) class 0, around the others class 1."""
    rng = np.random.default_rng(0)
    corner = np.arange(4 * N // 2) % 4
    centres = np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])[corner]
    return centres * 0.8 + 0.2 * rng.standard_normal(centres.shape), corner // 2


def disc_points():
    """Class 0 up to the radius 0.5, class 1 from 0.8 to 1.2, all around."""
    rng = np.random.default_rng(1)
    y = np.arange(2 * N) % 2
    r = np.where(y, rng.uniform(0.8, 1.2, len(y)), 0.5 * np.sqrt(rng.random(len(y))))
    angle = rng.uniform(-np.pi, np.pi, len(y))
    return np.stack([r * np.cos(angle), r * np.sin(angle)], axis=1), y


def linear(ops, x, y):
    """The scores of a linear classifier with a bias, as a function of points."""
    w, with_bias = np.zeros((3, 2)), ops.append_ones(x)
    for _ in range(STEPS):
        _, dw = ops.softmax_objective(w, with_bias, y, reg=1e-4)
        w, _ = ops.sgd(w, dw, lr=1.0)
    return lambda points: ops.append_ones(points) @ w


def hidden(ops, x, y):
    params = ops.two_layer_init(2, HIDDEN, 2, scale=0.5, rng=np.random.default_rng(3))
    for _ in range(STEPS):
        _, grads = ops.two_layer_loss(params, x, y, reg=1e-4)
        params = {name: ops.sgd(value, grads[name], lr=0.5)[0] for name, value in params.items()}
    return lambda points: ops.two_layer_loss(params, points)


def regions(ops, name, x, y, extent, scores):
    across, up = np.meshgrid(np.linspace(*extent[:2], GRID), np.linspace(*extent[2:], GRID))
    labels = scores(np.stack([across.ravel(), up.ravel()], axis=1)).argmax(axis=1).reshape(GRID, GRID)
    right = float(ops.accuracy(scores(x).argmax(axis=1), y))
    return Regions(f"{name}: {100 * right:.0f} % right", labels, extent, x, y)
