"""Gradient descent: one step. Robbins and Monro 1951; CS231n notes "Optimization"; assignments, `sgd`.

    w = w - lr dw

w, dw: one shape, entry by entry    state: None, there is nothing to remember

Whether it is stochastic is decided by dw alone, the gradient on a minibatch or on all samples.
"""

from typing import Literal

from nnspec.shapes import Array, Float


def sgd(w: Float[Array, "*shape"], dw: Float[Array, "*shape"], state: Literal[None] = None, *, lr: float = 1e-2):
    return w - lr * dw, None
