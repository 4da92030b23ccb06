"""Soft thresholding: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import soft_threshold_backward, soft_threshold_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake
from nnspec.spec_tests._truth import where_positive


class TestSoftThreshold(Layer):
    rows = ("03.09",)

    def definition(self, x, *, lam=None):
        """out = sign(x) max(|x| - lam, 0): x - lam above lam, x + lam below -lam. Parikh and Boyd 2014, eq. 6.9."""
        import sympy as sp

        lam = sp.Rational(1, 2) if lam is None else lam
        return where_positive(x - lam, x - lam) - where_positive(-x - lam, -x - lam)

    def law_odd(self, run, problem):
        """out(-x) = -out(x)."""
        x = problem.inputs["x"]
        return run(x=-x)["out"], -run(x=x)["out"]

    def law_what_is_left_is_within_lam(self, run, problem):
        """x - out is x clipped to [-lam, lam]: Moreau's decomposition."""
        x = problem.inputs["x"]
        return x - run()["out"], np.clip(x, -0.5, 0.5)

    cases = (
        Case("lambda 0", lam=0.0),
        Case("another lambda", lam=1.25),
        Case("within and beyond", inputs={"x": [[0.25, -2, 3], [-0.125, 0.75, -0.625]]}),
    )
    beyond = (Case("a row", {"shape": (4,)}), Case("three axes", {"shape": (2, 1, 3)}))
    extremes = (
        Case("huge and tiny", inputs={"x": [[1e30, -1e30, 1e-30], [-1e-30, 1e37, 0.50001]]}),
        Case("a tiny lambda", lam=1e-20, inputs={"x": [[1e-20, 3e-20, -1e-19], [-1e-30, 1, -1]]}, value_only=True),
    )
    ties = (
        Case("exactly lambda", inputs={"x": [[0.5, -0.5, 0], [-0.0, 0.5, 2]]}),
        Case("zeros, lambda 0", lam=0.0, inputs={"x": [[0, -0.0, 1]]}),
        Case("empty", {"shape": (0, 3)}),
        Case("NaN stays", inputs={"x": [[np.nan, 1.0, -1.0]]}, value_only=True),
    )
    bad = (
        Malformed("lambda negative", "lam", lambda _: -0.5),
        Malformed("lambda NaN", "lam", lambda _: float("nan")),
    )

    @mistake("N1137", replaces="soft_threshold_forward")
    def hard_threshold(x, *, lam=0.5):
        """What is beyond lam comes nearer by lam: to leave it is the hard threshold."""
        _, cache = soft_threshold_forward(x, lam=lam)
        return np.where(abs(x) > lam, x, 0), cache

    @mistake("N1137", replaces="soft_threshold_forward")
    def sign_forgotten(x, *, lam=0.5):
        """Give the sign back: max(|x| - lam, 0) is a size."""
        out, cache = soft_threshold_forward(x, lam=lam)
        return abs(out), cache

    @mistake("N1137", replaces="soft_threshold_forward")
    def only_from_above(x, *, lam=0.5):
        """What is below -lam is kept too: max(x - lam, 0) is a shifted ReLU."""
        _, cache = soft_threshold_forward(x, lam=lam)
        return np.maximum(x - lam, 0), cache

    @mistake("N1137", replaces="soft_threshold_forward")
    def clipped(x, *, lam=0.5):
        """What is within lam becomes 0: clipping keeps just that."""
        _, cache = soft_threshold_forward(x, lam=lam)
        return np.clip(x, -lam, lam), cache

    @mistake("N1137", replaces="soft_threshold_forward")
    def not_stopped_at_0(x, *, lam=0.5):
        """Stop at 0: x - lam sign(x) jumps to the other side where |x| is below lam."""
        _, cache = soft_threshold_forward(x, lam=lam)
        return x - lam * np.sign(x), cache

    @mistake("N1138", replaces="soft_threshold_forward")
    def lam_ignored(x, *, lam=0.5):
        """Use the lam that is given; 0.5 is only its default."""
        return soft_threshold_forward(x)

    @mistake("M118", replaces="soft_threshold_backward")
    def gradient_everywhere(dout, cache):
        """What became 0 stays 0 if x moves a little: it has no gradient."""
        return dout.copy()

    @mistake("M118", replaces="soft_threshold_forward", convention=True)
    def gradient_at_lambda(x, *, lam=0.5):
        """Where |x| is exactly lam there is no gradient: the mask is > lam."""
        out, cache = soft_threshold_forward(x, lam=lam)
        return out, cache.of((abs(x) >= lam,), cache.op, [out])

    @mistake("N1138", replaces="soft_threshold_backward")
    def gradient_only_above(dout, cache):
        """What is below -lam has a gradient as well."""
        dx = soft_threshold_backward(dout, cache)
        return np.maximum(dx, 0)
