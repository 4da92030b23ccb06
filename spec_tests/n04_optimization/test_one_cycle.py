"""The one-cycle schedule: its laws, and classic mistakes."""

import math

from nnspec.reference import linear_decay, one_cycle
from nnspec.spec_tests._kinds import Case, Malformed, Procedure, mistake
from nnspec.spec_tests.n04_optimization._schedules import rounded

CALL = Case("", options={"up": 0.5}, inputs={"t": 1, "T": 8, "lr": 0.5})


class TestOneCycle(Procedure):
    rows = ("04.27",)

    def law_up_and_down(self, f):
        """T = 6, up = 1/2: from 1/4 up to 1 in two steps, and down to 1/8 in three, each along half a cosine."""
        found = [f(t, 6, 1.0, up=0.5, start=4.0, end=2.0) for t in range(6)]
        return rounded(found), rounded([0.25, 0.625, 1, 0.125 + 0.875 * 0.75, 0.125 + 0.875 * 0.25, 0.125])

    def law_both_ends(self, f):
        """By default it begins with lr / 25 and ends with a ten-thousandth of that, at t = T - 1."""
        return rounded([f(0, 40, 1.0), f(39, 40, 1.0)]), rounded([0.04, 4e-6])

    def law_the_highest_rate(self, f):
        """It is lr, at t = up T - 1, and no other step has as much."""
        rates = [f(t, 20, 0.5) for t in range(20)]
        return [rates[5], rates.index(max(rates))], [0.5, 5]

    def law_the_highest_rate_between_two_steps(self, f):
        """up T - 1 = 1.5: from 1/2 up, the first step is two thirds of the way, and a sixth of that down the second."""
        found = [f(t, 5, 1.0, up=0.5, start=2.0, end=1.0) for t in range(5)]
        down = [0.75 + 0.25 * math.cos(math.pi * (t - 1.5) / 2.5) for t in (2, 3, 4)]
        return rounded(found), rounded([0.5, 0.75 - 0.25 * math.cos(math.pi / 1.5), *down])

    def law_hardly_any_way_up(self, f):
        """up T - 1 = 0.2: only the first step is on it."""
        found = [f(t, 4, 1.0, start=2.0, end=1.0) for t in range(4)]
        down = [0.75 + 0.25 * math.cos(math.pi * (t - 0.2) / 2.8) for t in (1, 2, 3)]
        return rounded(found), rounded([0.5, *down])

    def law_after_the_end_it_stays(self, f):
        """Beyond the last step the rate is that of the last step."""
        return [f(t, 10, 0.5, end=8.0) for t in (10, 11, 1000)], [f(9, 10, 0.5, end=8.0)] * 3

    def law_it_scales_with_lr(self, f):
        """Twice the highest rate, twice the rate of every step."""
        return rounded(2 * f(t, 9, 0.5) for t in range(10)), rounded(f(t, 9, 1.0) for t in range(10))

    bad = (
        Malformed("t below 0", "t", lambda _: -1, case=CALL),
        Malformed("a single step", "T", lambda _: 1, case=CALL),
        Malformed("up of 1", "up", lambda _: 1.0, case=CALL),
        Malformed("highest at the first step", "up", lambda _: 0.125, case=CALL),
        Malformed("up of less than a step", "up", lambda _: 0.0625, case=CALL),
        Malformed("lr a string", "lr", lambda _: "fast", case=CALL),
    )

    @mistake("M48", replaces="one_cycle")
    def counted_from_one(t, T, lr, *, up=0.3, start=25.0, end=1e4):
        """The first step has t = 0 and the rate lr / start."""
        return one_cycle(t + 1, T, lr, up=up, start=start, end=end)

    @mistake("M48", replaces="one_cycle")
    def end_never_reached(t, T, lr, *, up=0.3, start=25.0, end=1e4):
        """The last step, t = T - 1, has the lowest rate: a cycle of T steps has T - 1 between them."""
        return one_cycle(min(t, T - 1), T + 1, lr, up=up * T / (T + 1), start=start, end=end)

    @mistake("M48", replaces="one_cycle")
    def rises_again(t, T, lr, *, up=0.3, start=25.0, end=1e4):
        """After the last step it stays at the bottom."""
        return one_cycle(t, T, lr, up=up, start=start, end=end) if t < T else one_cycle(2 * T - 2 - t, T, lr, up=up)

    @mistake("N1217", replaces="one_cycle")
    def straight_lines(t, T, lr, *, up=0.3, start=25.0, end=1e4):
        """Both parts are half a cosine, slow at their ends."""
        top = up * T - 1
        if t <= top:
            return lr / start + (lr - lr / start) * t / top
        return lr + (lr / start / end - lr) * min((t - top) / (T - 1 - top), 1)

    @mistake("N1217", replaces="one_cycle")
    def never_up(t, T, lr, *, up=0.3, start=25.0, end=1e4):
        """It begins low and goes up first."""
        return linear_decay(t, T - 1, lr, lr_min=lr / start / end)

    @mistake("N1217", replaces="one_cycle")
    def end_divides_lr(t, T, lr, *, up=0.3, start=25.0, end=1e4):
        """The last rate is the first one over end: lr / (start end)."""
        return one_cycle(t, T, lr, up=up, start=start, end=end / start)

    @mistake("N1217", replaces="one_cycle")
    def highest_in_the_middle(t, T, lr, *, up=0.3, start=25.0, end=1e4):
        """The way up takes the share `up` of the steps; 1/2 is another schedule."""
        return one_cycle(t, T, lr, up=0.5, start=start, end=end)

    @mistake("N1217", replaces="one_cycle")
    def start_fixed(t, T, lr, *, up=0.3, start=25.0, end=1e4):
        """Begin with lr / start; 25 is only its default."""
        return one_cycle(t, T, lr, up=up, end=start * end / 25)
