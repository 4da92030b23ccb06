"""Linear decay: its laws, and classic mistakes."""

import itertools

from nnspec.reference import linear_decay
from nnspec.spec_tests._kinds import Case, Malformed, Procedure, mistake
from nnspec.spec_tests.n04_optimization._schedules import rounded

CALL = Case("", inputs={"t": 1, "T": 4, "lr": 0.5})


class TestLinearDecay(Procedure):
    rows = ("04.25",)

    def law_four_steps(self, f):
        """Of lr = 1 and T = 4: 1, 3/4, 1/2, 1/4, 0; of lr = 0.3 and T = 3: 0.3, 0.2, 0.1."""
        found = [*(f(t, 4, 1.0) for t in range(5)), *(f(t, 3, 0.3) for t in range(3))]
        return rounded(found), [1, 0.75, 0.5, 0.25, 0, 0.3, 0.2, 0.1]

    def law_from_lr_to_lr_min(self, f):
        """At t = 0 it is lr, at t = T it is lr_min, and half of the way at T/2."""
        return rounded(f(t, 6, 0.5, lr_min=0.125) for t in (0, 3, 6)), [0.5, 0.3125, 0.125]

    def law_it_does_not_go_below_the_end(self, f):
        """Beyond T it stays at lr_min, and at 0 where none is given: a rate below 0 would climb."""
        found = [f(t, 5, 0.5, lr_min=low) for low in (0.25, 0.0) for t in (5, 6, 10, 1000)]
        return rounded(found), [0.25] * 4 + [0] * 4

    def law_every_step_loses_the_same(self, f):
        """The way is cut into T pieces."""
        rates = [f(t, 7, 2.0, lr_min=0.25) for t in range(8)]
        return rounded(a - b for a, b in itertools.pairwise(rates)), rounded([0.25] * 7)

    def law_upwards(self, f):
        """lr_min may lie above lr: then it is a warmup."""
        return rounded(f(t, 2, 0.5, lr_min=1.0) for t in range(4)), [0.5, 0.75, 1, 1]

    def law_a_single_step(self, f):
        """T = 1 has the full rate once."""
        return rounded(f(t, 1, 3.0) for t in range(3)), [3, 0, 0]

    bad = (
        Malformed("t below 0", "t", lambda _: -1, case=CALL),
        Malformed("no steps", "T", lambda _: 0, case=CALL),
        Malformed("lr a string", "lr", lambda _: "fast", case=CALL),
    )

    @mistake("M48", replaces="linear_decay")
    def below_zero_after_the_end(t, T, lr, *, lr_min=0.0):
        """Stop at T: the line goes on below lr_min, and a negative rate climbs."""
        return lr_min + (lr - lr_min) * (1 - t / T)

    @mistake("M48", replaces="linear_decay")
    def counted_from_one(t, T, lr, *, lr_min=0.0):
        """The first step has t = 0 and the full rate."""
        return linear_decay(t + 1, T, lr, lr_min=lr_min)

    @mistake("M48", replaces="linear_decay")
    def end_never_reached(t, T, lr, *, lr_min=0.0):
        """lr_min is reached at t = T: divide by T, not by T + 1."""
        return linear_decay(min(t, T), T + 1, lr, lr_min=lr_min)

    @mistake("M48", replaces="linear_decay")
    def end_reached_one_step_early(t, T, lr, *, lr_min=0.0):
        """lr_min is reached at t = T: divide by T, not by T - 1."""
        return linear_decay(t, max(1, T - 1), lr, lr_min=lr_min)

    @mistake("N864", replaces="linear_decay")
    def floor_ignored(t, T, lr, *, lr_min=0.0):
        """It goes to lr_min, not always to 0."""
        return linear_decay(t, T, lr)

    @mistake("N864", replaces="linear_decay")
    def cut_off_at_the_floor(t, T, lr, *, lr_min=0.0):
        """lr_min is where the line ends: max(lr_min, …) reaches it too early and stays."""
        return max(lr_min, linear_decay(t, T, lr))

    @mistake("N864", replaces="linear_decay")
    def floor_added_on_top(t, T, lr, *, lr_min=0.0):
        """The way is lr - lr_min long: with lr it begins above lr."""
        return lr_min + linear_decay(t, T, lr)

    @mistake("N1214", replaces="linear_decay")
    def whole_number_of_the_way(t, T, lr, *, lr_min=0.0):
        """t / T is a share: with // nothing falls until the end."""
        return lr_min + (lr - lr_min) * max(1 - t // T, 0)

    @mistake("N1214", replaces="linear_decay")
    def share_of_what_is_left(t, T, lr, *, lr_min=0.0):
        """The line starts from lr in every step: taken from the rate of the step before, it is no line."""
        for step in range(1, min(t, T) + 1):
            lr = lr_min + (lr - lr_min) * (1 - step / T)
        return lr if t <= T else lr_min
