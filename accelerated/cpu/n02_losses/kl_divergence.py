"""`_expected_logs.py`, and both gradients in one pass."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel, of_each_row
from nnspec.accelerated.cpu._math import log
from nnspec.accelerated.cpu.n02_losses._expected_logs import expected_logs
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced


def cross_entropy_dist_forward(p, q, *, reduction="mean"):
    return _forward("cross_entropy_dist_forward", p, q, False, reduction)


def cross_entropy_dist_backward(dloss, cache):
    return _gradients(dloss, *cache)


def kl_divergence_forward(p, q, *, reduction="mean"):
    return _forward("kl_divergence_forward", p, q, True, reduction)


def kl_divergence_backward(dloss, cache):
    return _gradients(dloss, *cache)


def _forward(op, p, q, kl, reduction):
    divisor = divisor_of_the_mean(op, reduction, p=len(p))
    losses = expected_logs(op, p, q, kl, p=p, q=q)
    return reduced(losses, reduction, divisor), (p, q, kl, divisor)


def _gradients(dloss, p, q, kl, divisor):
    dp, dq = np.empty(p.shape, p.dtype), np.empty(p.shape, p.dtype)
    upstream = of_each_row(dloss / divisor, len(p))
    _backward[8 * p.size](*contiguous(upstream, p, q), kl, dp, dq)
    return dp, dq


@kernel
def _backward(upstream, p, q, kl, dp, dq):
    zero, one = p.dtype.type(0), p.dtype.type(1)
    for i in prange(len(p)):
        row, other = p[i], q[i]
        d_row, d_other = dp[i], dq[i]
        for j in range(len(row)):
            log_q, nothing = log(other[j]), row[j] == zero and other[j] == zero
            slope = (log(row[j]) - log_q) + one if kl else -log_q
            d_row[j] = zero if nothing else upstream[i] * slope
            d_other[j] = zero if nothing else upstream[i] * (-row[j] / other[j])
