"""`_expected_logs.py`, of p and itself. Along another axis than the last, lines are copied."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._math import log
from nnspec.accelerated.cpu.n02_losses._expected_logs import expected_logs
from nnspec.accelerated.cpu.n02_losses._softmax import as_they_stood, lines
from nnspec.reference.n02_losses._axis import require_axis
from nnspec.reference.n02_losses._probabilities import require_base


def entropy_forward(p, *, axis=-1, base=math.e):
    require_axis("entropy_forward", p, axis)
    require_base("entropy_forward", base)
    rows = lines(p, axis)
    sums = expected_logs("entropy_forward", rows, rows, axis=axis, p=p)
    shape = [size for i, size in enumerate(p.shape) if i != axis % p.ndim]
    return (sums / sums.dtype.type(math.log(base))).reshape(shape), (rows, p.shape, axis, base)


def entropy_backward(dout, cache):
    rows, shape, axis, base = cache
    dp = np.empty(rows.shape, rows.dtype)
    _backward[8 * dp.size](*contiguous(dout.reshape(-1), rows), -1 / math.log(base), dp)
    return as_they_stood(dp, shape, axis)


@kernel
def _backward(dout, p, factor, dp):
    factor, one = p.dtype.type(factor), p.dtype.type(1)
    for i in prange(len(p)):
        row, here, upstream = p[i], dp[i], factor * dout[i]
        for j in range(len(row)):
            here[j] = (log(row[j]) + one) * upstream
