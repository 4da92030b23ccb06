"""Sums of scalar formulas, each in two stages; a unit is a column, which is dead where it has as many zeros as there
are samples."""

from math import nan, prod, sqrt

from nnspec.accelerated.cuda._formula import elementwise, like
from nnspec.accelerated.cuda._sums import column_sums, sum_all
from nnspec.accelerated.cuda._target import to_host


def activation_stats(h, *, bound=0.99):
    if h.size == 0:
        raise ValueError(f"activation_stats: h must hold at least one activation, got shape {h.shape}")
    real, size = h.dtype.type, h.size
    zero = _is_zero(h)
    n = float(to_host(sum_all(_is_known(h))))
    zeros, saturated = (float(to_host(sum_all(found))) for found in (zero, _is_beyond(h, bound)))
    columns = column_sums(zero.reshape(len(h), prod(h.shape[1:])))
    dead = float(to_host(sum_all(_is_number(columns, float(len(h)))))) / columns.size
    mean = float(to_host(sum_all(_known(h)))) / n if n > 0 else nan
    squares = float(to_host(sum_all(_square(h, mean)))) / n if n > 0 else nan
    shares = zeros / size, saturated / size, dead, 1 - n / size
    return tuple(map(real, (mean, sqrt(max(squares, 0)) if n > 0 else nan, *shares)))


@elementwise
def _is_zero(x):
    return like(x, 1) if x == 0 else like(x, 0)


@elementwise
def _is_known(x):
    return like(x, 1) if x == x else like(x, 0)


@elementwise
def _is_beyond(x, bound):
    return like(x, 1) if abs(x) >= bound else like(x, 0)


@elementwise
def _is_number(x, number):
    return like(x, 1) if x == number else like(x, 0)


@elementwise
def _known(x):
    return x if x == x else like(x, 0)


@elementwise
def _square(x, mean):
    return (x - mean) * (x - mean) if x == x else like(x, 0)
