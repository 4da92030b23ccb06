"""Layer normalization: definition, cases, laws and classic mistakes."""

from dataclasses import replace

import numpy as np

from nnspec.reference import layernorm_backward, layernorm_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake
from nnspec.spec_tests._truth import named, sqrt


def drawn(scale=1.0, offset=0.0):
    return lambda rng, shape: offset + scale * rng.standard_normal(shape)


def normalized_by(mean, std, x, gamma, beta):
    """The reference with other statistics, and a cache for its backward."""
    _, cache = layernorm_forward(x, gamma, beta)
    xhat = (x - mean) / std
    out = gamma * xhat + beta
    return out, cache.of((xhat, std, gamma), cache.op, [out])


class TestLayernorm(Layer):
    rows = ("07.05",)

    cases = (
        Case("rows", {"batch": (2,), "D": 4}),
        Case("as many rows as features", {"batch": (4,), "D": 4}),
        Case("one feature", {"batch": (3,), "D": 1}, value_only=True),  # the gradients are 0, but for rounding,
        Case("two features", {"batch": (3,), "D": 2}, value_only=True),  # and here but for eps
        Case("large eps", options={"eps": 0.5}),
        Case("small spread", inputs={"x": drawn(1e-3)}),
    )
    beyond = (Case("no batch axis", {"batch": (), "D": 4}),)
    extremes = (
        Case("a constant row", {"batch": (2,)}, inputs={"x": [[2, 2, 2], [1, 3, -2]]}),
        Case("tiny spread", {"D": 4}, inputs={"x": drawn(1e-6)}),
        Case("a common offset", {"D": 4}, inputs={"x": drawn(1, 1000)}),
        Case("a large offset", {"D": 4}, inputs={"x": drawn(1, 1e5)}),
        Case("large", {"D": 4}, inputs={"x": drawn(1e10)}),
    )
    ties = (Case("empty batch", {"batch": (0,)}),)
    bad = (Malformed("eps a string", "eps", lambda _: "small"),)

    def definition(self, x, gamma, beta, *, eps=1e-5):
        """out = gamma (x - mean) / sqrt(var + eps) + beta, each row by its own statistics. Ba et al., eq. 3, 4."""
        out = np.empty(x.shape, object)
        for index in np.ndindex(*x.shape[:-1]):
            row = x[index]
            mean = named(sum(row) / len(row))
            var = named(sum((row - mean) ** 2) / len(row))
            out[index] = gamma * named((row - mean) / named(sqrt(var + eps))) + beta
        return out

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """What is left of dx where its terms cancel, as all do in rows of one entry, no neighbour tells."""
        found = super().budgets(problem, want, lenient, at_tie)
        if "dx" not in found or not lenient:
            return found
        x, gamma, _ = problem.floats().values()
        dout = abs(problem.douts[0])
        std = np.sqrt(x.var(axis=-1, keepdims=True) + problem.options.get("eps", 1e-5))
        pulls = (dout + dout.mean(axis=-1, keepdims=True)) * abs(gamma) / std
        more = found["dx"].rounding + np.finfo(problem.dtype).eps / 2 * pulls
        return found | {"dx": replace(found["dx"], rounding=more)}

    def law_ignores_a_shift(self, run, problem):
        """Adding a constant to a row changes neither out nor the gradient."""
        moved, still = run(x=problem.inputs["x"] + problem.dtype.type(2)), run()
        return [moved[name] for name in ("out", "dx")], [still[name] for name in ("out", "dx")]

    def law_gradient_sums_to_zero(self, run, problem):
        """sum_d dx_d = 0 in each row: a shift of the row changes nothing."""
        dx = run()["dx"]
        return dx.sum(axis=-1), 0 * dx[..., 0]

    def law_rows_alone(self, run, problem):
        """A row is normalized as it is in any batch: no other row is seen."""
        x = problem.inputs["x"]
        return run(x=np.broadcast_to(x[:1], x.shape))["out"][0], run()["out"][0]

    @mistake("M71", "eps stands inside the root: sqrt(var + eps).", replaces="layernorm_forward")
    def eps_outside_the_root(x, gamma, beta, *, eps=1e-5):
        mean, std = x.mean(axis=-1, keepdims=True), x.std(axis=-1, keepdims=True)
        return normalized_by(mean, std + x.dtype.type(eps), x, gamma, beta)

    @mistake("M71", "eps is missing: a constant row becomes 0/0.", replaces="layernorm_forward")
    def eps_missing(x, gamma, beta, *, eps=1e-5):
        with np.errstate(invalid="ignore", divide="ignore"):
            return layernorm_forward(x, gamma, beta, eps=0.0)

    @mistake(
        "M72", "Normalize every row by itself (axis -1), not the batch: that is batch normalization.",
        replaces="layernorm_forward",
    )  # fmt: skip
    def normalized_over_the_batch(x, gamma, beta, *, eps=1e-5):
        batch = tuple(range(x.ndim - 1))
        mean, var = (f(axis=batch, keepdims=True) for f in (x.mean, x.var))
        return normalized_by(mean, np.sqrt(var + x.dtype.type(eps)), x, gamma, beta)

    @mistake(
        "M72", "One mean for each row: with leading axes only the last one is normalized.", replaces="layernorm_forward"
    )
    def normalized_over_all_but_the_first_axis(x, gamma, beta, *, eps=1e-5):
        axes = tuple(range(min(1, x.ndim - 1), x.ndim))
        mean, var = (f(axis=axes, keepdims=True) for f in (x.mean, x.var))
        return normalized_by(mean, np.sqrt(var + x.dtype.type(eps)), x, gamma, beta)

    @mistake("M72", "Sum dgamma over the rows, not over the features.", replaces="layernorm_backward")
    def dgamma_summed_over_features(dout, cache):
        xhat, _, _ = cache
        dx, _, dbeta = layernorm_backward(dout, cache)
        return dx, (dout * xhat).sum(axis=-1), dbeta

    @mistake(
        "M72", "Sum dgamma and dbeta over all leading axes, not over the first alone.", replaces="layernorm_backward"
    )
    def parameters_summed_over_the_first_axis(dout, cache):
        xhat, _, _ = cache
        dx, dgamma, dbeta = layernorm_backward(dout, cache)
        return (dx, dgamma, dbeta) if dout.ndim < 2 else (dx, (dout * xhat).sum(axis=0), dout.sum(axis=0))

    @mistake("M67", "The variance is biased: divide by D, not by D - 1.", replaces="layernorm_forward")
    def divided_by_d_minus_one(x, gamma, beta, *, eps=1e-5):
        with np.errstate(invalid="ignore", divide="ignore"):
            var = x.var(axis=-1, keepdims=True) * x.shape[-1] / np.float64(x.shape[-1] - 1)
        return normalized_by(x.mean(axis=-1, keepdims=True), np.sqrt(var + eps).astype(x.dtype), x, gamma, beta)

    @mistake("M70", "Mean and variance depend on x as well: dx has two more terms.", replaces="layernorm_backward")
    def statistics_treated_as_constants(dout, cache):
        _, std, gamma = cache
        _, dgamma, dbeta = layernorm_backward(dout, cache)
        return dout * gamma / std, dgamma, dbeta

    @mistake(
        "M70", "The variance depends on x as well: the term - xhat mean(dxhat xhat) is missing.",
        replaces="layernorm_backward",
    )  # fmt: skip
    def variance_treated_as_constant(dout, cache):
        _, std, gamma = cache
        _, dgamma, dbeta = layernorm_backward(dout, cache)
        dxhat = dout * gamma
        return (dxhat - dxhat.mean(axis=-1, keepdims=True)) / std, dgamma, dbeta

    @mistake("N35", "mean(x^2) - mean(x)^2 cancels: subtract the mean first.", replaces="layernorm_forward")
    def variance_that_cancels(x, gamma, beta, *, eps=1e-5):
        mean = x.mean(axis=-1, keepdims=True)
        var = np.maximum((x * x).mean(axis=-1, keepdims=True) - mean * mean, 0)
        return normalized_by(mean, np.sqrt(var + x.dtype.type(eps)), x, gamma, beta)

    @mistake("N37", "Divide by the root of the variance, not by the variance.", replaces="layernorm_forward")
    def divided_by_the_variance(x, gamma, beta, *, eps=1e-5):
        mean, var = (f(axis=-1, keepdims=True) for f in (x.mean, x.var))
        return normalized_by(mean, var + x.dtype.type(eps), x, gamma, beta)

    @mistake("N38", "dgamma = sum dout xhat: gamma multiplies the normalized x.", replaces="layernorm_backward")
    def dgamma_without_xhat(dout, cache):
        dx, _, dbeta = layernorm_backward(dout, cache)
        return dx, dbeta.copy(), dbeta

    @mistake("N39", "Sum dgamma and dbeta over the rows; the mean belongs to the loss.", replaces="layernorm_backward")
    def parameters_averaged(dout, cache):
        dx, dgamma, dbeta = layernorm_backward(dout, cache)
        rows = max(1, dout[..., 0].size)
        return dx, dgamma / rows, dbeta / rows

    @mistake(
        "N40", "gamma belongs inside the means of dx: dxhat = dout gamma comes first.", replaces="layernorm_backward"
    )
    def gamma_multiplied_last(dout, cache):
        xhat, std, gamma = cache
        dx, dgamma, dbeta = layernorm_backward(dout, cache)
        centred = dout - dout.mean(axis=-1, keepdims=True)
        return gamma * (centred - xhat * (dout * xhat).mean(axis=-1, keepdims=True)) / std, dgamma, dbeta

    @mistake("N819", "eps is 1e-5 by default; 1e-12 is that of BERT.", replaces="layernorm_forward")
    def default_eps_of_bert(x, gamma, beta, *, eps=1e-12):
        return layernorm_forward(x, gamma, beta, eps=eps)

    @mistake("M52", "gamma and beta belong to the features. With as many rows they also fit the rows.",
             replaces="layernorm_forward")  # fmt: skip
    def parameters_of_each_row(x, gamma, beta, *, eps=1e-5):
        out, cache = layernorm_forward(x, gamma, beta, eps=eps)
        if x.shape[-2:] == (len(gamma), len(gamma)):
            xhat, _ = layernorm_forward(x, np.ones_like(gamma), 0 * beta, eps=eps)
            out = gamma[:, None] * xhat + beta[:, None]
        return out, cache

    @mistake("N809", "Keep the dtype: eps as a NumPy scalar turns float32 into float64.", replaces="layernorm_forward")
    def eps_of_float64(x, gamma, beta, *, eps=1e-5):
        out, cache = layernorm_forward(x, gamma, beta, eps=eps)
        return np.float64(1) * out, cache
