"""Cosine decay: its laws, and classic mistakes."""

import math

from nnspec.reference import cosine_decay
from nnspec.spec_tests._kinds import Case, Malformed, Procedure, mistake
from nnspec.spec_tests.n04_optimization._schedules import rounded

CALL = Case("", inputs={"t": 1, "T": 4, "lr": 0.5})


class TestCosineDecay(Procedure):
    rows = ("04.24",)

    def law_four_steps(self, f):
        """Of lr = 1 and T = 4: 1, (1 + cos 45°)/2, 1/2, (1 - cos 45°)/2, 0."""
        shifted = math.sqrt(2) / 4
        return rounded(f(t, 4, 1.0) for t in range(5)), rounded([1, 0.5 + shifted, 0.5, 0.5 - shifted, 0])

    def law_from_lr_to_lr_min(self, f):
        """At t = 0 it is lr, at t = T it is lr_min, and half of the way at T/2."""
        ends = [f(0, 6, 0.5, lr_min=0.125), f(3, 6, 0.5, lr_min=0.125), f(6, 6, 0.5, lr_min=0.125)]
        return rounded(ends), [0.5, 0.3125, 0.125]

    def law_it_ends_at_zero_unless_something_else_is_asked_for(self, f):
        """lr_min is 0 by default."""
        return rounded([f(10, 10, 3.0), f(1, 1, 3.0)]), [0, 0]

    def law_it_does_not_rise_again(self, f):
        """Beyond T it stays at lr_min."""
        return rounded(f(t, 5, 0.5, lr_min=0.25) for t in (5, 6, 8, 10, 1000)), [0.25] * 5

    def law_both_halves_are_alike(self, f):
        """What is lost up to t is left at T - t: lr_t + lr_(T-t) = lr + lr_min."""
        sums = [f(t, 7, 2.0, lr_min=0.5) + f(7 - t, 7, 2.0, lr_min=0.5) for t in range(8)]
        return rounded(sums), [2.5] * 8

    def law_slow_at_both_ends(self, f):
        """A sixth of the way takes cos 30°, a third cos 60°."""
        return rounded([f(1, 6, 2.0), f(2, 6, 2.0)]), rounded([1 + math.sqrt(3) / 2, 1.5])

    def law_it_scales_with_the_rates(self, f):
        """Twice the rates, twice the rate of every step."""
        once, twice = ([f(t, 5, k * 0.5, lr_min=k * 0.25) for t in range(6)] for k in (1, 2))
        return rounded(2 * lr for lr in once), rounded(twice)

    bad = (
        Malformed("t below 0", "t", lambda _: -1, case=CALL),
        Malformed("no steps", "T", lambda _: 0, case=CALL),
        Malformed("lr a string", "lr", lambda _: "fast", case=CALL),
    )

    @mistake("M48", replaces="cosine_decay")
    def rises_again(t, T, lr, *, lr_min=0.0):
        """Stop at T: beyond it the cosine, and PyTorch's CosineAnnealingLR, rise again."""
        return lr_min + (lr - lr_min) / 2 * (1 + math.cos(math.pi * t / T))

    @mistake("M48", replaces="cosine_decay")
    def counted_from_one(t, T, lr, *, lr_min=0.0):
        """The first step has t = 0 and the full rate."""
        return cosine_decay(t + 1, T, lr, lr_min=lr_min)

    @mistake("M48", replaces="cosine_decay")
    def floor_never_reached(t, T, lr, *, lr_min=0.0):
        """lr_min is reached at t = T: divide by T, not by T + 1."""
        return cosine_decay(min(t, T), T + 1, lr, lr_min=lr_min)

    @mistake("M48", replaces="cosine_decay")
    def floor_reached_one_step_early(t, T, lr, *, lr_min=0.0):
        """lr_min is reached at t = T: divide by T, not by T - 1."""
        return cosine_decay(t, max(1, T - 1), lr, lr_min=lr_min)

    @mistake("N864", replaces="cosine_decay")
    def floor_ignored(t, T, lr, *, lr_min=0.0):
        """It goes down to lr_min, not always to 0."""
        return cosine_decay(t, T, lr)

    @mistake("N864", replaces="cosine_decay")
    def floor_added_on_top(t, T, lr, *, lr_min=0.0):
        """The way is lr - lr_min long: with lr it begins above lr."""
        return lr_min + cosine_decay(t, T, lr)

    @mistake("N864", replaces="cosine_decay")
    def cut_off_at_the_floor(t, T, lr, *, lr_min=0.0):
        """lr_min is where the curve ends: max(lr_min, …) reaches it too early and stays."""
        return max(lr_min, cosine_decay(t, T, lr))

    @mistake("N865", replaces="cosine_decay")
    def a_quarter_of_the_period(t, T, lr, *, lr_min=0.0):
        """From 0 to T the angle goes from 0 to pi: with pi/2, and without 1 +, it falls fastest at the end."""
        return lr_min + (lr - lr_min) * math.cos(math.pi / 2 * min(t / T, 1))

    @mistake("N865", replaces="cosine_decay")
    def a_whole_period(t, T, lr, *, lr_min=0.0):
        """From 0 to T the angle goes from 0 to pi: with 2 pi it comes back to lr."""
        return lr_min + (lr - lr_min) / 2 * (1 + math.cos(2 * math.pi * min(t / T, 1)))

    @mistake("N865", replaces="cosine_decay")
    def rising(t, T, lr, *, lr_min=0.0):
        """1 + cos falls from 2 to 0; 1 - cos rises."""
        return lr + lr_min - cosine_decay(t, T, lr, lr_min=lr_min)

    @mistake("N866", replaces="cosine_decay")
    def a_straight_line(t, T, lr, *, lr_min=0.0):
        """The line through both ends is another schedule: the cosine is slow at both."""
        return lr_min + (lr - lr_min) * (1 - min(t / T, 1))

    @mistake("N866", replaces="cosine_decay")
    def half_forgotten(t, T, lr, *, lr_min=0.0):
        """1 + cos goes from 2 to 0: halve it."""
        return lr_min + 2 * (cosine_decay(t, T, lr, lr_min=lr_min) - lr_min)
