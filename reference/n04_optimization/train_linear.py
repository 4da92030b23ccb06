"""Training of a linear classifier by minibatches. CS231n notes "Optimization"; assignment 1, `LinearClassifier.train`.

    in each step, for a batch b drawn with replacement:
        loss, dw = model(w, x_b, y_b, reg)        w = w - lr dw

x (N, D)    y (N,) labels from 0 on    w (D, C), or None: 0.001 N(0, 1), with a class for each label up to the largest

A composite: `model` is the name of an objective in `ops` (None: the reference), whose parts, and `sgd`, are there as
well. Inputs and labels of a batch are taken by one and the same indices. Nothing that was passed in is written to.
There is no bias beside w: see `append_ones`.
"""

from typing import Literal

import numpy as np

from nnspec.reference.n04_optimization.minibatch import sample_batch
from nnspec.shapes import Array, Between, Float, Int


def train_linear(
    x: Float[Array, "N D"],
    y: Int[Array, "N"],
    w: Float[Array, "D C"] | None = None,
    *,
    model: Literal["softmax_objective", "svm_objective"] = "softmax_objective",
    lr: float = 1e-3,
    reg: float = 1e-5,
    steps: Between[1, None] = 100,
    batch: Between[1, None] = 200,
    rng: np.random.Generator,
    ops=None,
):
    """(w, history): history["loss"] of every step, before it is taken."""
    if ops is None:
        from nnspec import reference as ops
    if len(x) == 0:
        raise ValueError("train_linear: x must hold at least one sample, got none")
    if y.min() < 0:
        raise ValueError(f"train_linear: y must hold labels from 0 on, got {y.min()}")
    if w is None:
        w = (0.001 * rng.standard_normal((x.shape[1], int(y.max()) + 1))).astype(x.dtype)  # (D, C)
    history = {"loss": []}
    for _ in range(steps):
        idx = sample_batch(len(x), batch, rng=rng)  # (batch,)
        loss, dw = getattr(ops, model)(w, x[idx], y[idx], reg=reg)
        w, _ = ops.sgd(w, dw, lr=lr)
        history["loss"].append(float(loss))
    return w, history
