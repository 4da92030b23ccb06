"""Horizontal flip of images, for augmentation. He et al. 2015, arXiv:1512.03385, section 4.2; CS231n notes.

    out_ncij = x_{n,c,i,W-1-j} where mask_n, else x_ncij        dx is dout, flipped where mask is

x, out (N, C, H, W)    mask (N,)

Each sample has a draw of its own, in training mask = rng.random(N) < 0.5, and there is none in evaluation. It is no
augmentation where left and right tell the classes: digits, letters.
"""

import numpy as np

from nnspec.shapes import Array, Bool, Float


def hflip_forward(x: Float[Array, "N C H W"], mask: Bool[Array, "N"]):
    return _flipped(x, mask), (mask,)


def hflip_backward(dout, cache):
    (mask,) = cache
    return _flipped(dout, mask)  # a flip is its own inverse


def _flipped(x, mask):
    return np.where(mask[:, None, None, None], x[..., ::-1], x)
