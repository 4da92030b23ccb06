"""Dead ReLUs: a unit that no sample opens learns no more

A hidden layer of a hundred ReLUs learns the spiral. A step that is too large throws weights so far that some units are
0 for every point: their slope is 0, no gradient reaches them again, and their share only grows. At rate 3 a quarter is
lost, at rate 10 all within ten steps, and the loss stays where only the last bias still moves, above log 3, which is
the loss of knowing nothing. Units that leak, with a slope of 0.01 where they are shut, do not die.
"""

import numpy as np

from nnspec.demos.panels import Curves

STEPS, HIDDEN, REG = 40, 100, 1e-3
RATES = (0.3, 1.0, 3.0, 10.0)


def panels(ops):
    x, y = ops.make_spiral(100, 3, rng=np.random.default_rng(0))
    runs = {f"rate {rate:g}": trained(ops, x, y, rate, "relu") for rate in RATES}
    dead = {name: 100 * run["dead"] for name, run in runs.items()}
    return [
        Curves("dead ReLUs, of 100", dead, xlabel="step", ylabel="%"),
        Curves("loss", {name: run["loss"] for name, run in runs.items()}, xlabel="step", log="y"),
    ]


def trained(ops, x, y, rate, activation):
    """Share of dead units and loss of each step, all points in each."""
    params = ops.two_layer_init(2, HIDDEN, 3, scale=0.3, rng=np.random.default_rng(1))
    dead, losses = [], []
    for _ in range(STEPS):
        loss, grads, h = step(ops, params, x, y, activation)
        params = {name: ops.sgd(value, grads[name], lr=rate)[0] for name, value in params.items()}
        dead.append(float(ops.activation_stats(h)[4]))
        losses.append(float(loss))
    return {"dead": np.array(dead), "loss": np.array(losses)}


def step(ops, params, x, y, activation):
    """Loss, gradients and activations of a network of two layers with this activation."""
    forward, backward = (getattr(ops, f"{activation}_{way}") for way in ("forward", "backward"))
    a, of_first = ops.affine_forward(x, params["W1"], params["b1"])
    h, of_units = forward(a)
    found, of_second = ops.affine_forward(h, params["W2"], params["b2"])
    loss, of_loss = ops.softmax_cross_entropy_forward(found, y)
    dh, dW2, db2 = ops.affine_backward(ops.softmax_cross_entropy_backward(1.0, of_loss), of_second)
    _, dW1, db1 = ops.affine_backward(backward(dh, of_units), of_first)
    grads = {"W1": dW1 + REG * params["W1"], "b1": db1, "W2": dW2 + REG * params["W2"], "b2": db2}
    return loss, grads, h
