"""An image belongs to one thread. Nothing is padded: what lies outside of the image is written as 0."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.reference.n08_training.random_crop import _require_inside


def random_crop_forward(x, top, left, *, size, pad=0):
    _require_inside("random_crop_forward", x.shape, top, left, size, pad)
    starts = np.stack([top, left], axis=1).astype(np.int64) - pad  # (N, 2) in x itself
    out = np.empty((*x.shape[:2], size, size), x.dtype)
    _copy_inside[out.size](*contiguous(x, starts), out)
    return out, (x.shape, starts)


def random_crop_backward(dout, cache):
    shape, starts = cache
    dx = np.empty(shape, dout.dtype)
    _copy_inside[dx.size](*contiguous(dout, -starts), dx)
    return dx


@kernel
def _copy_inside(x, starts, out):
    """out[n, c, i, j] = x[n, c, starts[n] + (i, j)], where there is such an entry."""
    (_, C, H, W), (_, _, HO, WO) = x.shape, out.shape
    for n in prange(len(out)):
        top, left = starts[n, 0], starts[n, 1]
        begin = min(max(-left, 0), WO)
        end = max(begin, min(WO, W - left))
        for c in range(C):
            for i in range(HO):
                out[n, c, i] = 0
                if 0 <= top + i < H:
                    for j in range(begin, end):
                        out[n, c, i, j] = x[n, c, top + i, left + j]
