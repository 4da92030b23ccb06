"""A thread sums its own images, and the sums of all are added in order. Planes are scaled as in batch normalization."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_squares, fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu.n07_residual_networks.batchnorm import _planes, _scaled_planes
from nnspec.reference.n08_training.channel_normalize import _require_positive


def channel_stats(x):
    if 0 in (len(x), *x.shape[2:]):
        raise ValueError(f"channel_stats: x must hold at least one pixel of each channel, got shape {x.shape}")
    (planes,) = contiguous(_planes(x))
    partial, n = np.empty((2, *planes.shape[:2]), planes.dtype), len(x) * planes.shape[2]
    _sum_planes[planes.size](planes, partial[0])
    mean = (partial[0].sum(axis=0, dtype=np.float64) / n).astype(x.dtype)
    _sum_squares[planes.size](planes, *contiguous(mean), partial[1])
    return mean, np.sqrt(partial[1].sum(axis=0, dtype=np.float64) / n).astype(x.dtype)


def channel_normalize_forward(x, mean, std):
    _require_positive("channel_normalize_forward", std)
    return _shifted(x, mean, 1 / std, 0 * mean), (std,)


def channel_normalize_backward(dout, cache):
    (std,) = cache
    return _shifted(dout, 0 * std, 1 / std, 0 * std)


def channel_denormalize(x, mean, std):
    return _shifted(x, 0 * mean, std, mean)


def _shifted(x, centre, scale, shift):
    """(x - centre) scale + shift of each channel."""
    (planes,) = contiguous(_planes(x))
    return _scaled_planes(planes, centre, scale, shift).reshape(x.shape)


@kernel
def _sum_planes(x, sums):
    images, channels, size = x.shape
    flat = x.reshape(-1)
    for n in prange(images):
        for c in range(channels):
            sums[n, c] = fold_sum(flat, (n * channels + c) * size, size)


@kernel
def _sum_squares(x, mean, squares):
    images, channels, size = x.shape
    flat = x.reshape(-1)
    for n in prange(images):
        for c in range(channels):
            squares[n, c] = fold_squares(flat, (n * channels + c) * size, size, mean[c])
