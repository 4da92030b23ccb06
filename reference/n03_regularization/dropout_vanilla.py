"""Vanilla dropout, scaled at test time. Srivastava et al. 2014, JMLR 15, section 4; CS231n notes "Neural networks",
part 2, "Vanilla dropout".

    out = x where mask, else 0        in training, as mask is true with probability keep
    out = keep x                      in evaluation: what training has on average

x, mask, out: one shape, entry by entry

The first form of dropout, and the course's first code. Evaluation has to know keep; `dropout` divides by it in training
instead, so that evaluation is left as it is. `keep` is the probability of keeping a unit. The mask (True = kept) is
given, or drawn as rng.random(x.shape) < keep.
"""

import numpy as np

from nnspec.shapes import Array, Bool, Float


def dropout_vanilla_forward(
    x: Float[Array, "*shape"],
    *,
    keep: float,
    train: bool = True,
    mask: Bool[Array, "*shape"] | None = None,
    rng: np.random.Generator | None = None,
):
    if not 0 < keep <= 1:
        raise ValueError(f"dropout_vanilla_forward: keep must lie in (0, 1], got {keep}")
    if not train:
        return keep * x, (np.ones(x.shape, bool), keep)
    if mask is None:
        if rng is None:
            raise ValueError("dropout_vanilla_forward: mask or rng must be given in training, got neither")
        mask = rng.random(x.shape) < keep
    return np.where(mask, x, 0), (mask, 1)


def dropout_vanilla_backward(dout, cache):
    mask, scale = cache
    return np.where(mask, scale * dout, 0)
