"""One pass, a row at a time."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel

WORK = 32  # multiply-adds that an angle takes, about


def polar_features(x):
    out = np.empty(x.shape, x.dtype)
    _turn[WORK * len(x)](*contiguous(x), out)
    return out


@kernel
def _turn(x, out):
    for n in prange(len(x)):
        out[n, 0] = math.hypot(x[n, 0], x[n, 1])
        out[n, 1] = math.atan2(x[n, 1], x[n, 0])
