"""Shortcuts of a residual block whose output has another shape than x. He et al. 2015, arXiv:1512.03385, section 3.3.

    padding       out_nfij = x_{n,f,i stride,j stride} for f < C, else 0        option A, without parameters
    projection    out = batchnorm(conv(x, w)) with w of 1 x 1 and the stride    option B, eq. 2

x (N, C, H, W)    w (F, C, 1, 1)    gamma, beta, running_mean, running_var (F,)    out (N, F, ceil(H/stride), …)

Both take every stride-th pixel, of an odd image the last one, too: as many as a 3 x 3 convolution with this stride and
pad 1. The channels that padding adds come last. The projection is a block: `ops` is the implementation of its parts
(None: the reference); it has no bias, because the norm takes it away, and no ReLU.
"""

import numpy as np

from nnspec.shapes import Array, Between, Float


def padding_shortcut_forward(x: Float[Array, "N C H W"], *, F: Between["C", None], stride: Between[1, None] = 1):
    met = x[:, :, ::stride, ::stride]  # (N, C, HO, WO)
    out = np.zeros((len(x), F, *met.shape[2:]), x.dtype)  # (N, F, HO, WO)
    kept = slice(0, x.shape[1])  # the channels that are those of x
    out[:, kept] = met
    return out, (x.shape, stride, kept)


def padding_shortcut_backward(dout, cache):
    shape, stride, kept = cache
    dx = np.zeros(shape, dout.dtype)  # (N, C, H, W)
    dx[:, :, ::stride, ::stride] = dout[:, kept]
    return dx


def projection_shortcut_forward(
    x: Float[Array, "N C H W"],
    w: Float[Array, "F C 1 1"],
    gamma: Float[Array, "F"],
    beta: Float[Array, "F"],
    running_mean: Float[Array, "F"],
    running_var: Float[Array, "F"],
    *,
    stride: Between[1, None] = 1,
    train: bool = True,
    ops=None,
):
    """out, the new running_mean and running_var, cache."""
    if ops is None:
        from nnspec import reference as ops
    a, conv_cache = ops.conv2d_forward(x, w, stride=stride)  # (N, F, HO, WO)
    statistics = running_mean, running_var
    out, *statistics, bn_cache = ops.batchnorm2d_forward(a, gamma, beta, *statistics, train=train)  # (N, F, HO, WO)
    return out, *statistics, (ops, conv_cache, bn_cache)


def projection_shortcut_backward(dout, cache):
    ops, conv_cache, bn_cache = cache
    da, dgamma, dbeta = ops.batchnorm2d_backward(dout, bn_cache)  # da (N, F, HO, WO)
    dx, dw, *_ = ops.conv2d_backward(da, conv_cache)  # there is no b
    return dx, dw, dgamma, dbeta
