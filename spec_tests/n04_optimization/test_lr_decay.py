"""Step, exponential and 1/t decay: their laws. Classic mistakes: mistakes_lr_decay.py."""

import math

from nnspec.spec_tests._kinds import Case, Malformed, Procedure
from nnspec.spec_tests.n04_optimization._schedules import rounded

EVERY = Case("", options={"every": 3}, inputs={"t": 1, "lr": 0.5})
CALL = Case("", inputs={"t": 1, "lr": 0.5, "k": 0.25})


class TestStepDecay(Procedure):
    rows = ("04.21",)

    def law_it_drops_at_every(self, f):
        """With every = 3: the full rate at t = 0, 1, 2, half of it from 3 on, a quarter from 6 on."""
        return rounded(f(t, 1.0, every=3) for t in range(8)), [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]

    def law_residual_networks(self, f):
        """A tenth every 30 epochs: the last epoch before is 29, 59, 89, the first one after 30, 60, 90."""
        found = [f(t, 0.1, every=30, drop=0.1) for t in (0, 29, 30, 59, 60, 89, 90)]
        return rounded(found), [0.1, 0.1, 0.01, 0.01, 0.001, 0.001, 0.0001]

    def law_after_each_epoch(self, f):
        """every = 1 multiplies by drop after each epoch, and not before the first."""
        return rounded(f(t, 8.0, every=1, drop=0.75) for t in range(4)), [8, 6, 4.5, 3.375]

    def law_milestones(self, f):
        """The rate drops at each milestone, however far apart they are."""
        found = [f(t, 1.0, milestones=[2, 3, 7], drop=0.25) for t in (0, 1, 2, 3, 6, 7, 100)]
        return found, [1, 1, 1 / 4, 1 / 16, 1 / 16, 1 / 64, 1 / 64]

    def law_milestones_in_any_order(self, f):
        """What counts is how many of them are at most t; none at all never drops."""
        found = [f(4, 1.0, milestones=given) for given in ([9, 4, 1], [1, 4, 9], (4, 4, 5), [])]
        return found, [0.25, 0.25, 0.25, 1]

    def law_it_halves_unless_something_else_is_asked_for(self, f):
        """drop is 1/2 by default, and 1 keeps the rate."""
        return [f(5, 3.0, every=5), f(5, 3.0, every=5, drop=1.0)], [1.5, 3.0]

    def law_it_scales_with_lr(self, f):
        """Twice the rate, twice the rate of every step."""
        return [2 * f(t, 0.3, every=2) for t in range(7)], [f(t, 0.6, every=2) for t in range(7)]

    bad = (
        Malformed("t below 0", "t", lambda _: -1, case=EVERY),
        Malformed("every of 0", "every", lambda _: 0, case=EVERY),
        Malformed("lr a string", "lr", lambda _: "fast", case=EVERY),
        Malformed("neither every nor milestones", "every", case=Case("", inputs={"t": 1, "lr": 0.5})),
        Malformed(
            "every and milestones",
            "every",
            case=Case("", options={"every": 3, "milestones": [4]}, inputs={"t": 1, "lr": 0.5}),
        ),
    )


class TestExpDecay(Procedure):
    rows = ("04.22",)

    def law_it_halves_again_and_again(self, f):
        """With k = log 2 / 3 half of it is left after every 3 steps, and never a jump."""
        found = [f(t, 1.0, math.log(2) / 3) for t in (0, 1, 2, 3, 6, 30)]
        return rounded(found), rounded([1, 2 ** (-1 / 3), 2 ** (-2 / 3), 0.5, 0.25, 2**-10])

    def law_without_decay_it_stays(self, f):
        """k = 0 keeps the rate for ever."""
        return [f(t, 0.3, 0.0) for t in (0, 1, 1000)], [0.3] * 3

    def law_times_add_up(self, f):
        """What is left after s + t is what is left of the rest after t."""
        return rounded(f(5 + t, 2.0, 0.25) for t in range(4)), rounded(f(t, f(5, 2.0, 0.25), 0.25) for t in range(4))

    def law_the_unit_is_that_of_t(self, f):
        """A tenth of k in a unit of time that is a tenth as long is the same curve: epochs or steps."""
        return rounded(f(10 * t, 2.0, 0.05) for t in range(4)), rounded(f(t, 2.0, 0.5) for t in range(4))

    bad = (
        Malformed("t below 0", "t", lambda _: -1, case=CALL),
        Malformed("k below 0", "k", lambda _: -0.5, case=CALL),
        Malformed("lr a string", "lr", lambda _: "fast", case=CALL),
    )


class TestInvTDecay(Procedure):
    rows = ("04.23",)
    op = "inv_t_decay"

    def law_one_over_t(self, f):
        """With k = 1: 1, 1/2, 1/3, 1/4; with k = 1/2: 1, 2/3, 1/2, 2/5."""
        found = [f(t, 1.0, k) for k in (1.0, 0.5) for t in range(4)]
        return rounded(found), rounded([1, 1 / 2, 1 / 3, 1 / 4, 1, 2 / 3, 1 / 2, 2 / 5])

    def law_the_first_step_has_the_full_rate(self, f):
        """At t = 0 it is lr, whatever k."""
        return [f(0, 0.3, k) for k in (0.0, 0.5, 100.0)], [0.3] * 3

    def law_without_decay_it_stays(self, f):
        """k = 0 keeps the rate for ever."""
        return [f(t, 0.3, 0.0) for t in (0, 1, 1000)], [0.3] * 3

    def law_the_inverse_is_a_line(self, f):
        """1 / lr_t grows by k / lr in every step, with no end."""
        return rounded(1 / f(t, 0.5, 0.25) for t in (0, 1, 2, 10, 10000)), [2, 2.5, 3, 7, 5002]

    def law_the_unit_is_that_of_t(self, f):
        """A tenth of k in a unit of time that is a tenth as long is the same curve: epochs or steps."""
        return rounded(f(10 * t, 2.0, 0.05) for t in range(4)), rounded(f(t, 2.0, 0.5) for t in range(4))

    bad = (
        Malformed("t below 0", "t", lambda _: -1, case=CALL),
        Malformed("k below 0", "k", lambda _: -0.5, case=CALL),
        Malformed("lr a string", "lr", lambda _: "fast", case=CALL),
    )
