"""Soft thresholding, the proximal operator of the L1 penalty. Parikh and Boyd 2014, section 6.5.2; Donoho 1995.

    out = sign(x) max(|x| - lam, 0)        dx = dout where |x| > lam, else 0

x, out: any shape, entry by entry

It is the w that makes 1/2 (w - x)^2 + lam |w| smallest: whatever is within lam of 0 becomes exactly 0, and the rest
comes nearer by lam.
"""

import numpy as np

from nnspec.shapes import Array, Float


def soft_threshold_forward(x: Float[Array, "*shape"], *, lam: float = 0.5):
    if not lam >= 0:
        raise ValueError(f"soft_threshold_forward: lam must not be negative, got {lam}")
    return x - np.clip(x, -lam, lam), (abs(x) > lam,)


def soft_threshold_backward(dout, cache):
    (kept,) = cache
    return np.where(kept, dout, 0)
