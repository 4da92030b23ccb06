"""A map belongs to a warp, whose lanes read neighbouring pixels and exchange their sums: no barrier. Backward, each
thread writes its own pixels."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import warp_sum
from nnspec.accelerated.cuda._target import WARP, cuda, empty, flat

THREADS = (256, 8)


def global_avg_pool_forward(x):
    if 0 in x.shape[2:]:
        raise ValueError(f"global_avg_pool_forward: x must hold at least one pixel, got {x.shape[2]} x {x.shape[3]}")
    out = empty(x.shape[:2], x.dtype)
    size = np.int64(x.shape[2] * x.shape[3])
    _average(blocks(out.size * WARP, _average.threads), flat(x), size, flat(out))
    return out, (x.shape,)


def global_avg_pool_backward(dout, cache):
    (shape,) = cache
    dx, size = empty(shape, dout.dtype), np.int64(shape[2] * shape[3])
    _spread(blocks(dx.size, _spread.threads), flat(dout), size, flat(dx))
    return dx


@kernel(threads=THREADS)
def _average(real, threads):
    def average(x, size, out):
        lane = cuda.threadIdx.x % WARP
        for m in range(cuda.grid(1) // WARP, out.size, cuda.gridsize(1) // WARP):
            total = real(0)
            for k in range(m * size + lane, (m + 1) * size, WARP):
                total += x[k]
            total = warp_sum(total)
            if lane == 0:
                out[m] = total / real(size)

    return average


@kernel(threads=THREADS)
def _spread(real, threads):
    def spread(dout, size, dx):
        for at in range(cuda.grid(1), dx.size, cuda.gridsize(1)):
            dx[at] = dout[at // size] / real(size)

    return spread
