"""A mask is drawn in pieces that stay in the cache: the same numbers as drawn at once, without their way to memory."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import flat, kernel

PIECE = 1 << 14  # draws at a time, 128 KiB


def dropout_forward(x, *, keep, train=True, mask=None, rng=None):
    if not 0 < keep <= 1:
        raise ValueError(f"dropout_forward: keep must lie in (0, 1], got {keep}")
    if not train:
        return x.copy(), (None, keep)
    if mask is None:
        if rng is None:
            raise ValueError("dropout_forward: mask or rng must be given in training, got neither")
        mask = _drawn(rng, x.shape, keep)
    return _kept(x, mask, keep), (mask, keep)


def dropout_backward(dout, cache):
    mask, keep = cache
    return dout.copy() if mask is None else _kept(dout, mask, keep)


def _drawn(rng, shape, keep):
    mask = np.empty(shape, np.bool_)
    entries, draws = mask.reshape(-1), np.empty(PIECE)
    for start in range(0, len(entries), PIECE):
        piece = entries[start : start + PIECE]
        np.less(rng.random(out=draws[: len(piece)]), keep, out=piece)
    return mask


def _kept(x, mask, keep):
    out = np.empty(x.shape, x.dtype)
    _scale[out.size](*flat(x, mask), float(keep), out.reshape(-1))
    return out


@kernel
def _scale(x, mask, keep, out):
    scale, nothing = x.dtype.type(1 / keep), x.dtype.type(0)
    for i in prange(x.size):
        out[i] = x[i] * scale if mask[i] else nothing
