"""Cosine decay with warm restarts: its laws, and classic mistakes."""

import math

from nnspec.reference import cosine_decay, sgdr
from nnspec.spec_tests._kinds import Case, Malformed, Procedure, mistake
from nnspec.spec_tests.n04_optimization._schedules import rounded

CALL = Case("", inputs={"t": 1, "T": 4, "lr": 0.5})


class TestSgdr(Procedure):
    rows = ("04.27",)

    def law_cycles_of_one_length(self, f):
        """T = 2: the full rate and half of it, again and again."""
        return rounded(f(t, 2, 1.0) for t in range(6)), [1, 0.5] * 3

    def law_longer_cycles(self, f):
        """T = 1 and mult = 2: cycles of 1, 2 and 4 steps begin at t = 0, 1, 3, and the next at 7."""
        shifted = math.sqrt(2) / 4
        last = [1, 0.5 + shifted, 0.5, 0.5 - shifted]
        return rounded(f(t, 1, 1.0, mult=2) for t in range(8)), rounded([1, 1, 0.5, *last, 1])

    def law_restarts(self, f):
        """T = 3 and mult = 3: the full rate at t = 0, 3, 12 and 39, and nowhere else."""
        return [t for t in range(50) if f(t, 3, 0.5, mult=3) == 0.5], [0, 3, 12, 39]

    def law_the_last_step_of_a_cycle_is_above_the_floor(self, f):
        """At t = T - 1 there is still a part of the way left, at T it begins anew."""
        found = [f(t, 6, 2.0, lr_min=0.5) for t in (5, 6, 11, 12)]
        low = 0.5 + 0.75 * (1 - math.sqrt(3) / 2)
        return rounded(found), rounded([low, 2, low, 2])

    def law_from_lr_towards_lr_min(self, f):
        """Half of the way at the middle of each cycle."""
        return rounded(f(t, 4, 0.5, mult=2, lr_min=0.125) for t in (2, 8, 20)), [0.3125] * 3

    def law_late_in_training(self, f):
        """After a thousand restarts it still begins with the full rate."""
        return rounded([f(10**4, 10, 0.5), f(10**4 + 5, 10, 0.5), f(3 * 2**12 - 3, 3, 0.5, mult=2)]), [0.5, 0.25, 0.5]

    bad = (
        Malformed("t below 0", "t", lambda _: -1, case=CALL),
        Malformed("no steps", "T", lambda _: 0, case=CALL),
        Malformed("mult of 0", "mult", lambda _: 0, case=CALL),
        Malformed("lr a string", "lr", lambda _: "fast", case=CALL),
    )

    @mistake("M48", replaces="sgdr")
    def counted_from_one(t, T, lr, *, mult=1, lr_min=0.0):
        """The first step has t = 0 and the full rate."""
        return sgdr(t + 1, T, lr, mult=mult, lr_min=lr_min)

    @mistake("M48", replaces="sgdr")
    def floor_reached_before_the_restart(t, T, lr, *, mult=1, lr_min=0.0):
        """Divide by the length of the cycle, not by its last step: the floor belongs to the step of the restart."""
        sgdr(t, T, lr, mult=mult)  # refuses what would never end
        while t >= T:
            t, T = t - T, mult * T
        return cosine_decay(t, max(1, T - 1), lr, lr_min=lr_min)

    @mistake("M48", replaces="sgdr")
    def restart_one_step_late(t, T, lr, *, mult=1, lr_min=0.0):
        """A cycle has the steps 0 … T - 1, and the step T restarts: t >= T, not t > T."""
        sgdr(t, T, lr, mult=mult)  # refuses what would never end
        while t > T:
            t, T = t - T, mult * T
        return cosine_decay(t, T, lr, lr_min=lr_min)

    @mistake("N1216", replaces="sgdr")
    def never_restarted(t, T, lr, *, mult=1, lr_min=0.0):
        """At T the rate jumps back to lr."""
        return cosine_decay(t, T, lr, lr_min=lr_min)

    @mistake("N1216", replaces="sgdr")
    def there_and_back(t, T, lr, *, mult=1, lr_min=0.0):
        """The restart is a jump: a cosine that goes on rises as slowly as it fell."""
        return lr_min + (lr - lr_min) / 2 * (1 + math.cos(math.pi * t / T))

    @mistake("N1216", replaces="sgdr")
    def mult_ignored(t, T, lr, *, mult=1, lr_min=0.0):
        """Each cycle is mult times as long as the one before."""
        return sgdr(t, T, lr, lr_min=lr_min)

    @mistake("N1216", replaces="sgdr")
    def length_added(t, T, lr, *, mult=1, lr_min=0.0):
        """Lengths are multiplied, T mult^i: adding T (mult - 1) each time they grow too slowly."""
        sgdr(t, T, lr, mult=mult)  # refuses what would never end
        length = T
        while t >= length:
            t, length = t - length, length + T * (mult - 1)
        return cosine_decay(t, length, lr, lr_min=lr_min)

    @mistake("N1216", replaces="sgdr")
    def time_not_reset(t, T, lr, *, mult=1, lr_min=0.0):
        """In each cycle the count begins with 0 again."""
        sgdr(t, T, lr, mult=mult)  # refuses what would never end
        start, length = 0, T
        while t - start >= length:
            start, length = start + length, mult * length
        return cosine_decay(t if start else t - start, length, lr, lr_min=lr_min)

    @mistake("N864", replaces="sgdr")
    def floor_ignored(t, T, lr, *, mult=1, lr_min=0.0):
        """It goes towards lr_min, not always towards 0."""
        return sgdr(t, T, lr, mult=mult)

    @mistake("N864", replaces="sgdr")
    def floor_added_on_top(t, T, lr, *, mult=1, lr_min=0.0):
        """The way is lr - lr_min long: with lr it begins above lr."""
        return lr_min + sgdr(t, T, lr, mult=mult)
