"""Kernels of one scalar formula: each thread writes its own elements, in steps of the whole grid."""

from nnspec.accelerated.cuda._kernel import blocks, inlined, kernel
from nnspec.accelerated.cuda._target import cuda, empty_like, flat

THREADS = (256, 8)


def elementwise(formula):
    """The array function of a scalar formula of one or two numbers: out of the shape and dtype of the first array."""
    apply = {1: _apply_to_one, 2: _apply_to_two}[formula.__code__.co_argcount]
    formula = inlined(formula)

    def function(*arrays):
        out = empty_like(arrays[0])
        apply(blocks(out.size, apply.threads), *map(flat, arrays), flat(out), formula=formula)
        return out

    return function


@kernel(threads=THREADS, each=(4, 2))
def _apply_to_one(real, threads, each, formula):
    def apply(x, out):
        values, step = cuda.local.array(each, real), cuda.gridsize(1)
        for start in range(cuda.grid(1), x.size, each * step):
            for e in range(each):  # all reads first, so that they are under way together
                if start + e * step < x.size:
                    values[e] = x[start + e * step]
            for e in range(each):
                if start + e * step < x.size:
                    out[start + e * step] = formula(values[e])

    return apply


@kernel(threads=THREADS)
def _apply_to_two(threads, formula):
    def apply(x, y, out):
        for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            out[i] = formula(x[i], y[i])

    return apply
