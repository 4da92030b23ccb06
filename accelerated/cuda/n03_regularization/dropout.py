"""One pass over the elements. A mask is drawn on the host, where the generator is, and goes to the device as bytes."""

import numpy as np

from nnspec.accelerated.cuda._elementwise import elementwise
from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty_like, flat, to_device


def dropout_forward(x, *, keep, train=True, mask=None, rng=None):
    if not 0 < keep <= 1:
        raise ValueError(f"dropout_forward: keep must lie in (0, 1], got {keep}")
    if not train:
        return _copied(x), (None, keep)
    if mask is None:
        if rng is None:
            raise ValueError("dropout_forward: mask or rng must be given in training, got neither")
        mask = to_device(np.asarray(rng.random(x.shape) < keep))
    return _kept(x, mask, keep), (mask, keep)


def dropout_backward(dout, cache):
    mask, keep = cache
    return _copied(dout) if mask is None else _kept(dout, mask, keep)


@elementwise
def _copied(x):
    return x


def _kept(x, mask, keep):
    out = empty_like(x)
    _drop(blocks(out.size, _drop.threads), flat(x), flat(mask), float(keep), flat(out))
    return out


@kernel(threads=(256, 8))
def _drop(real, threads):
    def drop(x, mask, keep, out):
        for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            out[i] = x[i] / keep if mask[i] else real(0)

    return drop
