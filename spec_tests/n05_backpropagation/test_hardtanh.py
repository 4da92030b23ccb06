"""Hard tanh and ReLU6: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import hardtanh_backward, hardtanh_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake, variant
from nnspec.spec_tests._truth import where_positive

KINKS = {"x": [[1.0, -1.0, 0.0], [-0.0, 6.0, 0.5]]}


class TestHardtanh(Layer):
    rows = ("05.09",)

    def definition(self, x, *, low=-1, high=1):
        """out = low where x <= low, high where x >= high, else x. Collobert 2004; PyTorch, nn.Hardtanh."""
        return where_positive(x - low, where_positive(high - x, x, high), low)

    def law_odd(self, run, problem):
        """With limits of equal size out(-x) = -out(x)."""
        x = 2 * problem.inputs["x"]
        return run(x=-x)["out"], -run(x=x)["out"]

    def law_idempotent(self, run, problem):
        """What has been cut is not cut again."""
        out = run(x=2 * problem.inputs["x"])["out"]
        return run(x=out.copy())["out"], out

    cases = (
        Case("ReLU6", low=0.0, high=6.0, inputs={"x": [[-2.0, 0.5, 7.0], [5.9, 1.5, -0.1]]}),
        Case("both sides cut", low=-0.25, high=0.5),
        Case("limits above 0", low=0.5, high=1.5),
    )
    extremes = (Case("far out", inputs={"x": [[1e4, -1e4, 1e30], [-1e30, 1e-30, -1e-30]]}),)
    ties = (
        Case("kinks", inputs=KINKS),
        Case("kinks of ReLU6", low=0.0, high=6.0, inputs=KINKS),
        Case("equal limits", low=0.5, high=0.5),
        Case("empty", {"shape": (0, 3)}),
        Case("infinities", inputs={"x": [[np.inf, -np.inf, 2.0], [0.5, -0.5, -np.inf]]}),
        Case("NaN stays", inputs={"x": [[np.nan, 1.0, -1.0], [0.0, 2.0, np.nan]]}, value_only=True),
    )
    bad = (
        Malformed("limits swapped", "low", lambda _: 1.0, high=-1.0),
        Malformed("a limit of NaN", "low", lambda _: float("nan")),
    )

    @mistake("M53", replaces="hardtanh_backward")
    def mask_from_dout(dout, cache):
        """x decides whether the gradient passes; dout says nothing about it."""
        _, low, high = cache
        return dout * ((low < dout) & (dout < high))

    @mistake("N1311", replaces="hardtanh_backward")
    def only_one_limit_gates(dout, cache):
        """out is constant beyond both limits: no gradient passes above high either."""
        x, low, _ = cache
        return dout * (x > low)

    @mistake("N1311", replaces="hardtanh_backward")
    def gradient_of_tanh(dout, cache):
        """Between the limits out is x itself: the slope is 1, not 1 - out^2."""
        out, _ = hardtanh_forward(cache[0], low=cache[1], high=cache[2])
        return dout * (1 - out * out)

    @mistake("N1312", replaces="hardtanh_forward")
    def squashed(x, *, low=-1.0, high=1.0):
        """It cuts: between the limits x stays as it is."""
        return np.tanh(x), hardtanh_forward(x, low=low, high=high)[1]

    @mistake("N1312", replaces="hardtanh_forward")
    def limits_ignored(x, *, low=-1.0, high=1.0):
        """Use the limits that are given: a ReLU6 cuts at 0 and 6."""
        return hardtanh_forward(x)

    @variant(
        "slope 1 at the limits",
        source="jax.numpy.clip, torch.clamp: what equals a limit passes",
        replaces="hardtanh_backward",
    )
    def slope_1_at_the_limits(dout, cache):
        """At both kinks the derivative from inside is taken."""
        x, low, high = cache
        return np.where((low <= x) & (x <= high), dout, hardtanh_backward(dout, cache))
