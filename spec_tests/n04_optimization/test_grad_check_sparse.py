"""A gradient check of some entries of every parameter: its laws. Classic mistakes: mistakes_grad_check_sparse.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Drawing, Malformed
from nnspec.spec_tests.n04_optimization import _losses
from nnspec.spec_tests.n04_optimization._losses import (
    GRADS,
    KINKED,
    OF_KINKED,
    PARAMS,
    B,
    W,
    bent,
    loss,
    parameters,
    relus,
)


def generator(seed=0):
    return np.random.default_rng(seed)


CALL = Case("", options={"rng": lambda dims, dtype: generator()}, inputs={"f": loss, "params": PARAMS, "grads": GRADS})


class TestGradCheckSparse(Drawing):
    rows = ("04.06",)

    def drawn(self, check, rng):
        return check(_losses.total, _losses.SMALL, _losses.OFF, num=1, rng=rng)

    def law_a_right_gradient_passes(self, check):
        """The worst relative error of each parameter is below 1e-7."""
        return passed(check(loss, parameters(), GRADS, rng=generator())), {"w": True, "b": True}

    def law_each_parameter_is_told(self, check):
        """A bias whose gradient is twice too large is off by 1/3, and the weights beside it are right."""
        found = check(loss, parameters(), GRADS | {"b": 2 * GRADS["b"]}, num=1, rng=generator())
        return {key: round(float(error), 6) for key, error in found.items()}, {"w": 0.0, "b": 0.333333}

    def law_as_many_entries_as_asked_for(self, check):
        """num of each parameter, or all where it has fewer; each is asked for on both sides, and no other moves."""
        found = []
        for num in (1, 3, 10):
            asked = {"w": set(), "b": set()}
            check(watched(asked), parameters(), GRADS, num=num, rng=generator())
            found.append([len({entry for entry, _ in at}) for at in asked.values()])
            found.append(all({(entry, True), (entry, False)} <= at for at in asked.values() for entry, _ in at))
        return found, [[1, 1], True, [3, 3], True, [10, 5], True]

    def law_all_entries_have_a_chance(self, check):
        """In 60 checks of 5 of the 60 entries nearly all were looked at, the first and the last among them."""
        asked, rng = {"w": set(), "b": set()}, generator()
        for _ in range(60):
            check(watched(asked), parameters(), GRADS, num=5, rng=rng)
        seen = {entry for entry, _ in asked["w"]}
        return [len(seen) > 55, len(asked["b"])], [True, 10]

    def law_ten_by_default(self, check):
        """With steps of 1e-5."""
        asked, widths = {"w": set(), "b": set()}, set()
        check(watched(asked, widths), parameters(), GRADS, rng=generator())
        return [len({entry for entry, _ in asked["w"]}), widths], [10, {1e-5}]

    def law_the_step_is_the_one_that_is_given(self, check):
        """Of b^3 the difference is 3 b^2 + h^2: at h = 1/2 it is the right gradient that is off, by that."""
        found = check(loss, parameters(), {"w": 2 * W, "b": 3 * B**2 + 0.25}, h=0.5, rng=generator())
        return passed(found), {"w": True, "b": True}

    def law_zero_gradients_pass(self, check):
        """A parameter that the loss does not depend on has the gradient 0 on both sides: no 0/0."""
        found = check(lambda p: (p["w"] ** 2).sum(), parameters(), {"w": 2 * W, "b": 0 * B}, rng=generator())
        return passed(found), {"w": True, "b": True}

    def law_nan_does_not_pass(self, check):
        """A gradient that is NaN is infinitely far off."""
        found = check(loss, parameters(), GRADS | {"b": np.full(5, np.nan)}, num=3, rng=generator())
        return passed(found), {"w": True, "b": False}

    def law_kinks_are_passed_over(self, check):
        """With a trace two of three entries are not looked at, and as many others are drawn instead."""
        asked = {"w": set(), "b": set()}
        found = check(watched(asked, of=bent, at=KINKED), KINKED, OF_KINKED, num=15, trace=relus, rng=generator())
        at = {entry for entry, _ in asked["w"]}
        return [passed(found), len(at), all(KINKED["w"][entry] != 1 for entry in at)], [
            {"w": True, "b": True},
            15,
            True,
        ]

    def law_kinks_within_the_step_that_is_given(self, check):
        """At h = 1/4 whatever is within 1/4 of 1 is passed over, and another trace passes over others."""
        left = []
        for trace in (relus, lambda params: params["w"] > 0):
            asked = {"w": set(), "b": set()}
            check(watched(asked), parameters(), GRADS, num=60, h=0.25, trace=trace, rng=generator())
            left.append(len(asked["w"]) // 2)
        return left, [int((abs(W - 1) > 0.25).sum()), int((W > 0.25).sum())]

    def law_no_entries(self, check):
        """A parameter without entries has no error."""
        none = {"w": np.zeros((0, 3)), "b": np.ones(2)}
        return float(check(_losses.total, none, none, rng=generator())["w"]), 0.0

    def law_without_a_trace_they_are_not(self, check):
        """Then a right gradient fails where the step goes across a kink."""
        return passed(check(bent, KINKED, OF_KINKED, num=15, rng=generator())), {"w": False, "b": True}

    def law_parameters_are_as_they_were(self, check):
        """Bit for bit, whatever f does to what it is given."""

        def spoiling(params):
            value = loss(params)
            params["b"][...] = 7
            return value

        params = parameters()
        found = passed(check(spoiling, params, GRADS, rng=generator()))
        return [found, params["w"], params["b"]], [{"w": True, "b": True}, W, B]

    bad = (
        Malformed("grads that lack a parameter", "grads", lambda grads: {"w": grads["w"]}, case=CALL),
        Malformed("grads of another shape", "grads", lambda grads: grads | {"b": np.zeros(4)}, case=CALL),
        Malformed("params of integers", "params", lambda p: {"w": p["w"].astype(int), "b": p["b"]}, case=CALL),
        Malformed("f that gives an array", "f", lambda _: lambda p: p["b"], case=CALL),
        Malformed("num of 0", "num", case=Case("", (), {**CALL.options, "num": 0}, CALL.inputs)),
        Malformed("h of 0", "h", case=Case("", (), {**CALL.options, "h": 0.0}, CALL.inputs)),
        Malformed("a seed for a generator", "rng", lambda _: 0, case=CALL),
        Malformed(
            "nothing but kinks",
            "h",
            case=Case("", (), {**CALL.options, "h": 1e-5, "trace": _losses.all_on_kinks}, CALL.inputs),
        ),
    )


def passed(found):
    """Whether each parameter's worst error is below 1e-7."""
    return {key: bool(error < 1e-7) for key, error in found.items()}


def watched(asked, widths=None, of=loss, at=PARAMS):
    """f, noting for each parameter which entry was moved, and whether up; `widths` gets the sizes of the steps."""

    def f(params):
        for key, value in params.items():
            for entry in zip(*np.nonzero(value != at[key]), strict=True):
                asked[key].add((tuple(map(int, entry)), bool(value[entry] > at[key][entry])))
                if widths is not None:
                    widths.add(float(f"{abs(value[entry] - at[key][entry]):.3g}"))
        return of(params)

    return f
