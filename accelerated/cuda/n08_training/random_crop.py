"""A thread for each pixel that comes out, forward and backward, which asks whether it lies inside of what goes in."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty, to_device, to_host
from nnspec.reference.n08_training.random_crop import _require_inside


def random_crop_forward(x, top, left, *, size, pad=0):
    top, left = (to_host(start).astype(np.int64) for start in (top, left))
    _require_inside("random_crop_forward", x.shape, top, left, size, pad)
    out = empty((*x.shape[:2], size, size), x.dtype)
    starts = np.stack([top, left], axis=1) - pad  # (N, 2) in x itself
    _copy_inside(blocks(out.size, _copy_inside.threads), x, to_device(starts), out)
    return out, (x.shape, starts)


def random_crop_backward(dout, cache):
    shape, starts = cache
    dx = empty(shape, dout.dtype)
    _copy_inside(blocks(dx.size, _copy_inside.threads), dout, to_device(-starts), dx)
    return dx


@kernel(threads=(256, 8))
def _copy_inside(real, threads):
    def copy_inside(x, starts, out):
        """out[n, c, i, j] = x[n, c, starts[n] + (i, j)], where there is such an entry."""
        C, HO, WO = out.shape[1], out.shape[2], out.shape[3]
        for at in range(cuda.grid(1), out.size, cuda.gridsize(1)):
            row, j = at // WO, at % WO
            m, i = row // HO, row % HO
            n, c = m // C, m % C
            y, z = starts[n, 0] + i, starts[n, 1] + j
            inside = 0 <= y < x.shape[2] and 0 <= z < x.shape[3]
            out[n, c, i, j] = x[n, c, y, z] if inside else real(0)

    return copy_inside
