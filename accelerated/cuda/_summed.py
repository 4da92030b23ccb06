"""Sums of a scalar formula over all entries, in two stages and a fixed order."""

from functools import cache, wraps

import numpy as np

from nnspec.accelerated._written import ARRAY, NUMBER, under_another_name, written
from nnspec.accelerated.cuda._kernel import blocks, inlined, kernel
from nnspec.accelerated.cuda._sums import block_sum, total_of
from nnspec.accelerated.cuda._target import cuda, empty, flat, is_on_device, to_device, to_host

LOOP = """
def {name}({parameters}):
    total = real(0)
    for i in range(cuda.grid(1), {first}.size, cuda.gridsize(1)):
        total += scalar({first}[i]{others})
    add_up(total, out0)
"""


def summed(formula):
    """The function that sums a scalar formula over the entries of its first argument: an array without axes.

    The other arguments are arrays of that shape, or numbers, which the formula gets in that dtype.
    """
    formula = under_another_name(formula, "sum")
    kernel_of = cache(lambda kinds: _kernel(formula, kinds))

    @wraps(formula)
    def function(x, *others):
        others = [to_device(o) if isinstance(o, np.ndarray) or is_on_device(o) else float(o) for o in others]
        add_up = kernel_of(ARRAY + "".join(ARRAY if is_on_device(o) else NUMBER for o in others))
        arguments = [flat(o) if is_on_device(o) else o for o in others]
        partial = empty(blocks(x.size, add_up.threads) or 1, x.dtype)
        add_up(len(partial), flat(x), *arguments, partial)
        return total_of(partial)

    return function


def number(total) -> float:
    """What `summed` gave, as a number of Python's."""
    return float(to_host(total))


def _kernel(formula, kinds: str):
    scalar = inlined(formula)

    def factory(real, threads):
        names = {"scalar": scalar, "cuda": cuda, "real": real, "add_up": block_sum(real, threads)}
        return written(LOOP, formula, kinds, 1, **names)

    factory.__module__, factory.__qualname__ = formula.__module__, formula.__name__
    return kernel(threads=(256, 8))(factory)
