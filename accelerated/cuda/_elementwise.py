"""Kernels of one scalar formula: each thread writes its own elements, in steps of the whole grid."""

from functools import cache, partial, wraps

import numpy as np

from nnspec.accelerated._written import ARRAY, NUMBER, written, written_over
from nnspec.accelerated.cuda._kernel import blocks, inlined, kernel
from nnspec.accelerated.cuda._target import cuda, empty_like, flat, is_on_device, to_device

LOOP = """
def {name}({parameters}):
    for i in range(cuda.grid(1), {first}.size, cuda.gridsize(1)):
        {results} = scalar({first}[i]{others})
"""

LOOP_OVER_ONE = """
def {name}({parameters}):
    read, step = cuda.local.array(each, real), cuda.gridsize(1)
    for start in range(cuda.grid(1), {first}.size, each * step):
        for e in range(each):  # all reads first, so that they are under way together
            if start + e * step < {first}.size:
                read[e] = {first}[start + e * step]
        for e in range(each):
            i = start + e * step
            if i < {first}.size:
                {results} = scalar(read[e]{others})
"""


def elementwise(formula=None, *, outputs=1):
    """The array function of a scalar formula. Its outputs have the shape and dtype of the first argument.

    The other arguments are arrays of that shape, or numbers, which the formula gets in that dtype. in_place=True, of an
    update rule: outputs are written over the arrays that they are the next of.
    """
    if formula is None:
        return partial(elementwise, outputs=outputs)
    kernel_of = cache(lambda kinds: _kernel(formula, kinds, outputs))

    @wraps(formula)
    def function(x, *others, in_place=False):
        made = [empty_like(x) for _ in range(outputs)]
        if in_place:  # a thread reads all of an element before it writes
            before = written_over((x, *others), outputs)
            made = [b if is_on_device(b) else out for b, out in zip(before, made, strict=True)]
        others = [to_device(o) if isinstance(o, np.ndarray) or is_on_device(o) else float(o) for o in others]
        apply = kernel_of(ARRAY + "".join(ARRAY if is_on_device(o) else NUMBER for o in others))
        arguments = [flat(o) if is_on_device(o) else o for o in others]
        apply(blocks(x.size, apply.threads), flat(x), *arguments, *map(flat, made))
        return made[0] if outputs == 1 else tuple(made)

    return function


def _kernel(formula, kinds: str, outputs: int):
    scalar = inlined(formula)

    def factory(real, threads, each):
        template = LOOP_OVER_ONE if kinds.count(ARRAY) == 1 else LOOP
        return written(template, formula, kinds, outputs, scalar=scalar, cuda=cuda, real=real, each=each)

    factory.__module__, factory.__qualname__ = formula.__module__, formula.__qualname__
    return kernel(threads=(256, 8), each=(4, 2))(factory)
