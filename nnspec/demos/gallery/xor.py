"""What no line parts: XOR, and a disc in a ring

Points around two opposite corners against those around the other two: a linear classifier stays near half, and a hidden
layer of eight ReLUs bends the line around them. Nor does a line part a disc from the ring around it, which is what the
last picture shows, in polar coordinates: there the disc lies on the left, and a line is enough. What is linear depends
on the features. Coloured is what the classifier says of each place; points are what it was trained on.
"""

import numpy as np

from nnspec.demos.shared import classified, descended

N, STEPS, HIDDEN, GRID = 60, 400, 8, 50
EXTENT = (-1.5, 1.5, -1.5, 1.5)


def panels(ops):
    corners, disc = xor_points(), disc_points()
    return [
        classified(ops, "XOR, linear", linear(ops, *corners), *corners, EXTENT, GRID),
        classified(ops, "XOR, 8 hidden units", hidden(ops, *corners), *corners, EXTENT, GRID),
        polar(ops, *disc),
    ]


def polar(ops, x, y):
    features = ops.polar_features(x)
    extent = (0.0, 1.5, -np.pi, np.pi)
    name, scores, axes = "disc in polar features, linear", linear(ops, features, y), {"xlabel": "r", "ylabel": "theta"}
    return classified(ops, name, scores, features, y, extent, GRID, **axes)


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
    with_bias = ops.append_ones(x)

    def gradient(w):
        return ops.softmax_objective(w, with_bias, y, reg=1e-4)[1]

    w = ops.gradient_descent(gradient, np.zeros((3, 2)), lr=1.0, steps=STEPS)[-1]
    return lambda points: ops.append_ones(points) @ w


def hidden(ops, x, y):
    params = ops.two_layer_init(2, HIDDEN, 2, scale=0.5, rng=np.random.default_rng(3))
    params, _ = descended(ops, params, lambda params: ops.two_layer_loss(params, x, y, reg=1e-4), lr=0.5, steps=STEPS)
    return lambda points: ops.two_layer_loss(params, points)
