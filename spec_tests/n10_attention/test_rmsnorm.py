"""Root-mean-square normalization: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import layernorm_forward, rmsnorm_backward, rmsnorm_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake
from nnspec.spec_tests._truth import named, sqrt


def scaled(factor, offset=0.0):
    return lambda rng, shape: offset + factor * rng.standard_normal(shape)


class TestRmsnorm(Layer):
    rows = ("10.20",)
    trivial = ("D",)  # of one feature xhat is 1 or -1, and what is left of dx is rounding

    def definition(self, x, gamma, *, eps=1e-6):
        """out = gamma x / sqrt(mean(x^2) + eps), each row by its own. Zhang and Sennrich 2019, eq. 4."""
        out = np.empty(x.shape, object)
        for index in np.ndindex(*x.shape[:-1]):
            row = x[index]
            out[index] = gamma * named(row / named(sqrt(sum(row * row) / len(row) + eps)))
        return out

    def law_rows_of_root_mean_square_one(self, run, problem):
        """(out / gamma)^2 has mean 1 in each row, but for eps."""
        xhat = run(gamma=np.ones_like(problem.inputs["gamma"]), x=1000 * problem.inputs["x"])["out"]
        return (xhat * xhat).mean(axis=-1).round(4), np.ones(xhat.shape[:-1])

    def law_a_sign_comes_through(self, run, problem):
        """out(-x) = -out(x)."""
        return run(x=-problem.inputs["x"])["out"], -run()["out"]

    def law_rows_alone(self, run, problem):
        """A row is normalized as it is in any batch: no other row is seen."""
        x = problem.inputs["x"]
        return run(x=np.broadcast_to(x[:1], x.shape))["out"][0], run()["out"][0]

    cases = (
        Case("as many rows as features", {"batch": (4,), "D": 4}),
        Case("one feature", {"batch": (3,), "D": 1}, value_only=True),
        Case("large eps", eps=0.5),
        Case("off center", inputs={"x": scaled(1, 3)}),
        Case("small", inputs={"x": scaled(1e-3)}),
    )
    beyond = (Case("no batch axis", {"batch": (), "D": 4}),)
    extremes = (
        Case("a row of zeros", {"batch": (2,)}, inputs={"x": [[0, 0, 0], [1, 3, -2]]}),
        Case("tiny", D=4, inputs={"x": scaled(1e-9)}),
        Case("a common offset", D=4, inputs={"x": scaled(1, 1000)}),
        Case("large", D=4, inputs={"x": scaled(1e10)}),
    )
    ties = (Case("empty batch", {"batch": (0,)}),)
    bad = (Malformed("eps a string", "eps", lambda _: "small"),)

    @mistake("M110", replaces="rmsnorm_forward")
    def mean_subtracted(x, gamma, *, eps=1e-6):
        """Nothing is subtracted: with the mean taken off it is layer normalization."""
        _, cache = rmsnorm_forward(x, gamma, eps=eps)
        return layernorm_forward(x, gamma, 0 * gamma, eps=eps)[0], cache

    @mistake("M110", replaces="rmsnorm_forward")
    def eps_outside_the_root(x, gamma, *, eps=1e-6):
        """eps stands inside the root: sqrt(mean(x^2) + eps)."""
        rms = np.sqrt((x * x).mean(axis=-1, keepdims=True)) + x.dtype.type(eps)
        return by(rms, x, gamma)

    @mistake("M71", replaces="rmsnorm_forward")
    def eps_missing(x, gamma, *, eps=1e-6):
        """Add eps to the mean square: a row of zeros becomes 0/0 without it."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return rmsnorm_forward(x, gamma, eps=0.0)

    @mistake("N1007", replaces="rmsnorm_forward")
    def length_instead_of_the_mean(x, gamma, *, eps=1e-6):
        """Divide by the root of the mean square, not by the length of the row: xhat has length sqrt(D)."""
        return by(np.sqrt((x * x).sum(axis=-1, keepdims=True) + x.dtype.type(eps)), x, gamma)

    @mistake("N1008", replaces="rmsnorm_forward")
    def mean_square_instead_of_its_root(x, gamma, *, eps=1e-6):
        """Divide by the root of the mean square."""
        return by((x * x).mean(axis=-1, keepdims=True) + x.dtype.type(eps), x, gamma)

    @mistake("M72", replaces="rmsnorm_forward")
    def normalized_over_everything(x, gamma, *, eps=1e-6):
        """Each row has a mean square of its own: take the mean over the last axis."""
        return by(np.broadcast_to(np.sqrt((x * x).mean() + x.dtype.type(eps)), (*x.shape[:-1], 1)), x, gamma)

    @mistake("N1009", replaces="rmsnorm_forward")
    def one_plus_gamma(x, gamma, *, eps=1e-6):
        """gamma is the factor itself and starts at 1; where weights start at 0 the factor is 1 + weight."""
        return rmsnorm_forward(x, 1 + gamma, eps=eps)

    @mistake("M70", replaces="rmsnorm_backward")
    def rms_treated_as_constant(dout, cache):
        """The mean square depends on x as well: the term - xhat mean(dxhat xhat) is missing."""
        _, rms, gamma = cache
        return dout * gamma / rms, rmsnorm_backward(dout, cache)[1]

    @mistake("M70", replaces="rmsnorm_backward")
    def backward_of_layer_normalization(dout, cache):
        """There is no mean to go back through: the term mean(dxhat) belongs to layer normalization."""
        _, rms, gamma = cache
        dx, dgamma = rmsnorm_backward(dout, cache)
        return dx - (dout * gamma).mean(axis=-1, keepdims=True) / rms, dgamma

    @mistake("M72", replaces="rmsnorm_backward")
    def dgamma_summed_over_the_first_axis(dout, cache):
        """Sum dgamma over all leading axes, not over the first alone."""
        xhat, _, _ = cache
        dx, dgamma = rmsnorm_backward(dout, cache)
        return dx, (dout * xhat).sum(axis=0) if dout.ndim > 1 else dgamma


def by(rms, x, gamma):
    """Rows divided by this, with a cache in which it stands."""
    out, cache = rmsnorm_forward(x, gamma)
    xhat = x / rms
    return gamma * xhat, cache.of((xhat, rms, gamma), cache.op, [out])
