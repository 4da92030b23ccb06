"""Kernels of one scalar formula: every element by itself, so nothing can race.

A plain `for i in prange(n)` over vectors is the form that the compiler turns into wide loads, arithmetic and stores.
"""

from functools import cache, partial, wraps

from numba import prange
from numba.extending import register_jitable
from numpy import ascontiguousarray, empty, empty_like, ndarray

from nnspec.accelerated._written import ARRAY, NUMBER, under_another_name, written, written_over
from nnspec.accelerated.cpu._jit import kernel

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
    told = told_by_types(kernel_of)
    over = _over(formula, scalar, outputs)

    @wraps(formula)
    def function(x, *others, in_place=False):
        if in_place:
            return over(x, *others)
        made, arrays, numbers = told(tuple(map(type, others)))
        arguments = fed(arrays, numbers, x, *others)
        out = empty(x.shape, x.dtype)
        if outputs == 1:
            made[x.size](*arguments, out.reshape(-1))
            return out
        out = (out, *[empty(x.shape, x.dtype) for _ in range(1, outputs)])
        made[x.size](*arguments, *[one.reshape(-1) for one in out])
        return out

    function.kernel_of = kernel_of
    return function


def _over(formula, scalar, outputs):
    """The same, in place. Its kernel is one of its own."""

    @cache
    def kernel_of(kinds):
        named = under_another_name(formula, "in_place")
        return kernel(written(LOOP, named, kinds, outputs, TYPED, over=True, scalar=scalar, prange=prange))

    told = told_by_types(kernel_of)

    def function(*given):
        made, arrays, numbers = told(tuple(map(type, given[1:])))
        arguments, results = [*given], []
        for i in arrays:
            arguments[i] = given[i].reshape(-1)
        for i in numbers:
            arguments[i] = float(given[i])
        for one in written_over(given, outputs):
            if not isinstance(one, ndarray):  # a state before the first step
                one = empty_like(given[0])
                arguments.append(one.reshape(-1))
            results.append(one)
        made[given[0].size](*arguments)
        return results[0] if outputs == 1 else tuple(results)

    return function


def told_by_types(kernel_of):
    """The function that tells what the types of the arguments behind the first ask for, once for all calls of them: the
    kernel, the places of arrays, and those of numbers that are no floats yet."""

    @cache
    def told(types):
        arrays = [0, *[i for i, kind in enumerate(types, 1) if issubclass(kind, ndarray)]]
        kinds = "".join(ARRAY if i in arrays else NUMBER for i in range(len(types) + 1))
        numbers = [i for i, kind in enumerate(types, 1) if i not in arrays and kind is not float]
        return kernel_of(kinds), arrays, numbers

    return told


def fed(arrays, numbers, *arguments):
    """The arguments as a kernel takes them: see `flat`. Small inputs feel every name and call here."""
    arguments = [*arguments]
    for i in arrays:
        view = ascontiguousarray(arguments[i]).reshape(-1)
        view.setflags(False)
        arguments[i] = view
    for i in numbers:
        arguments[i] = float(arguments[i])
    return arguments
