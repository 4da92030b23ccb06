"""Which w of many: w and 4 w decide alike, and only a penalty tells them apart

Three classes that lines can separate; `a` multiplies all weights. Regions do not move with a, but losses do. From a = 1
on all margins hold and the SVM loses nothing: each larger w is as good. Softmax likes each one better than the one
before. With reg sum w^2 each has one best scale: that of the SVM is about where its margins are just held, and that of
softmax lies where being surer no longer pays for larger weights.
"""

import numpy as np

from nnspec.demos.panels import Curves, Regions
from nnspec.demos.shared import labels_of, smallest_lead

OBJECTIVES = {"SVM": "svm_objective", "softmax": "softmax_objective"}
SCALES = np.linspace(0.25, 5, 96)
REG = 0.02
CENTRES = np.array([[-2.0, -1.0], [2.0, -1.0], [0.0, 2.0]])
EXTENT = (-3.5, 3.5, -3.5, 3.5)


def panels(ops):
    x, y = samples()
    w = at_the_margin(ops, x, y)
    shown = [
        Regions(f"regions of {name}", regions(ops, of), EXTENT, x[:, :2], y)
        for name, of in {"w": w, "4 w": 4 * w}.items()
    ]
    curves = {}
    for name, objective in OBJECTIVES.items():
        curves[name] = losses(ops, objective, w, x, y, 0.0)
        curves[f"{name} and penalty"] = losses(ops, objective, w, x, y, REG)
    return [Curves("loss of a w", curves, SCALES, xlabel="a"), *shown]


def losses(ops, objective, w, x, y, reg):
    return np.array([float(getattr(ops, objective)(a * w, x, y, reg=reg)[0]) for a in SCALES])


def at_the_margin(ops, x, y):
    """Weights that separate, scaled so that the smallest lead is 1."""
    w = ops.gradient_descent(lambda w: ops.softmax_objective(w, x, y)[1], np.zeros((3, 3)), lr=0.2, steps=300)[-1]
    return w / smallest_lead(x @ w, y)


def regions(ops, w, size=120):
    return labels_of(lambda points: ops.append_ones(points) @ w, EXTENT, size)


def samples():
    """15 of each class, and a one for the bias."""
    y = np.arange(45) % 3
    x = CENTRES[y] + 0.45 * np.random.default_rng(0).standard_normal((45, 2))
    return np.column_stack([x, np.ones(45)]), y
