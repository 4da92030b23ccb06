"""Sums of columns in two stages, and a thread for each pixel."""

from math import prod

import numpy as np

from nnspec.accelerated.cuda._formula import elementwise
from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import column_sums
from nnspec.accelerated.cuda._target import cuda, empty, flat

THREADS = (256, 8)


def mean_image(x):
    if len(x) == 0:
        raise ValueError("mean_image: x must hold at least one image: the mean of none is undefined")
    total = column_sums(_floating(x).reshape(len(x), prod(x.shape[1:])))
    return _share(total, float(len(x))).reshape(x.shape[1:])


def subtract_mean(x, mu):
    out = empty(x.shape, mu.dtype if x.dtype.kind == "f" else np.float64)
    _subtract(blocks(out.size, _subtract.threads), flat(out), flat(x), flat(mu))
    return out


def _floating(x):
    """Integers as float64, floats as they are."""
    if x.dtype.kind == "f":
        return x
    out = empty(x.shape, np.float64)
    _convert(blocks(x.size, _convert.threads), flat(x), flat(out))
    return out


@elementwise
def _share(total, n):
    return total / n


@kernel(threads=THREADS)
def _convert(threads):
    def convert(x, out):
        for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            out[i] = x[i]

    return convert


@kernel(threads=THREADS)
def _subtract(real, threads):
    def subtract(out, x, mu):
        for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            out[i] = real(x[i]) - real(mu[i % mu.size])

    return subtract
