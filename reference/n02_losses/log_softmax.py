"""Log-softmax and logsumexp. Bishop 2006, eq. 4.62; Blanchard, Higham and Higham 2021, "Accurately computing the
log-sum-exp and softmax functions", eq. 1.1 to 1.4.

    logsumexp(x) = top + log sum_s exp(x_s - top), top = max_s x_s        dx_t = p_t dout
    logp_t = x_t - logsumexp(x)                                           dx_t = dlogp_t - p_t sum_s dlogp_s

x, logp: any shape, of one axis at least    p = softmax(x)    logsumexp(x): without that axis, or with it of size 1

The log is never taken of a probability, which may have been rounded to 0. logsumexp is -inf, and its gradient 0, where
there is nothing but -inf, and inf where there is an inf; logp is NaN there.
"""

import numpy as np

from nnspec.reference.n02_losses._axis import require_axis
from nnspec.shapes import Array, Float


def log_softmax_forward(x: Float[Array, "*shape"], *, axis: int = -1):
    require_axis("log_softmax_forward", x, axis)
    shifted = x - x.max(axis=axis, keepdims=True, initial=-np.inf)  # (…)
    logp = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))  # (…)
    return logp, (logp, axis)


def log_softmax_backward(dout, cache):
    logp, axis = cache
    return dout - np.exp(logp) * dout.sum(axis=axis, keepdims=True)  # (…)


def logsumexp_forward(x: Float[Array, "*shape"], *, axis: int = -1, keepdims: bool = False):
    require_axis("logsumexp_forward", x, axis)
    top = x.max(axis=axis, keepdims=True, initial=-np.inf)  # (…, 1, …)
    top = np.where(np.isinf(top), 0, top)  # inf - inf would be NaN
    e = np.exp(x - top)  # (…)
    total = e.sum(axis=axis, keepdims=True)  # (…, 1, …)
    with np.errstate(divide="ignore"):  # log 0 = -inf is meant
        out = top + np.log(total)
    p = e / np.where(total == 0, 1, total)  # (…)
    return out if keepdims else out.squeeze(axis), (p, axis, keepdims)


def logsumexp_backward(dout, cache):
    p, axis, keepdims = cache
    return p * (dout if keepdims else np.expand_dims(dout, axis))  # (…)
