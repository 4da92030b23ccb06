"""Kernels of one scalar formula: every element by itself, so nothing can race.

A plain `for i in prange(n)` over vectors is the form that the compiler turns into wide loads, arithmetic and stores.
"""

from functools import cache, partial, wraps

from numba import prange
from numba.extending import register_jitable
from numpy import ascontiguousarray, empty, empty_like, ndarray

from nnspec.accelerated._written import ARRAY, NUMBER, under_another_name, written, written_over
from nnspec.accelerated.cpu._jit import flat, kernel

LOOP = """
def {name}({parameters}):
    {numbers}
    for i in prange({first}.size):
        {results} = scalar({first}[i]{others})
"""

TYPED = "{name} = {first}.dtype.type({name})"  # in the loop it would be done for every element

inlined = register_jitable(forceinline=True)  # what formulas call: a call in the loop would keep it from being vectors


def elementwise(formula=None, *, outputs=1):
    """The array function of a scalar formula. Its outputs have the shape and dtype of the first argument.

    The other arguments are arrays of that shape, or numbers, which the formula gets in that dtype. in_place=True, of an
    update rule: outputs are written over the arrays that they are the next of, which have to be contiguous.
    """
    if formula is None:
        return partial(elementwise, outputs=outputs)
    scalar = inlined(formula)
    kernel_of = cache(lambda kinds: kernel(written(LOOP, formula, kinds, outputs, TYPED, scalar=scalar, prange=prange)))

    over = _over(formula, scalar, outputs)

    @wraps(formula)
    def function(x, *others, in_place=False):
        if in_place:
            return over(x, *others)
        arguments, kinds = flat(x), ARRAY
        for other in others:  # no comprehensions: small inputs feel every name and call here
            if isinstance(other, ndarray):
                view = ascontiguousarray(other).reshape(-1)
                view.setflags(False)
                arguments.append(view)
                kinds += ARRAY
            else:
                arguments.append(float(other))
                kinds += NUMBER
        launch = kernel_of(kinds)[x.size]
        out = empty(x.shape, x.dtype)
        if outputs == 1:
            launch(*arguments, out.reshape(-1))
            return out
        made = (out, *(empty(x.shape, x.dtype) for _ in range(1, outputs)))
        launch(*arguments, *(out.reshape(-1) for out in made))
        return made

    function.kernel_of = kernel_of
    return function


def _over(formula, scalar, outputs):
    """The same, in place. Its kernel is one of its own."""

    @cache
    def kernel_of(kinds):
        named = under_another_name(formula, "in_place")
        return kernel(written(LOOP, named, kinds, outputs, TYPED, over=True, scalar=scalar, prange=prange))

    def function(*given):
        arguments, kinds, results = [], "", []
        for one in given:
            is_array = isinstance(one, ndarray)
            arguments.append(one.reshape(-1) if is_array else float(one))
            kinds += ARRAY if is_array else NUMBER
        for one in written_over(given, outputs):
            if not isinstance(one, ndarray):  # a state before the first step
                one = empty_like(given[0])
                arguments.append(one.reshape(-1))
            results.append(one)
        kernel_of(kinds)[given[0].size](*arguments)
        return results[0] if outputs == 1 else tuple(results)

    return function
