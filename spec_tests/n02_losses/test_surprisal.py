"""Surprisal: definition, laws, cases and classic mistakes."""

import math

import numpy as np

from nnspec.reference import surprisal_backward, surprisal_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake
from nnspec.spec_tests._truth import log
from nnspec.spec_tests.n02_losses._targets import probabilities


class TestSurprisal(Layer):
    rows = ("02.11",)

    def definition(self, p, *, base=None):
        """out = -ln p / ln base. Shannon 1948, section 6."""
        import sympy as sp

        return -log(p) / sp.log(sp.E if base is None else base)

    def law_independent_surprises_add_up(self, run, problem):
        """-log(p q) = -log p - log q."""
        p = problem.inputs["p"]
        return run(p=p * p)["out"], 2 * run()["out"]

    def law_the_slope_is_1_over_p(self, run, problem):
        """p dp = -dout / ln base, the same for every p."""
        p = problem.inputs["p"]
        return p * run()["dp"], p * p * run(p=p * p)["dp"]

    cases = (
        Case("bits", base=2.0),
        Case("base 10", base=10.0),
        Case("a base below e", base=1.5),
    )
    beyond = (Case("a row", {"shape": (4,)}), Case("three axes, bits", {"shape": (2, 1, 3)}, base=2.0))
    extremes = (
        Case("hardly possible", inputs={"p": [[1e-30, 1e-20, 1e-37], [1e-7, 0.1, 0.5]]}),
        Case("nearly certain", inputs={"p": [[1 - 2.0**-20, 1 - 2.0**-10], [0.99, 0.999]]}),
    )
    ties = (
        Case("certain and impossible", inputs={"p": [[0, 1, 0.5]]}),
        Case("certain and impossible, bits", base=2.0, inputs={"p": [[0, 1, 0.5]]}),
        Case("empty", {"shape": (0, 3)}),
    )
    bad = (
        Malformed("p above 1", "p", lambda p: p + 1),
        Malformed("p below 0", "p", lambda p: p - 1),
        Malformed("p of NaN", "p", lambda p: p * np.nan),
        Malformed("a base of 1", "base", lambda _: 1.0),
        Malformed("a base of 0", "base", lambda _: 0.0),
        Malformed("an infinite base", "base", lambda _: math.inf),
    )

    def truth(self, problem):
        """Of the slope at 0, which is infinite, sympy makes an error."""
        return super().truth(problem) if (problem.inputs["p"] > 0).all() else problem.wide()

    def draw(self, case, dims, dtype):
        inputs = super().draw(case, dims, dtype)
        return inputs if "p" in case.inputs else {"p": probabilities(inputs["p"], dtype)}

    @mistake("N1120", replaces="surprisal_forward")
    def sign_forgotten(p, *, base=math.e):
        """Logarithms of probabilities are negative: surprisal is minus that."""
        out, cache = surprisal_forward(p, base=base)
        return -out, cache

    @mistake("N1121", replaces="surprisal_forward")
    def always_nats(p, *, base=math.e):
        """Divide by the logarithm of the base: bits are log2."""
        out, cache = surprisal_forward(p)
        return out, surprisal_forward(p, base=base)[1]

    @mistake("N1121", replaces="surprisal_forward")
    def always_bits(p, *, base=math.e):
        """Nats unless a base is given: np.log, not np.log2."""
        return surprisal_forward(p, base=2.0)

    @mistake("N1121", replaces="surprisal_backward")
    def base_not_in_the_gradient(dout, cache):
        """The base divides the gradient as well."""
        return surprisal_backward(dout, cache.of((cache[0], math.e), cache.op, [dout]))

    @mistake("M21", replaces="surprisal_forward")
    def log_of_p_plus_epsilon(p, *, base=math.e):
        """Leave p alone: log(p + 1e-8) ends at 18.4, and what is impossible is an infinite surprise."""
        with np.errstate(divide="ignore"):
            return -np.log(p + p.dtype.type(1e-8)) / math.log(base), surprisal_forward(p, base=base)[1]

    @mistake("N1122", replaces="surprisal_forward")
    def weighted_by_p(p, *, base=math.e):
        """-p log p is a term of the entropy: one outcome is not weighted."""
        out, cache = surprisal_forward(p, base=base)
        return p * out, cache

    @mistake("N712", replaces="surprisal_backward")
    def upstream_gradient_dropped(dout, cache):
        """Multiply by the upstream gradient."""
        return surprisal_backward(np.ones_like(dout), cache)
