"""A thread for each entry."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty, to_host


def lengths_to_mask(lengths, T):
    given = to_host(lengths)
    low, high = given.min(initial=0), given.max(initial=0)
    if low < 0 or high > T:
        raise ValueError(f"lengths_to_mask: lengths must lie in 0 … T = {T}, got {low} … {high}")
    mask = empty((len(lengths), T), np.bool_)
    _compare(blocks(mask.size, _compare.threads), lengths, mask)
    return mask


@kernel(threads=(256, 8))
def _compare(threads):
    def compare(lengths, mask):
        steps = mask.shape[1]
        for at in range(cuda.grid(1), mask.size, cuda.gridsize(1)):
            mask[at // steps, at % steps] = at % steps < lengths[at // steps]

    return compare
