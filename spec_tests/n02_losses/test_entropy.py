"""Entropy: definition, laws and cases. Classic mistakes: mistakes_entropy.py."""

import math

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer, Malformed
from nnspec.spec_tests._truth import log
from nnspec.spec_tests.n02_losses._distributions import OfDistributions, no_distributions


class TestEntropy(OfDistributions, Layer):
    rows = ("02.12",)

    def definition(self, p, *, axis=-1, base=None):
        """out = -sum_k p_k ln p_k / ln base. Shannon 1948, theorem 2; Cover and Thomas 2006, eq. 2.1."""
        import sympy as sp

        return -(p * log(p)).sum(axis=int(axis)) / sp.log(sp.E if base is None else base)

    def law_independent_entropies_add_up(self, run, problem):
        """H(P x Q) = H(P) + H(Q), of a distribution with itself: two independent draws."""
        p = problem.inputs["p"]
        pairs = (p[..., :, None] * p[..., None, :]).reshape(*p.shape[:-1], -1)
        return run(p=pairs)["out"], 2 * run()["out"]

    def law_uniform_is_log_k(self, run, problem):
        """Where all K outcomes are alike it is log K."""
        p = problem.inputs["p"]
        alike = np.full_like(p, 1 / p.shape[-1])
        return run(p=alike)["out"], np.full(p.shape[:-1], np.log(problem.dtype.type(p.shape[-1])))

    def law_order_does_not_matter(self, run, problem):
        """Which outcome is which does not matter."""
        return run(p=problem.inputs["p"][..., ::-1].copy())["out"], run()["out"]

    def law_grouping(self, run, problem):
        """H(p_1, …, p_K / 2, p_K / 2) = H(p) + p_K log 2: Shannon's third requirement."""
        p = problem.inputs["p"]
        split = np.concatenate([p[..., :-1], p[..., -1:] / 2, p[..., -1:] / 2], axis=-1)
        return run(p=split)["out"], run()["out"] + p[..., -1] * np.log(problem.dtype.type(2))

    cases = (
        Case("bits", base=2.0),
        Case("the first axis", axis=0),
        Case("square, the first axis", {"shape": (3, 3)}, axis=0),
        Case("the first axis, base 10", axis=0, base=10.0),
    )
    beyond = (
        Case("a single distribution", {"shape": (4,)}),
        Case("the second of three axes", {"shape": (2, 3, 2)}, axis=1),
        Case("the last of three axes", {"shape": (2, 2, 3)}),
    )
    extremes = (
        Case("nearly certain", inputs={"p": [[1 - 2.0**-20, 2.0**-20], [1e-30, 1], [1e-37, 1]]}),
        Case("zeros", value_only=True, inputs={"p": [[1, 0, 0], [0.5, 0, 0.5], [0, 0.25, 0.75]]}),
    )
    ties = (
        Case("zeros and their gradient", inputs={"p": [[1, 0, 0], [0.5, 0, 0.5], [0, 0.25, 0.75]]}),
        Case("a single outcome", inputs={"p": [[1], [1]]}),
        Case("no distributions", {"shape": (0, 3)}),
    )
    bad = (
        *no_distributions("p"),
        Malformed("p sums to 2 along the first axis", "p", lambda p: 2 * p, axis=0),
        Malformed("nothing along the axis", "p", case=Case("", {"shape": (2, 0)})),
        Malformed("axis too large", "axis", lambda _: 2),
        Malformed("axis too small", "axis", lambda _: -3),
        Malformed("a base of 1", "base", lambda _: 1.0),
        Malformed("a negative base", "base", lambda _: -2.0),
        Malformed("a base of NaN", "base", lambda _: math.nan),
    )
