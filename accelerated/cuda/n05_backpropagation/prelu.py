"""Entries by their own threads. The pull on a slope: a map belongs to a warp, whose sums are added over the samples in
order."""

from math import prod

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import column_sums, warp_sum
from nnspec.accelerated.cuda._target import WARP, cuda, empty, empty_like, flat

THREADS = (256, 8)


def prelu_forward(x, a):
    return _scaled(x, x, a), (x, a)


def prelu_backward(dout, cache):
    x, a = cache
    pulls = empty(x.shape[:2], x.dtype)
    _pull(blocks(pulls.size * WARP, _pull.threads), flat(dout), flat(x), _size(x), flat(pulls))
    return _scaled(dout, x, a), column_sums(pulls)


def _scaled(values, x, a):
    """values, times the slope where x is not positive."""
    out = empty_like(x)
    _scale(blocks(x.size, _scale.threads), flat(values), flat(x), a, _size(x), flat(out))
    return out


def _size(x):
    """Entries of a map."""
    return np.int64(prod(x.shape[2:]))


@kernel(threads=THREADS)
def _scale(real, threads):
    def scale(values, x, a, size, out):
        for at in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            out[at] = values[at] if x[at] > real(0) else a[at // size % a.size] * values[at]

    return scale


@kernel(threads=THREADS)
def _pull(real, threads):
    def pull(dout, x, size, pulls):
        lane = cuda.threadIdx.x % WARP
        for m in range(cuda.grid(1) // WARP, pulls.size, cuda.gridsize(1) // WARP):
            total = real(0)
            for k in range(m * size + lane, (m + 1) * size, WARP):
                if not x[k] > real(0):
                    total += dout[k] * x[k]
            total = warp_sum(total)
            if lane == 0:
                pulls[m] = total

    return pull
