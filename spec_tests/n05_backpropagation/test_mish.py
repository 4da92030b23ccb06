"""Mish: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import mish_backward, mish_forward
from nnspec.spec_tests._kinds import Case, Layer, mistake
from nnspec.spec_tests._truth import exp, log, tanh


class TestMish(Layer):
    rows = ("05.09",)

    def definition(self, x):
        """out = x tanh(log(1 + e^x)). Misra 2019, eq. 1."""
        return x * tanh(log(1 + exp(x)))

    def law_a_quotient(self, run, problem):
        """tanh(log v) = (v^2 - 1) / (v^2 + 1), with v = 1 + e^x."""
        x = problem.inputs["x"]
        squared = (1 + np.exp(x)) ** 2
        return run()["out"], x * (squared - 1) / (squared + 1)

    extremes = (
        Case("far out", inputs={"x": [[1e4, -1e4, 40.0], [-40.0, 95.0, -80.0]]}),
        Case("huge", inputs={"x": [[1e30, -1e30, 3.0], [-3.0, 1e37, -1e37]]}),
        Case("tiny", inputs={"x": [[1e-8, -1e-20, 1e-30], [-1e-4, 3e-3, 0.0]]}),
        Case("where the slope is 0", inputs={"x": [[-1.1924312, -1.1924313], [-1.19, -1.2]]}),
    )
    ties = (
        Case("empty", {"shape": (0, 3)}),
        Case("NaN stays", inputs={"x": [[np.nan, 1.0, -1.0], [0.0, 2.0, np.nan]]}, value_only=True),
    )

    @mistake("M54", replaces="mish_forward")
    def softplus_that_overflows(x):
        """e^x overflows for large x, and with it (1 + e^x)^2: take a stable softplus."""
        _, cache = mish_forward(x)
        with np.errstate(over="ignore", invalid="ignore"):
            squared = (1 + np.exp(x)) ** 2
            return x * (squared - 1) / (squared + 1), cache

    @mistake("N1316", replaces="mish_forward")
    def sigmoid_for_tanh(x):
        """The gate is tanh(softplus(x)); a sigmoid of x makes a SiLU."""
        return x / (1 + np.exp(-np.maximum(x, -80))), mish_forward(x)[1]

    @mistake("N1316", replaces="mish_forward")
    def softplus_left_out(x):
        """The tanh is of softplus(x), not of x."""
        return x * np.tanh(x), mish_forward(x)[1]

    @mistake("N1316", replaces="mish_forward")
    def x_left_out(x):
        """x stands in front of the gate."""
        _, (_, t) = mish_forward(x)
        return t.copy(), mish_forward(x)[1]

    @mistake("N1317", replaces="mish_backward")
    def gate_taken_for_a_constant(dout, cache):
        """The gate depends on x too: add x (1 - t^2) sigmoid(x)."""
        _, t = cache
        return dout * t

    @mistake("N1317", replaces="mish_backward")
    def slope_of_softplus_left_out(dout, cache):
        """The inner derivative of tanh(softplus(x)) is sigmoid(x)."""
        x, t = cache
        return dout * (t + x * (1 - t * t))

    @mistake("M82", replaces="mish_backward")
    def squashed_twice(dout, cache):
        """t is squashed already: 1 - t^2, not 1 - tanh(t)^2."""
        x, t = cache
        return mish_backward(dout, cache) + dout * x * (t * t - np.tanh(t) ** 2) / (1 + np.exp(-np.maximum(x, -80)))

    @mistake("N808", replaces="mish_backward")
    def upstream_gradient_forgotten(dout, cache):
        """Multiply by dout, which comes from above."""
        return mish_backward(np.ones_like(dout), cache)
