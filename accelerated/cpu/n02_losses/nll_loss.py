"""The forward reads one number of each row; the backward writes a row of zeros by one thread, and in it one number."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel, of_each_row
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced
from nnspec.reference.n02_losses.nll_loss import ROUNDING


def nll_loss_forward(logp, y, *, reduction="mean"):
    divisor = divisor_of_the_mean("nll_loss_forward", reduction, logp=len(logp))
    y = y.astype(np.int64)  # a copy: the backward writes where its labels point, so nobody else may change them
    right = logp[np.arange(len(y)), y]
    if (right > ROUNDING).any():
        raise ValueError(f"nll_loss_forward: logp must be the logarithms of probabilities, got {right.max():.3g}")
    return reduced(-right, reduction, divisor), (y, logp.shape, divisor)


def nll_loss_backward(dloss, cache):
    y, shape, divisor = cache
    dlogp = np.empty(shape, dloss.dtype)
    _backward[dlogp.size](*contiguous(of_each_row(-dloss / divisor, len(y)), y), dlogp)
    return dlogp


@kernel
def _backward(slope, y, dlogp):
    zero = dlogp.dtype.type(0)
    for i in prange(len(y)):
        row = dlogp[i]
        row[:] = zero
        row[y[i]] = slope[i]
