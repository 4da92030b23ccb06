"""Sums of a scalar formula over all entries. Blocks of entries have sums of their own, which are added in order."""

from functools import cache, wraps

import numpy as np
from numba import prange

from nnspec.accelerated._written import under_another_name, written
from nnspec.accelerated.cpu._elementwise import TYPED, fed, inlined, told_by_types
from nnspec.accelerated.cpu._fold import fold_sum
from nnspec.accelerated.cpu._jit import kernel

BLOCK = 1024  # short, so that rounding grows no faster than in a pairwise sum, and the terms of it stay in the L1 cache

LOOP = """
def {name}({parameters}):
    {numbers}
    terms = empty(BLOCK, {first}.dtype)
    for block in prange(out0.size):
        start, end = unsigned(block * BLOCK), unsigned(min(block * BLOCK + BLOCK, {first}.size))
        for i in range(start, end):  # an index that cannot be negative: the loop becomes vectors
            terms[i - start] = scalar({first}[i]{others})
        out0[block] = fold_sum(terms, 0, end - start)
"""


def summed(formula):
    """The function that sums a scalar formula over the entries of its first argument, in the dtype of that.

    The other arguments are arrays of that shape, or numbers, which the formula gets in that dtype.
    """
    formula = under_another_name(formula, "sum")
    names = {"scalar": inlined(formula), "prange": prange, "empty": np.empty, "unsigned": np.uintp}
    names |= {"fold_sum": fold_sum, "BLOCK": BLOCK}
    kernel_of = cache(lambda kinds: kernel(written(LOOP, formula, kinds, 1, TYPED, **names)))

    told = told_by_types(kernel_of)

    @wraps(formula)
    def function(x, *others):
        made, arrays, numbers = told(tuple(map(type, others)))
        sums = np.empty((x.size + BLOCK - 1) // BLOCK, x.dtype)
        made[x.size](*fed(arrays, numbers, x, *others), sums)
        return sums.sum()

    function.kernel_of = kernel_of
    return function


def number(total) -> float:
    """What `summed` gave, as a number of Python's."""
    return float(total)
