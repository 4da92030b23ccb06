"""Numerical gradients: the slope of f in each entry, from f alone. CS231n notes "Neural networks", part 3, gradient
checks; assignment 1, `eval_numerical_gradient`, `eval_numerical_gradient_array`.

    numerical_gradient    g_i = (f(x + h e_i) - f(x - h e_i)) / 2h              central; off by h^2 f'''/6
                          g_i = (f(x + h e_i) - f(x)) / h                       forward; off by h f''/2
    numerical_vjp         g_i = sum((f(x + h e_i) - f(x - h e_i)) dout) / 2h    f gives an array of the shape of dout

x, g: one shape    e_i: 1 in entry i, else 0    f: a function of x that gives a number, or of `numerical_vjp` an array

f is called with copies and must use what it is given: x is not written to. h is a compromise: of float64 numbers of
order 1, 1e-5 leaves ten digits. Much less, and f(x + h) - f(x - h) is all rounding; float32 has too few at any h.
"""

import warnings
from collections.abc import Callable
from typing import Literal

import numpy as np

from nnspec.reference.n04_optimization._differences import answered, moved, number, require_step
from nnspec.shapes import Array, Float


def numerical_gradient(
    f: Callable, x: Float[Array, "*shape"], *, h: float = 1e-5, mode: Literal["central", "forward"] = "central"
):
    here = number("numerical_gradient", _looked_at("numerical_gradient", f, x, h))
    grad = np.empty_like(x)
    for i in np.ndindex(x.shape):
        ahead = number("numerical_gradient", f(moved("numerical_gradient", x, i, h)))
        if mode == "forward":
            grad[i] = (ahead - here) / h
        else:
            grad[i] = (ahead - f(moved("numerical_gradient", x, i, -h))) / (2 * h)
    return grad


def numerical_vjp(f: Callable, x: Float[Array, "*shape"], dout: Float[Array, "*out"], *, h: float = 1e-5):
    here = _looked_at("numerical_vjp", f, x, h)
    if here.shape != dout.shape:
        raise ValueError(f"numerical_vjp: dout must have the shape of f(x), {here.shape}, got {dout.shape}")
    grad = np.empty_like(x)
    for i in np.ndindex(x.shape):
        ahead = np.array(f(moved("numerical_vjp", x, i, h)))  # a copy: f may fill one buffer again and again
        behind = f(moved("numerical_vjp", x, i, -h))
        grad[i] = ((ahead - behind) * dout).sum() / (2 * h)
    return grad


def _looked_at(op, f, x, h):
    """f(x), after all that would spoil the slopes has been asked for."""
    require_step(op, h)
    if x.dtype == np.float32:
        warnings.warn(f"{op}: x is float32, which is too coarse for differences: hand it in as float64", stacklevel=4)
    return answered(op, f, x)
