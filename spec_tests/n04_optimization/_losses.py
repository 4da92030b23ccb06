"""Losses of two parameters with their gradients, smooth and bent, on which a sparse gradient check is judged."""

import numpy as np

W, B = np.arange(1.0, 61.0).reshape(12, 5) / 30, np.array([0.1, -1.0, 2.0, 0.25, 3.0])
PARAMS = {"w": W, "b": B}
GRADS = {"w": 2 * W, "b": 3 * B**2}
KINKED = {"w": np.where(np.arange(60).reshape(12, 5) % 3, 1.0, W), "b": B}  # two of three entries lie on the kink at 1
OF_KINKED = {"w": 1.0 * (KINKED["w"] > 1), "b": np.ones(5)}
SMALL = {key: np.arange(12.0).reshape(3, 4) for key in "abcde"}
OFF = {key: 1 + w / 10 for key, w in SMALL.items()}  # every entry by another factor, so that the error tells it


def parameters():
    """Fresh ones: whoever moves them in place may leave something behind."""
    return {key: value.copy() for key, value in PARAMS.items()}


class Total:
    """A loss that `nnspec explain --example` can write down."""

    def __call__(self, params):
        return sum(w.sum() for w in params.values())

    def __repr__(self):
        return "lambda params: sum(w.sum() for w in params.values())"


total = Total()


def loss(params):
    return (params["w"] ** 2).sum() + (params["b"] ** 3).sum()


def bent(params):
    """A ReLU for each entry of w, which opens at 1."""
    return np.maximum(0, params["w"] - 1).sum() + params["b"].sum()


def relus(params):
    return params["w"] > 1


def all_on_kinks(dims, dtype):
    return lambda params: params["w"] > W
