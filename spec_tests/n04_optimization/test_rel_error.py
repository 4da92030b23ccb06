"""Relative error: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import rel_error
from nnspec.spec_tests._kinds import Case, Function, Malformed, mistake, variant
from nnspec.spec_tests._truth import absolute

NAN, INFINITE = float("nan"), float("inf")
ZEROS = np.zeros((2, 3))
NEAR = {"a": [[0.5, -0.25, 2.0], [1.0, -2.0, 0.75]], "b": [[0.5 + 2**-8, -0.25, 2.0], [1.0, -2.0 - 2**-7, 0.75]]}


class TestRelError(Function):
    rows = ("04.06",)

    def definition(self, a, b, *, floor=1e-8):
        """out = max |a - b| / max(floor, |a| + |b|), the worst entry. CS231n assignment 1, rel_error."""
        import sympy as sp

        floor = sp.Rational(floor)
        larger = np.frompyfunc(lambda size: sp.Max(floor, size, evaluate=False), 1, 1)
        errors = np.ravel(absolute(a - b) / larger(absolute(a) + absolute(b)))
        return sp.Max(0, *errors, evaluate=False)

    def law_which_is_which_does_not_matter(self, run, problem):
        """a and b may change places, and both may change sign."""
        a, b = problem.inputs.values()
        return np.append(run(a=b, b=a)["out"], run(a=-a, b=-b)["out"]), np.repeat(run()["out"], 2)

    def law_a_factor_of_two_is_a_third(self, run, problem):
        """A gradient twice as large as it should be is off by 1/3, one of the other sign by 1."""
        a = problem.inputs["a"]
        return np.append(run(b=2 * a)["out"], run(b=-a)["out"]), problem.dtype.type([1 / 3, 1])

    def law_the_worst_entry_decides(self, run, problem):
        """One entry of the other sign among equal ones is enough, wherever it stands."""
        a = problem.inputs["a"]
        found = []
        for i in (0, a.size // 2, a.size - 1):
            b = a.copy()
            b.flat[i] = -b.flat[i]
            found.append(run(b=b)["out"])
        return np.array(found), np.ones(3, problem.dtype)

    cases = (
        Case("nearly equal", inputs=NEAR),
        Case("a floor that counts", floor=16.0),
        Case("below the floor", inputs={"a": [[1e-10, 0.0, 2e-9]] * 2, "b": [[0.0, 3e-10, -1e-9]] * 2}),
        Case("both are 0", inputs={"a": ZEROS, "b": ZEROS}),
    )
    beyond = (Case("a vector", {"shape": (5,)}), Case("an image", {"shape": (2, 3, 2, 2)}))
    extremes = (
        Case("large", inputs={"a": [[3e38, -3e38, 1.0]] * 2, "b": [[2e38, -3e38, 1.0]] * 2}),
        Case("small", inputs={"a": [[1e-15, -1e-14, 0.0]] * 2, "b": [[1e-15, 1e-14, 1e-16]] * 2}),
    )
    ties = (
        Case("NaN in a", inputs={"a": [[1.0, NAN, 2.0]] * 2, "b": [[1.0, 1.0, 2.0]] * 2}),
        Case("NaN in both", inputs={"a": [[1.0, NAN, 2.0]] * 2, "b": [[1.0, NAN, 2.0]] * 2}),
        Case("infinity", inputs={"a": [[1.0, INFINITE, 2.0]] * 2, "b": [[1.0, 1.0, 2.0]] * 2}),
        Case("nothing", {"shape": (0, 3)}),
        Case("one number", {"shape": ()}),
    )
    bad = (
        Malformed("a floor of 0", "floor", floor=0.0),
        Malformed("a floor below 0", "floor", floor=-1e-8),
        Malformed("a floor that is a text", "floor", floor="small"),
    )

    @mistake("M35", replaces="rel_error")
    def absolute_error(a, b, *, floor=1e-8):
        """Divide by the size: a small gradient would always pass, and a large one never."""
        return np.abs(a - b).max(initial=0)

    @mistake("M35", replaces="rel_error")
    def nought_by_nought(a, b, *, floor=1e-8):
        """Divide by at least the floor: where both are 0, 0/0 is NaN."""
        with np.errstate(invalid="ignore"):
            return (np.abs(a - b) / (np.abs(a) + np.abs(b))).max(initial=0)

    @mistake("N1655", replaces="rel_error")
    def floor_added(a, b, *, floor=1e-8):
        """Take the larger of floor and |a| + |b|, not their sum."""
        return (np.abs(a - b) / (np.abs(a) + np.abs(b) + a.dtype.type(floor))).max(initial=0)

    @mistake("N1655", replaces="rel_error")
    def size_of_a_alone(a, b, *, floor=1e-8):
        """Divide by |a| + |b|: beside |a| alone it matters which one is called a."""
        return (np.abs(a - b) / np.maximum(a.dtype.type(floor), np.abs(a))).max(initial=0)

    @mistake("N1655", replaces="rel_error")
    def sum_with_signs(a, b, *, floor=1e-8):
        """Add absolute values: |a + b| is 0 where one is the other's negative."""
        return (np.abs(a - b) / np.maximum(a.dtype.type(floor), np.abs(a + b))).max(initial=0)

    @mistake("N1655", replaces="rel_error")
    def difference_with_its_sign(a, b, *, floor=1e-8):
        """Take |a - b|: where a is the smaller one a - b is negative, and never the largest."""
        return ((a - b) / np.maximum(a.dtype.type(floor), np.abs(a) + np.abs(b))).max(initial=0)

    @mistake("N1655", replaces="rel_error")
    def mean_over_the_entries(a, b, *, floor=1e-8):
        """Take the worst entry: in a mean one wrong entry of many is lost."""
        return (np.abs(a - b) / np.maximum(a.dtype.type(floor), np.abs(a) + np.abs(b))).sum() / max(1, a.size)

    @mistake("N1655", replaces="rel_error")
    def largest_of_both(a, b, *, floor=1e-8):
        """Divide entry by entry: the largest difference over the largest size hides small entries."""
        size = (np.abs(a) + np.abs(b)).max(initial=0)
        return np.abs(a - b).max(initial=0) / max(a.dtype.type(floor), size)

    @mistake("N1655", replaces="rel_error")
    def norms(a, b, *, floor=1e-8):
        """Compare entry by entry: norms are led by the largest entries."""
        sizes = np.sqrt((a * a).sum()) + np.sqrt((b * b).sum())
        return np.sqrt(((a - b) ** 2).sum()) / max(a.dtype.type(floor), sizes)

    @mistake("N1655", replaces="rel_error")
    def floor_ignored(a, b, *, floor=1e-8):
        """Use the floor that is given."""
        return rel_error(a, b)

    @mistake("M35", replaces="rel_error", convention=True)
    def nan_passed_on(a, b, *, floor=1e-8):
        """NaN is infinitely far off: as NaN it is below every threshold that is asked for with `not >`."""
        with np.errstate(invalid="ignore"):
            return (np.abs(a - b) / np.maximum(a.dtype.type(floor), np.abs(a) + np.abs(b))).max(initial=0)

    @variant("the larger of both", source='CS231n notes "Neural networks", part 3', replaces="rel_error")
    def larger_of_both(a, b, *, floor=1e-8):
        """Divided by max(|a|, |b|) and not by |a| + |b|: up to twice as much."""
        with np.errstate(invalid="ignore"):
            off = np.abs(a - b) / np.maximum(a.dtype.type(floor), np.maximum(np.abs(a), np.abs(b)))
        return np.where(np.isnan(off), np.inf, off).max(initial=0).astype(a.dtype)
