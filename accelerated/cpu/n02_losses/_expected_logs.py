"""Sums of p log q along rows, which entropies and divergences are made of. Rows in parallel, each owned by one thread.
On the way it is found out whether they are distributions."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._fold import fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._math import log
from nnspec.reference.n02_losses._probabilities import SUM_TO_1, require_distributions


def expected_logs(op, weights, others, /, kl=False, axis=-1, **named):
    """(n,) -sum p log q, or of kl sum p log(p / q). named: what is to be distributions along the axis."""
    sums, odd = np.empty(len(weights), weights.dtype), np.empty(len(weights), bool)
    _expected_logs[8 * weights.size](*contiguous(weights, others), kl, sums, odd)
    if odd.any():
        require_distributions(op, axis, **named)
    return sums


@kernel
def _expected_logs(p, q, kl, sums, odd):
    size, zero, p_flat, q_flat = p.shape[1], p.dtype.type(0), p.reshape(-1), q.reshape(-1)
    terms = np.empty(size, p.dtype)
    for i in prange(len(p)):
        row, other, negative = p[i], q[i], False
        for j in range(size):
            negative |= not (row[j] >= zero and other[j] >= zero)
            log_q = log(other[j])
            terms[j] = zero if row[j] == zero else row[j] * (log(row[j]) - log_q if kl else -log_q)
        sums[i] = fold_sum(terms, 0, size)
        off = max(abs(fold_sum(p_flat, i * size, size) - 1), abs(fold_sum(q_flat, i * size, size) - 1))
        odd[i] = negative or not off <= SUM_TO_1
