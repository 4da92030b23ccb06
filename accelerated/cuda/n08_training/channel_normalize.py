"""A map is averaged by a warp, whose lanes read neighbouring pixels, and the averages of all images are added in order.
Of the rest a thread has its own pixels, which tell the channel."""

import numpy as np

from nnspec.accelerated.cuda._formula import elementwise, sqrt
from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import column_sums, warp_sum
from nnspec.accelerated.cuda._target import WARP, cuda, empty, empty_like, flat, to_host
from nnspec.reference.n08_training.channel_normalize import _require_positive

THREADS = (256, 8)


def channel_stats(x):
    if 0 in (len(x), *x.shape[2:]):
        raise ValueError(f"channel_stats: x must hold at least one pixel of each channel, got shape {x.shape}")
    mean = _average(x, None)
    return mean, _root(_average(x, mean))


def _average(x, centre):
    """Of each channel, or with a centre of the squares around it."""
    means = empty(x.shape[:2], x.dtype)
    given = flat(x), flat(means) if centre is None else centre, np.int64(x.shape[1]), _size(x), flat(means)
    _average_maps(blocks(means.size * WARP, _average_maps.threads), *given, squared=centre is not None)
    return _share(column_sums(means), float(len(x)))


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


@elementwise
def _share(total, n):
    return total / n


@kernel(threads=THREADS)
def _average_maps(real, threads, squared):
    def average_maps(x, centre, channels, size, means):
        lane = cuda.threadIdx.x % WARP
        for m in range(cuda.grid(1) // WARP, means.size, cuda.gridsize(1) // WARP):
            total = real(0)
            for k in range(m * size + lane, (m + 1) * size, WARP):
                if squared:
                    off = x[k] - centre[m % channels]
                    total += off * off
                else:
                    total += x[k]
            total = warp_sum(total)
            if lane == 0:
                means[m] = total / real(size)

    return average_maps


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
