"""Small matrices by one thread each, which packs both factors into its caches and keeps a second factor that several of
them share. Large ones by all threads, one after the other. Where the second factor is a single matrix, the rows of all
first ones are one large matrix."""

from math import prod

import numba
import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import PARALLEL_FROM, flat, kernel
from nnspec.accelerated.cpu._product import (
    APART,
    DEPTH,
    TILE_SPEED,
    multiply_panels,
    pack_panels,
    pack_rows,
    panels_size,
    product,
)
from nnspec.accelerated.cpu._tile import ROWS, whole_lines
from nnspec.accelerated.cpu.n10_attention._masks import broadcast_index

PACKED_BYTES = 1 << 18  # of a second factor, at most: a part of the second-level cache


def matmul_forward(a, b):
    return _product(a, b), (a, b)


def matmul_backward(dout, cache):
    a, b = cache
    da = _summed_to(a.shape, _product(dout, b.swapaxes(-1, -2)))
    if _is_single(b):
        return da, product(_rows(a).T, _rows(dout)).reshape(b.shape)
    return da, _summed_to(b.shape, _product(a.swapaxes(-1, -2), dout))


def _product(a, b):
    batch, (n, k), m = np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2:], b.shape[-1]
    if _is_single(b):
        return product(_rows(a), b.reshape(k, m)).reshape(*batch, n, m)
    out = np.empty((*batch, n, m), a.dtype)
    of_a, of_b = (broadcast_index(x.shape[:-2], batch) for x in (a, b))
    threads, work = numba.get_num_threads(), n * k * m // TILE_SPEED
    if not (out.size and k):
        out[...] = 0
    elif k > DEPTH or k * m * a.itemsize > PACKED_BYTES or (len(of_a) < threads and work >= PARALLEL_FROM):
        a, b, outs = (x.reshape(-1, *x.shape[-2:]) for x in (a, b, out))
        for each, i, j in zip(outs, of_a, of_b, strict=True):
            each[...] = product(a[i], b[j])
    else:
        _multiply_each[work * len(of_a)](*_steps(a), of_a, *_steps(b), of_b, n, k, m, threads, out.reshape(-1))
    return out


def _is_single(b):
    return prod(b.shape[:-2]) == 1


def _rows(x):
    return x.reshape(prod(x.shape[:-1]), x.shape[-1])


def _steps(x):
    """A vector and the steps of rows and columns in it, without a copy if x or its transpose is contiguous."""
    turned = x.swapaxes(-1, -2)
    if turned.flags.c_contiguous and not x.flags.c_contiguous:
        return *flat(turned), 1, x.shape[-2]
    return *flat(x), x.shape[-1], 1


def _summed_to(shape, gradient):
    """The sum over the axes along which an array of that shape was broadcast."""
    if gradient.shape == shape:
        return gradient
    summed = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    return summed.sum(axis=tuple(i for i, size in enumerate(shape) if size == 1), keepdims=True)


@kernel
def _multiply_each(a, a_row, a_column, of_a, b, b_row, b_column, of_b, n, k, m, slices, out):
    entries = len(of_a)
    for s in prange(slices):
        packed = whole_lines(panels_size(m, k, a.itemsize), a)
        strip = np.zeros(ROWS * APART, a.dtype)
        held = -1
        for i in range(entries * s // slices, entries * (s + 1) // slices):
            if of_b[i] != held:
                held = of_b[i]
                pack_panels(b, held * k * m, b_row, b_column, m, k, packed)
            for top in range(0, n, ROWS):
                here, to = min(ROWS, n - top), (i * n + top) * m
                pack_rows(a, of_a[i] * n * k + top * a_row, a_row, a_column, here, k, strip)
                if a_column == 1:
                    multiply_panels(here, m, k, strip, 0, APART, 1, packed, 0, k, out, to, m, False)
                else:
                    multiply_panels(here, m, k, strip, 0, 1, ROWS, packed, 0, k, out, to, m, False)
