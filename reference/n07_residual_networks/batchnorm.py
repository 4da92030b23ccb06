"""Batch normalization. Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 1; convolutional: section 3.2.

    mean = 1/N sum_n x_n        var = 1/N sum_n (x_n - mean)^2        in training
    xhat = (x - mean) / sqrt(var + eps)        out = gamma xhat + beta
    running = momentum running + (1 - momentum) batch        for mean and var

x, out (N, D)    gamma, beta, mean, var, running_mean, running_var (D,)
batchnorm2d: x, out (N, C, H, W), and the same for each channel: N H W samples of C features.

Without `train` the running statistics take the place of mean and var, and stay as they are. var is biased (divided by
N), in the running variance too; `unbiased_running` keeps N/(N-1) var there, as PyTorch does (its momentum is 1 - ours).
eps stands inside the root. One sample has no spread: in training its out is beta and its dx is 0.
"""

import numpy as np

from nnspec.shapes import Array, Float


def batchnorm_forward(
    x: Float[Array, "N D"],
    gamma: Float[Array, "D"],
    beta: Float[Array, "D"],
    running_mean: Float[Array, "D"],
    running_var: Float[Array, "D"],
    *,
    train: bool = True,
    momentum: float = 0.9,
    eps: float = 1e-5,
    unbiased_running: bool = False,
):
    """out, the new running_mean and running_var, cache."""
    if train:
        n = _count("batchnorm_forward", len(x), unbiased_running)
        mean = x[0] + (x - x[0]).mean(axis=0)  # (D,) without a common offset, whose sum would cost digits
        var = ((x - mean) ** 2).mean(axis=0)  # (D,)
        kept_var = var * n / (n - 1) if unbiased_running else var  # (D,)
        running_mean = momentum * running_mean + (1 - momentum) * mean  # (D,)
        running_var = momentum * running_var + (1 - momentum) * kept_var  # (D,)
    else:
        mean, var = running_mean, running_var = running_mean.copy(), running_var.copy()
    std = np.sqrt(var + eps)  # (D,)
    xhat = (x - mean) / std  # (N, D)
    out = gamma * xhat + beta  # (N, D)
    return out, running_mean, running_var, (xhat, std, gamma, train)


def batchnorm_backward(dout, cache):
    xhat, std, gamma, train = cache
    dgamma = (dout * xhat).sum(axis=0)  # (D,)
    dbeta = dout.sum(axis=0)  # (D,)
    dxhat = dout * gamma  # (N, D)
    if train:  # a shift and a scaling of the batch change nothing: dx has no part along either
        dxhat = dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)
    return dxhat / std, dgamma, dbeta


def batchnorm2d_forward(
    x: Float[Array, "N C H W"],
    gamma: Float[Array, "C"],
    beta: Float[Array, "C"],
    running_mean: Float[Array, "C"],
    running_var: Float[Array, "C"],
    *,
    train: bool = True,
    momentum: float = 0.9,
    eps: float = 1e-5,
    unbiased_running: bool = False,
):
    """out, the new running_mean and running_var, cache."""
    if train:
        _count("batchnorm2d_forward", x.shape[0] * x.shape[2] * x.shape[3], unbiased_running)
    options = {"train": train, "momentum": momentum, "eps": eps, "unbiased_running": unbiased_running}
    out, *running, cache = batchnorm_forward(_rows(x), gamma, beta, running_mean, running_var, **options)
    return _images(out, x.shape), *running, cache


def batchnorm2d_backward(dout, cache):
    dx, dgamma, dbeta = batchnorm_backward(_rows(dout), cache)
    return _images(dx, dout.shape), dgamma, dbeta


def _rows(images):
    """(N, C, H, W) -> (N H W, C): transposed first, because reshaping alone would mix the channels."""
    N, C, H, W = images.shape
    return images.transpose(0, 2, 3, 1).reshape(N * H * W, C)


def _images(rows, shape):
    """(N H W, C) -> (N, C, H, W)."""
    N, C, H, W = shape
    return rows.reshape(N, H, W, C).transpose(0, 3, 1, 2)


def _count(op, n, unbiased_running):
    """n, if statistics can be taken of so many samples."""
    least = "two samples with unbiased_running=True" if unbiased_running else "one sample in training"
    if n < 1 + unbiased_running:
        raise ValueError(f"{op}: x must hold at least {least}, got {n}")
    return n
