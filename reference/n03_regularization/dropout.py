"""Inverted dropout. Srivastava et al. 2014, JMLR 15, section 10; CS231n notes "Neural networks", part 2.

    out = x / keep where mask, else 0        in training: a mean of x, as mask is true with probability keep
    out = x                                  in evaluation

x, mask, out: one shape, entry by entry

`keep` is the probability of keeping a unit, as in the course; PyTorch's p is that of dropping it. It has no default,
so that nobody takes the one for the other. The mask (True = kept) is given, or drawn as rng.random(x.shape) < keep:
backends given the same generator drop the same units.
"""

import numpy as np

from nnspec.shapes import Array, Bool, Float


def dropout_forward(
    x: Float[Array, "*shape"],
    *,
    keep: float,
    train: bool = True,
    mask: Bool[Array, "*shape"] | None = None,
    rng: np.random.Generator | None = None,
):
    if not 0 < keep <= 1:
        raise ValueError(f"dropout_forward: keep must lie in (0, 1], got {keep}")
    if not train:
        mask, keep = np.ones(x.shape, bool), 1
    elif mask is None:
        if rng is None:
            raise ValueError("dropout_forward: mask or rng must be given in training, got neither")
        mask = rng.random(x.shape) < keep
    return _kept(x, mask, keep), (mask, keep)


def dropout_backward(dout, cache):
    mask, keep = cache
    return _kept(dout, mask, keep)


def _kept(x, mask, keep):
    return np.where(mask, x / keep, 0)
