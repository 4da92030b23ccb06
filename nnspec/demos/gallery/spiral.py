"""The spiral: where lines fail, one hidden layer bends them

Three arms that wind about each other. A linear classifier cuts the plane into three wedges, and has about half of the
points right, however long it learns. With a hundred hidden ReLUs between, each of which folds the plane along a line of
its own, the classes follow the arms, and about 98 % are right. Last, the loss of both while they learn.
"""

import numpy as np

from nnspec.demos.panels import Curves
from nnspec.demos.shared import classified, descended

STEPS, RATE, REG, HIDDEN = 1500, 1.0, 1e-3, 100
GRID, EXTENT = 60, (-1.1, 1.1, -1.1, 1.1)
EVERY = 10  # of how many steps a loss is shown


def panels(ops):
    x, y = ops.make_spiral(100, 3, rng=np.random.default_rng(0))
    w, linear_losses = linear(ops, x, y)
    params, losses = network(ops, x, y)
    scores_of = {"linear": lambda x: ops.append_ones(x) @ w, "one hidden layer": lambda x: scores(ops, params, x)}
    shown = [classified(ops, name, of, x, y, EXTENT, GRID) for name, of in scores_of.items()]
    losses = {"linear": np.array(linear_losses)[::EVERY], "one hidden layer": np.array(losses)[::EVERY]}
    return [*shown, Curves("softmax loss", losses, x=np.arange(0, STEPS, EVERY), xlabel="step", log="y")]


def linear(ops, x, y):
    """(weights with a bias row, losses), all points in every step."""
    with_bias = ops.append_ones(x)

    def loss_and_grads(params):
        loss, dw = ops.softmax_objective(params["w"], with_bias, y, reg=REG)
        return loss, {"w": dw}

    params, losses = descended(ops, {"w": np.zeros((3, 3))}, loss_and_grads, lr=RATE, steps=STEPS)
    return params["w"], losses


def network(ops, x, y, scale=0.3):
    """(parameters, losses) of two layers, all points in every step."""
    params = ops.two_layer_init(2, HIDDEN, 3, scale=scale, rng=np.random.default_rng(1))
    return descended(ops, params, lambda params: ops.two_layer_loss(params, x, y, reg=REG), lr=RATE, steps=STEPS)


def scores(ops, params, x):
    return ops.two_layer_loss(params, x)
