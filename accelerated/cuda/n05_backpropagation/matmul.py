"""All products of a batch in one launch, on tiles in shared memory. Where the second factor is a single matrix, the
rows of all first ones are one factor; another one that serves several products is copied for each of them. The sums of
their gradients have an order of their own, axis after axis."""

from math import prod

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._product import product
from nnspec.accelerated.cuda._target import cuda, empty, flat
from nnspec.accelerated.cuda.n10_attention._masks import meeting, place

THREADS = (256, 8)


def matmul_forward(a, b):
    batch, (n, k), m = np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2:], b.shape[-1]
    if _is_single(b):
        return product(_rows(a), b.reshape(k, m)).reshape(*batch, n, m), (a, b)
    return product(_spread(a, batch), _spread(b, batch)), (a, b)


def matmul_backward(dout, cache):
    a, b = cache
    batch = dout.shape[:-2]
    if _is_single(b):
        w = b.reshape(b.shape[-2:])
        da = product(_rows(dout), w, transpose_b=True).reshape(a.shape)
        return da, product(_rows(a), _rows(dout), transpose_a=True).reshape(b.shape)
    da = product(dout, _spread(b, batch), transpose_b=True)
    db = product(_spread(a, batch), dout, transpose_a=True)
    return _summed_to(a.shape, da), _summed_to(b.shape, db)


def _is_single(b):
    return prod(b.shape[:-2]) == 1


def _rows(x):
    return x.reshape(prod(x.shape[:-1]), x.shape[-1])


def _spread(x, batch):
    """x with all the axes of the batch in front."""
    if x.shape[:-2] == batch:
        return x
    out, where = empty((*batch, *x.shape[-2:]), x.dtype), meeting(x.shape[:-2], batch)
    _copy_each(blocks(out.size, _copy_each.threads), flat(x), *where, prod(x.shape[-2:]), flat(out))
    return out


def _summed_to(shape, gradient):
    """The sum over the axes along which an array of that shape was broadcast."""
    full = gradient.shape
    sizes = (1,) * (len(full) - len(shape)) + tuple(shape)
    for axis in (axis for axis in range(len(full) - 2) if sizes[axis] != full[axis]):
        outer, inner = prod(sizes[:axis]), prod(full[axis + 1 :])
        summed = empty((outer, inner), gradient.dtype)
        _sum_axis(blocks(summed.size, _sum_axis.threads), gradient.reshape(outer, full[axis], inner), summed)
        gradient = summed
    return gradient.reshape(shape)


@kernel(threads=THREADS)
def _copy_each(real, threads):
    def copy_each(x, below, sizes, steps, size, out):
        for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
            out[i] = x[place(i // size, below, sizes, steps) * size + i % size]

    return copy_each


@kernel(threads=THREADS)
def _sum_axis(real, threads):
    def sum_axis(x, out):
        for at in range(cuda.grid(1), out.size, cuda.gridsize(1)):
            i, j = at // out.shape[1], at % out.shape[1]
            total = real(0)
            for p in range(x.shape[1]):
                total += x[i, p, j]
            out[i, j] = total

    return sum_axis
