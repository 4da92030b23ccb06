"""Spatial dropout: whole channels. Tompson et al. 2015, arXiv:1411.4280, section 3.2; PyTorch, `nn.Dropout2d`.

    out_nchw = x_nchw / keep where mask_nc, else 0        in training, as mask is true with probability keep
    out = x                                               in evaluation

x, out (N, C, H, W)    mask (N, C): True = kept

Neighbouring pixels of a feature map say nearly the same, so that a pixel that is dropped is known from those around it.
Every sample drops its own channels. The mask is given, or drawn as rng.random((N, C)) < keep.

A block: `dropout` of `ops` (None: the reference), whose mask is the same for all pixels of a channel.
"""

import numpy as np

from nnspec.shapes import Array, Bool, Float


def dropout2d_forward(
    x: Float[Array, "N C H W"],
    *,
    keep: float,
    train: bool = True,
    mask: Bool[Array, "N C"] | None = None,
    rng: np.random.Generator | None = None,
    ops=None,
):
    if ops is None:
        from nnspec import reference as ops
    if mask is None and train:
        if rng is None:
            raise ValueError("dropout2d_forward: mask or rng must be given in training, got neither")
        mask = rng.random(x.shape[:2]) < keep
    pixels = None if mask is None else np.broadcast_to(mask[:, :, None, None], x.shape)  # (N, C, H, W)
    out, cache = ops.dropout_forward(x, keep=keep, train=train, mask=pixels)
    return out, (ops, cache)


def dropout2d_backward(dout, cache):
    ops, cache = cache
    return ops.dropout_backward(dout, cache)
