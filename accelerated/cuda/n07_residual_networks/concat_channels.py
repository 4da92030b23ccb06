"""A thread for each entry of a branch, which knows its place in the row that is its image."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty, flat

THREADS = (256, 8)


def concat_channels_forward(x1, x2, x3=None, x4=None):
    branches = (x1, x2, x3, x4)
    given = [x for x in branches if x is not None]
    N, _, H, W = x1.shape
    out, first = empty((N, sum(x.shape[1] for x in given), H, W), x1.dtype), 0
    for x in given:
        size, width = x.shape[1] * H * W, out.shape[1] * H * W
        _put(blocks(x.size, _put.threads), flat(x), np.int64(first), np.int64(size), np.int64(width), flat(out))
        first += size
    return out, tuple(None if x is None else x.shape[1] for x in branches)


def concat_channels_backward(dout, cache):
    (N, C, H, W), gradients, first = dout.shape, [], 0
    for channels in cache:
        dx = None
        if channels is not None:
            dx, size = empty((N, channels, H, W), dout.dtype), channels * H * W
            where = np.int64(first), np.int64(size), np.int64(C * H * W)
            _take(blocks(dx.size, _take.threads), flat(dout), *where, flat(dx))
            first += size
        gradients.append(dx)
    return tuple(gradients)


@kernel(threads=THREADS)
def _put(real, threads):
    def put(x, first, size, width, out):
        for at in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            out[at // size * width + first + at % size] = x[at]

    return put


@kernel(threads=THREADS)
def _take(real, threads):
    def take(dout, first, size, width, dx):
        for at in range(cuda.grid(1), dx.size, cuda.gridsize(1)):
            dx[at] = dout[at // size * width + first + at % size]

    return take
