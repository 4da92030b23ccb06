"""What a loss looks like: slices through weights of 650 dimensions

The hinge loss of a linear classifier of digits, where it is random weights plus a u + b v. Of one image it is a sum of
ramps, max(0, ...): flat pieces that meet in kinks, seen along a line and in a plane. Averaged over a hundred images the
kinks are many and small, and the bowl looks smooth. It is convex either way, so whichever way leads down leads to the
bottom; that is no longer so once there is a hidden layer. Dark is high.
"""

import numpy as np

from nnspec.demos.panels import Curves, Surface
from nnspec.training.data import load_images

GRID, REACH = 41, 6.0
MANY = 100  # images


def panels(ops):
    w, u, v = weights()
    x, y = images()
    at = np.linspace(-REACH, REACH, 4 * GRID + 1)
    losses = {"1 image": loss_of(ops, x[:1], y[:1]), f"{MANY} images": loss_of(ops, x, y)}
    lines = {name: ops.loss_slice_1d(loss, w, u, at) for name, loss in losses.items()}
    grid = np.linspace(-REACH, REACH, GRID)
    extent = (-REACH, REACH, -REACH, REACH)
    planes = [
        Surface(name, ops.loss_slice_2d(loss, w, v, u, grid, grid), extent, xlabel="a", ylabel="b")
        for name, loss in losses.items()
    ]
    return [Curves("along u", lines, x=at, xlabel="a", ylabel="hinge loss"), *planes]


def weights():
    """A point and two directions, (65, 10) with a bias row; the directions are as long as a unit of each class."""
    rng = np.random.default_rng(2)
    w, u, v = rng.standard_normal((3, 65, 10)) / 8
    return w, u, v


def images():
    """(MANY, 65) with a bias, and their labels."""
    data = load_images("digits", seed=0)
    x = data.x["train"][:MANY].reshape(MANY, -1).astype(np.float64)
    return np.hstack([x, np.ones((MANY, 1))]), data.y["train"][:MANY]


def loss_of(ops, x, y):
    return lambda w: float(ops.svm_objective(w, x, y, reg=0.0)[0])
