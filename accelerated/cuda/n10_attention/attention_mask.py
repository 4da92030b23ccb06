"""A thread for each entry; masks that broadcast are read where they stand."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty
from nnspec.accelerated.cuda.n10_attention._masks import meeting, place

THREADS = (256, 8)


def padding_mask(lengths, Tk):
    out = empty((len(lengths), 1, 1, Tk), np.bool_)
    _padding(blocks(out.size, _padding.threads), lengths, Tk, out.reshape(out.size))
    return out


def combine_masks(mask, other):
    try:
        shape = np.broadcast_shapes(mask.shape, other.shape)
    except ValueError as error:
        raise ValueError(f"combine_masks: other must broadcast with mask: {error}") from None
    out = empty(shape, np.bool_)
    where = [*meeting(mask.shape, shape), *meeting(other.shape, shape)]
    flat = [array.reshape(array.size) for array in (mask, other, out)]
    _both(blocks(out.size, _both.threads), *flat, *where)
    return out


@kernel(threads=THREADS)
def _padding(threads):
    def padding(lengths, keys, out):
        for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
            out[i] = i % keys < lengths[i // keys]

    return padding


@kernel(threads=THREADS)
def _both(threads):
    def both(mask, other, out, below, sizes, steps, other_below, other_sizes, other_steps):
        for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
            out[i] = mask[place(i, below, sizes, steps)] and other[place(i, other_below, other_sizes, other_steps)]

    return both
