"""The statistics are those of batch normalization. Of the rest a thread has its own pixels, which tell the channel."""

import numpy as np

from nnspec.accelerated.cuda._formula import elementwise, sqrt
from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty_like, flat, to_device, to_host
from nnspec.accelerated.cuda.n07_residual_networks.batchnorm import batchnorm2d_forward
from nnspec.reference.n08_training.channel_normalize import _require_positive

THREADS = (256, 8)


def channel_stats(x):
    if 0 in (len(x), *x.shape[2:]):
        raise ValueError(f"channel_stats: x must hold at least one pixel of each channel, got shape {x.shape}")
    ones = to_device(np.ones(x.shape[1], x.dtype))
    _, mean, var, _ = batchnorm2d_forward(x, ones, ones, ones, ones, momentum=0.0)
    return mean, _root(var)


def channel_normalize_forward(x, mean, std):
    _require_positive("channel_normalize_forward", to_host(std))
    out = empty_like(x)
    _normalize(blocks(x.size, _normalize.threads), flat(x), mean, std, _size(x), flat(out))
    return out, (std,)


def channel_normalize_backward(dout, cache):
    (std,) = cache
    dx = empty_like(dout)
    _divide(blocks(dx.size, _divide.threads), flat(dout), std, _size(dout), flat(dx))
    return dx


def channel_denormalize(x, mean, std):
    out = empty_like(x)
    _restore(blocks(x.size, _restore.threads), flat(x), mean, std, _size(x), flat(out))
    return out


def _size(x):
    """Pixels of a map."""
    return np.int64(x.shape[2] * x.shape[3])


@elementwise
def _root(var):
    return sqrt(var)


@kernel(threads=THREADS)
def _normalize(real, threads):
    def normalize(x, mean, std, size, out):
        for at in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            c = at // size % mean.size
            out[at] = (x[at] - mean[c]) / std[c]

    return normalize


@kernel(threads=THREADS)
def _divide(real, threads):
    def divide(dout, std, size, dx):
        for at in range(cuda.grid(1), dx.size, cuda.gridsize(1)):
            dx[at] = dout[at] / std[at // size % std.size]

    return divide


@kernel(threads=THREADS)
def _restore(real, threads):
    def restore(x, mean, std, size, out):
        for at in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            c = at // size % mean.size
            out[at] = x[at] * std[c] + mean[c]

    return restore
