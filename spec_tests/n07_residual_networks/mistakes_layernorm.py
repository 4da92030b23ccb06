"""Classic mistakes of layer normalization."""

import numpy as np

from nnspec.reference import layernorm_backward, layernorm_forward
from nnspec.spec_tests._known import mistake


class MistakesOfLayernorm:
    @mistake("M71", replaces="layernorm_forward")
    def eps_outside_the_root(x, gamma, beta, *, eps=1e-5):
        """eps stands inside the root: sqrt(var + eps)."""
        mean, std = x.mean(axis=-1, keepdims=True), x.std(axis=-1, keepdims=True)
        return normalized_by(mean, std + x.dtype.type(eps), x, gamma, beta)

    @mistake("M71", replaces="layernorm_forward")
    def eps_missing(x, gamma, beta, *, eps=1e-5):
        """eps is missing: a constant row becomes 0/0."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return layernorm_forward(x, gamma, beta, eps=0.0)

    @mistake("M72", replaces="layernorm_forward")
    def normalized_over_the_batch(x, gamma, beta, *, eps=1e-5):
        """Normalize every row by itself (axis -1), not the batch: that is batch normalization."""
        batch = tuple(range(x.ndim - 1))
        mean, var = (f(axis=batch, keepdims=True) for f in (x.mean, x.var))
        return normalized_by(mean, np.sqrt(var + x.dtype.type(eps)), x, gamma, beta)

    @mistake("M72", replaces="layernorm_forward")
    def normalized_over_all_but_the_first_axis(x, gamma, beta, *, eps=1e-5):
        """One mean for each row: with leading axes only the last one is normalized."""
        axes = tuple(range(min(1, x.ndim - 1), x.ndim))
        mean, var = (f(axis=axes, keepdims=True) for f in (x.mean, x.var))
        return normalized_by(mean, np.sqrt(var + x.dtype.type(eps)), x, gamma, beta)

    @mistake("M72", replaces="layernorm_backward")
    def dgamma_summed_over_features(dout, cache):
        """Sum dgamma over the rows, not over the features."""
        xhat, _, _ = cache
        dx, _, dbeta = layernorm_backward(dout, cache)
        return dx, (dout * xhat).sum(axis=-1), dbeta

    @mistake("M72", replaces="layernorm_backward")
    def parameters_summed_over_the_first_axis(dout, cache):
        """Sum dgamma and dbeta over all leading axes, not over the first alone."""
        xhat, _, _ = cache
        dx, dgamma, dbeta = layernorm_backward(dout, cache)
        return (dx, dgamma, dbeta) if dout.ndim < 2 else (dx, (dout * xhat).sum(axis=0), dout.sum(axis=0))

    @mistake("M67", replaces="layernorm_forward")
    def divided_by_d_minus_one(x, gamma, beta, *, eps=1e-5):
        """The variance is biased: divide by D, not by D - 1."""
        with np.errstate(invalid="ignore", divide="ignore"):
            var = x.var(axis=-1, keepdims=True) * x.shape[-1] / np.float64(x.shape[-1] - 1)
        return normalized_by(x.mean(axis=-1, keepdims=True), np.sqrt(var + eps).astype(x.dtype), x, gamma, beta)

    @mistake("M70", replaces="layernorm_backward")
    def statistics_treated_as_constants(dout, cache):
        """Mean and variance depend on x as well: dx has two more terms."""
        _, std, gamma = cache
        _, dgamma, dbeta = layernorm_backward(dout, cache)
        return dout * gamma / std, dgamma, dbeta

    @mistake("M70", replaces="layernorm_backward")
    def variance_treated_as_constant(dout, cache):
        """The variance depends on x as well: the term - xhat mean(dxhat xhat) is missing."""
        _, std, gamma = cache
        _, dgamma, dbeta = layernorm_backward(dout, cache)
        dxhat = dout * gamma
        return (dxhat - dxhat.mean(axis=-1, keepdims=True)) / std, dgamma, dbeta

    @mistake("N35", replaces="layernorm_forward")
    def variance_that_cancels(x, gamma, beta, *, eps=1e-5):
        """mean(x^2) - mean(x)^2 cancels: subtract the mean first."""
        mean = x.mean(axis=-1, keepdims=True)
        var = np.maximum((x * x).mean(axis=-1, keepdims=True) - mean * mean, 0)
        return normalized_by(mean, np.sqrt(var + x.dtype.type(eps)), x, gamma, beta)

    @mistake("N37", replaces="layernorm_forward")
    def divided_by_the_variance(x, gamma, beta, *, eps=1e-5):
        """Divide by the root of the variance, not by the variance."""
        mean, var = (f(axis=-1, keepdims=True) for f in (x.mean, x.var))
        return normalized_by(mean, var + x.dtype.type(eps), x, gamma, beta)

    @mistake("N38", replaces="layernorm_backward")
    def dgamma_without_xhat(dout, cache):
        """dgamma = sum dout xhat: gamma multiplies the normalized x."""
        dx, _, dbeta = layernorm_backward(dout, cache)
        return dx, dbeta.copy(), dbeta

    @mistake("N39", replaces="layernorm_backward")
    def parameters_averaged(dout, cache):
        """Sum dgamma and dbeta over the rows; the mean belongs to the loss."""
        dx, dgamma, dbeta = layernorm_backward(dout, cache)
        rows = max(1, dout[..., 0].size)
        return dx, dgamma / rows, dbeta / rows

    @mistake("N40", replaces="layernorm_backward")
    def gamma_multiplied_last(dout, cache):
        """gamma belongs inside the means of dx: dxhat = dout gamma comes first."""
        xhat, std, gamma = cache
        dx, dgamma, dbeta = layernorm_backward(dout, cache)
        centred = dout - dout.mean(axis=-1, keepdims=True)
        return gamma * (centred - xhat * (dout * xhat).mean(axis=-1, keepdims=True)) / std, dgamma, dbeta

    @mistake("N819", replaces="layernorm_forward")
    def default_eps_of_bert(x, gamma, beta, *, eps=1e-12):
        """eps is 1e-5 by default; 1e-12 is that of BERT."""
        return layernorm_forward(x, gamma, beta, eps=eps)

    @mistake("M52", replaces="layernorm_forward")
    def parameters_of_each_row(x, gamma, beta, *, eps=1e-5):
        """gamma and beta belong to the features. With as many rows they also fit the rows."""
        out, cache = layernorm_forward(x, gamma, beta, eps=eps)
        if x.shape[-2:] == (len(gamma), len(gamma)):
            xhat, _ = layernorm_forward(x, np.ones_like(gamma), 0 * beta, eps=eps)
            out = gamma[:, None] * xhat + beta[:, None]
        return out, cache

    @mistake("N809", replaces="layernorm_forward")
    def eps_of_float64(x, gamma, beta, *, eps=1e-5):
        """Keep the dtype: eps as a NumPy scalar turns float32 into float64."""
        out, cache = layernorm_forward(x, gamma, beta, eps=eps)
        return np.float64(1) * out, cache


def normalized_by(mean, std, x, gamma, beta):
    """The reference with other statistics, and a cache for its backward."""
    _, cache = layernorm_forward(x, gamma, beta)
    xhat = (x - mean) / std
    out = gamma * xhat + beta
    return out, cache.of((xhat, std, gamma), cache.op, [out])
