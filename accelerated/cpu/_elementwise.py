"""Kernels of one scalar formula: every element by itself, so nothing can race.

A plain `for i in prange(n)` over vectors is the form that the compiler turns into wide loads, arithmetic and stores.
"""

import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu._jit import flat, kernel


def elementwise(formula):
    """The array function of a scalar formula of one or two numbers: out of the shape and dtype of the first array."""
    inlined = register_jitable(forceinline=True)(formula)  # a call in the loop would keep it from becoming vectors
    apply = {1: _apply_to_one, 2: _apply_to_two}[formula.__code__.co_argcount](inlined)

    def function(*arrays):
        out = np.empty(arrays[0].shape, arrays[0].dtype)
        apply[out.size](*flat(*arrays), out.reshape(-1))
        return out

    function.apply = apply
    return function


def _apply_to_one(formula):
    @kernel
    def apply(x, out):
        for i in prange(x.size):
            out[i] = formula(x[i])

    return apply


def _apply_to_two(formula):
    @kernel
    def apply(x, y, out):
        for i in prange(x.size):
            out[i] = formula(x[i], y[i])

    return apply
