"""Layer normalization. Ba, Kiros and Hinton 2016, arXiv:1607.06450, eq. 3 and 4.

    mean = 1/D sum_d x_d        var = 1/D sum_d (x_d - mean)^2        of each row
    xhat = (x - mean) / sqrt(var + eps)        out = gamma xhat + beta

x, out (…, D)    gamma, beta (D,)    mean, var (…, 1)

Every sample is normalized by itself, over its last axis, so training and evaluation are the same. var is biased
(divided by D), eps stands inside the root. A row of equal features, and so one of D = 1, gives beta.
"""

import numpy as np

from nnspec.shapes import Array, Float


def layernorm_forward(
    x: Float[Array, "*batch D"], gamma: Float[Array, "D"], beta: Float[Array, "D"], *, eps: float = 1e-5
):
    mean = x.mean(axis=-1, keepdims=True)  # (…, 1)
    var = ((x - mean) ** 2).mean(axis=-1, keepdims=True)  # (…, 1)
    std = np.sqrt(var + eps)  # (…, 1)
    xhat = (x - mean) / std  # (…, D)
    return gamma * xhat + beta, (xhat, std, gamma)  # (…, D)


def layernorm_backward(dout, cache):
    xhat, std, gamma = cache
    rows = tuple(range(dout.ndim - 1))
    dgamma = (dout * xhat).sum(axis=rows)  # (D,)
    dbeta = dout.sum(axis=rows)  # (D,)
    dxhat = dout * gamma  # (…, D)
    along_shift = dxhat.mean(axis=-1, keepdims=True)  # (…, 1) a shift of the row changes nothing,
    along_scale = (dxhat * xhat).mean(axis=-1, keepdims=True)  # (…, 1) nor does a scaling
    dx = (dxhat - along_shift - xhat * along_scale) / std  # (…, D)
    return dx, dgamma, dbeta
