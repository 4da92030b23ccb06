"""Which w of many: w and 4 w decide alike, and only a penalty tells them apart

Three classes that lines can separate; `a` multiplies all weights. Regions do not move with a, but losses do. From a = 1
on all margins hold and the SVM loses nothing: each larger w is as good. Softmax likes each one better than the one
before. With reg sum w^2 each has one best scale: that of the SVM is about where its margins are just held, and that of
softmax lies where being surer no longer pays for larger weights.
"""

import numpy as np

from nnspec.demos.panels import Curves, Regions

OBJECTIVES = {"SVM": "svm_objective", "softmax": "softmax_objective"}
SCALES = np.linspace(0.25, 5, 96)
REG = 0.02
CENTRES = np.array([[-2.0, -1.0], [2.0, -1.0], [0.0, 2.0]])
EXTENT = (-3.5, 3.5, -3.5, 3.5)


def panels(ops):
    x, y = samples()
    w = at_the_margin(ops, x, y)
    shown = [
        Regions(f"regions of {a} w" if a > 1 else "regions of w", regions(a * w), EXTENT, x[:, :2], y) for a in (1, 4)
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
    w = np.zeros((3, 3))
    for _ in range(300):
        _, dw = ops.softmax_objective(w, x, y)
        w, _ = ops.sgd(w, dw, lr=0.2)
    return w / smallest_lead(w, x, y)


def smallest_lead(w, x, y):
    scores = x @ w
    right = scores[np.arange(len(y)), y]
    others = np.where(np.arange(3) == y[:, None], -np.inf, scores)
    return (right - others.max(axis=1)).min()


def regions(w, size=120):
    xs, ys = np.meshgrid(np.linspace(*EXTENT[:2], size), np.linspace(*EXTENT[2:], size))
    return (np.stack([xs, ys, np.ones_like(xs)], axis=-1) @ w).argmax(axis=-1)


def samples():
    """15 of each class, and a one for the bias."""
    y = np.arange(45) % 3
    x = CENTRES[y] + 0.45 * np.random.default_rng(0).standard_normal((45, 2))
    return np.column_stack([x, np.ones(45)]), y
