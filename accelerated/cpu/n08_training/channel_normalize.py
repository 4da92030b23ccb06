"""The kernels of batch normalization: its statistics, and its scaling of planes."""

import numpy as np

from nnspec.accelerated.cpu._jit import contiguous
from nnspec.accelerated.cpu.n07_residual_networks.batchnorm import (
    _describe_planes,
    _merged,
    _planes,
    _scaled_planes,
)
from nnspec.reference.n08_training.channel_normalize import _require_positive


def channel_stats(x):
    if 0 in (len(x), *x.shape[2:]):
        raise ValueError(f"channel_stats: x must hold at least one pixel of each channel, got shape {x.shape}")
    (planes,) = contiguous(_planes(x))
    means, squares = np.empty((2, *planes.shape[:2]), planes.dtype)
    _describe_planes[planes.size](planes, means, squares)
    counts, zeros = np.full(len(planes), planes.shape[2], planes.dtype), np.zeros(planes.shape[1], planes.dtype)
    n, nothing_kept = len(x) * planes.shape[2], 0.0
    merged = _merged(planes[0, :, 0], counts, means, squares, n, zeros, zeros, zeros, nothing_kept, 0.0, False)
    *_, mean, var = merged
    return mean.copy(), np.sqrt(var)


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
