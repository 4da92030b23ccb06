"""Batch statistics merged from blocks in one pass, row statistics with a compensated mean, compact backwards."""

import numpy as np

BLOCK = 32


def merged_statistics(x):
    """Mean and biased variance of each column, block by block. Chan, Golub and LeVeque 1983."""
    count, mean, squares = 0, np.zeros(x.shape[1], x.dtype), np.zeros(x.shape[1], x.dtype)
    for start in range(0, len(x), BLOCK):
        block = x[start : start + BLOCK]
        here = block.mean(axis=0)
        apart = here - mean
        count += len(block)
        squares = (
            squares + np.square(block - here).sum(axis=0) + apart * apart * (len(block) * (count - len(block)) / count)
        )
        mean = mean + apart * (len(block) / count)
    return mean, squares / count


def batchnorm_forward(
    x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5, unbiased_running=False
):
    if not train:
        rstd = 1 / np.sqrt(running_var + eps)
        xhat = (x - running_mean) * rstd
        return gamma * xhat + beta, running_mean.copy(), running_var.copy(), [xhat, gamma * rstd, False]
    mean, var = merged_statistics(x)
    rstd = 1 / np.sqrt(var + eps)
    xhat = (x - mean) * rstd
    kept = var * (len(x) / (len(x) - 1)) if unbiased_running else var
    running = (new + momentum * (old - new) for old, new in ((running_mean, mean), (running_var, kept)))
    return gamma * xhat + beta, *running, [xhat, gamma * rstd, True]


def batchnorm_backward(dout, cache):
    """dx = gamma rstd / N (N dout - dbeta - xhat dgamma)."""
    xhat, scale, train = cache
    dbeta, dgamma = dout.sum(axis=0), np.einsum("nd,nd->d", dout, xhat)
    if not train:
        return scale * dout, dgamma, dbeta
    return scale / len(dout) * (len(dout) * dout - dbeta - xhat * dgamma), dgamma, dbeta


def rows_of(images):
    return images.transpose(0, 2, 3, 1).reshape(-1, images.shape[1])


def images_of(rows, shape):
    N, C, H, W = shape
    return rows.reshape(N, H, W, C).transpose(0, 3, 1, 2)


def batchnorm2d_forward(x, gamma, beta, running_mean, running_var, **options):
    out, *running, cache = batchnorm_forward(rows_of(x), gamma, beta, running_mean, running_var, **options)
    return images_of(out, x.shape), *running, cache


def batchnorm2d_backward(dout, cache):
    dx, dgamma, dbeta = batchnorm_backward(rows_of(dout), cache)
    return images_of(dx, dout.shape), dgamma, dbeta


def layernorm_forward(x, gamma, beta, *, eps=1e-5):
    """What the mean of the centred row still is was lost by rounding, and is taken off as well."""
    centred = x - x.mean(axis=-1, keepdims=True)
    centred = centred - centred.mean(axis=-1, keepdims=True)
    rstd = (np.einsum("...d,...d->...", centred, centred) / x.shape[-1] + eps)[..., None] ** -0.5
    xhat = centred * rstd
    return xhat * gamma + beta, {"xhat": xhat, "rstd": rstd, "gamma": gamma}


def layernorm_backward(dout, cache):
    """dx = rstd / D (D dxhat - sum dxhat - xhat sum(dxhat xhat))."""
    xhat, D = cache["xhat"], dout.shape[-1]
    dxhat = dout * cache["gamma"]
    shared = dxhat.sum(axis=-1, keepdims=True) + xhat * np.einsum("...d,...d->...", dxhat, xhat)[..., None]
    rows = dout.reshape(-1, D), xhat.reshape(-1, D)
    return cache["rstd"] / D * (D * dxhat - shared), np.einsum("nd,nd->d", *rows), rows[0].sum(axis=0)
