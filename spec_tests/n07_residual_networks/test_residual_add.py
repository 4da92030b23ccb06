"""Residual connection: definition, a law, cases and classic mistakes."""

import numpy as np

from nnspec.reference import residual_add_backward, residual_add_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake

IMAGES = {"shape": (2, 3, 2, 2)}


class TestResidualAdd(Layer):
    rows = ("07.17",)

    def definition(self, fx, x):
        """out = F(x) + x. He et al. 2015, eq. 1."""
        return fx + x

    def law_identity_where_f_is_nothing(self, run, problem):
        """F = 0 leaves x and its gradient as they are."""
        answer = run(fx=0 * problem.inputs["fx"])
        return [answer["out"], answer["dx"]], [problem.inputs["x"], problem.douts[0]]

    cases = (Case("images", IMAGES), Case("a vector", {"shape": (5,)}))
    extremes = (
        Case("large", inputs={name: lambda rng, shape: 1e30 * rng.standard_normal(shape) for name in ("fx", "x")}),
        Case("small beside large", inputs={"fx": lambda rng, shape: 1e-10 * rng.standard_normal(shape)}),
    )
    ties = (
        Case("nothing at all", {"shape": (0, 3)}),
        Case("infinity and NaN", {"shape": (4,)}, inputs={"fx": [np.inf, -np.inf, np.nan, 1], "x": [1, 2, 3, np.inf]}),
    )
    bad = (
        Malformed("x of one row, to be repeated", "x", lambda x: x[:1], ("fx",)),
        Malformed("x of fewer channels", "x", lambda x: x[:, :1], ("fx",), case=Case("", IMAGES)),
    )

    @mistake("M74", replaces="residual_add_backward")
    def gradient_of_the_skip_dropped(dout, cache):
        """The skip connection has the gradient dout, too: without it depth cuts the gradient off."""
        dfx, dx = residual_add_backward(dout, cache)
        return dfx, 0 * dx

    @mistake("M74", replaces="residual_add_forward")
    def skip_dropped(fx, x):
        """Add x: out = fx + x."""
        _, cache = residual_add_forward(fx, x)
        return fx.copy(), cache

    @mistake("M74", replaces="residual_add_forward")
    def relu_in_the_addition(fx, x):
        """The connection only adds: the ReLU of a block is a layer of its own, after it."""
        out, cache = residual_add_forward(fx, x)
        return np.maximum(out, 0), cache

    @mistake("M74", replaces="residual_add_forward")
    def relu_before_the_addition(fx, x):
        """Nothing stands between F and the sum: a ReLU there lets the block only add."""
        out, cache = residual_add_forward(np.maximum(fx, 0), x)
        return out, cache

    @mistake("M55", replaces="residual_add_backward")
    def gradient_shared_out(dout, cache):
        """Both ways have the whole gradient: a sum copies it, it does not divide it."""
        dfx, dx = residual_add_backward(dout, cache)
        return dfx / 2, dx / 2

    @mistake("M55", replaces="residual_add_backward")
    def gradients_added_already(dout, cache):
        """Each way has dout once. What comes back through F is added where x is used twice, outside."""
        dfx, dx = residual_add_backward(dout, cache)
        return dfx, 2 * dx

    @mistake("N892", replaces="residual_add_forward")
    def averaged(fx, x):
        """Add, and do not average: the skip keeps x whole."""
        out, cache = residual_add_forward(fx, x)
        return out / 2, cache

    @mistake("N892", replaces="residual_add_forward")
    def multiplied(fx, x):
        """Add x: a product is a gate, whose gradient vanishes where x does."""
        _, cache = residual_add_forward(fx, x)
        return fx * x, cache
