"""Decay at a plateau: its laws. Classic mistakes: mistakes_plateau.py."""

import math

from nnspec.spec_tests._kinds import Case, Malformed, Procedure

CALL = Case("", inputs={"lr": 0.5})


class TestPlateau(Procedure):
    rows = ("04.27",)

    def law_while_it_gets_better_it_stays(self, f):
        """A metric that falls in every epoch keeps the rate."""
        return rates(f(1.0, patience=1), [5, 4, 3, 2, 1]), [1] * 5

    def law_patience(self, f):
        """patience = 2: two epochs without progress are forgiven, the third one drops the rate."""
        return rates(f(1.0, factor=0.5, patience=2), [3, 3, 3, 3, 3]), [1, 1, 1, 0.5, 0.5]

    def law_without_patience(self, f):
        """patience = 0 drops after every epoch that is not better."""
        return rates(f(1.0, factor=0.5, patience=0), [3, 3, 2, 2]), [1, 0.5, 0.5, 0.25]

    def law_the_count_begins_again(self, f):
        """After a drop, and after progress."""
        found = rates(f(1.0, factor=0.5, patience=1), [3, 3, 3, 3, 3, 2, 2, 1, 1, 1])
        return found, [1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.125]

    def law_against_the_best_epoch(self, f):
        """What counts is the best so far: from 5 back to 3 is no progress after a 2."""
        return rates(f(1.0, factor=0.5, patience=1), [2, 5, 3, 4, 3]), [1, 1, 0.5, 0.5, 0.25]

    def law_the_best_outlives_a_drop(self, f):
        """After a drop the best is what it was."""
        return rates(f(1.0, factor=0.5, patience=0), [2, 3, 2.5]), [1, 0.5, 0.25]

    def law_hardly_better_is_not_better(self, f):
        """With threshold = 1/4 a metric has to fall below three quarters of the best."""
        found = rates(f(1.0, factor=0.5, patience=0, threshold=0.25), [4, 3, 2.5, 2, 1.5])
        return found, [1, 0.5, 0.5, 0.25, 0.25]

    def law_the_threshold_is_small(self, f):
        """By default a ten-thousandth less is not better, and twice that is."""
        return rates(f(1.0, factor=0.5, patience=0), [1, 0.99995, 0.9998]), [1, 0.5, 0.5]

    def law_nan_is_no_progress(self, f):
        """NaN counts as an epoch without progress, and never becomes the best."""
        found = rates(f(1.0, factor=0.5, patience=1), [3, math.nan, math.nan, 2, math.nan, 1, math.nan])
        return found, [1, 1, 0.5, 0.5, 0.5, 0.5, 0.5]

    def law_nan_from_the_beginning(self, f):
        """The first number after it is better than nothing."""
        return rates(f(1.0, factor=0.5, patience=1), [math.nan, math.nan, 3, 3]), [1, 0.5, 0.5, 0.5]

    def law_the_floor(self, f):
        """It never falls below lr_min, and reaches it."""
        return rates(f(1.0, factor=0.5, patience=0, lr_min=0.375), [1, 1, 1, 1]), [1, 0.5, 0.375, 0.375]

    def law_what_is_not_said(self, f):
        """By default a tenth is left after more than ten epochs."""
        return [round(lr, 12) for lr in rates(f(0.5), [1] * 23)], [0.5] * 11 + [0.05] * 11 + [0.005]

    def law_two_schedules_know_nothing_of_each_other(self, f):
        """Each has a best and a count of its own."""
        one, other = f(1.0, factor=0.5, patience=1), f(1.0, factor=0.5, patience=1)
        return [schedule(3) for schedule in (one, other, one, other, one, other)], [1, 1, 1, 1, 0.5, 0.5]

    bad = (
        Malformed("factor of 1", "factor", lambda _: 1.0, case=Case("", options={"factor": 0.5}, inputs={"lr": 0.5})),
        Malformed("factor of 0", "factor", lambda _: 0.0, case=Case("", options={"factor": 0.5}, inputs={"lr": 0.5})),
        Malformed("patience below 0", "patience", lambda _: -1, case=CALL),
        Malformed("lr a string", "lr", lambda _: "fast", case=CALL),
    )


def rates(schedule, metrics):
    """After each epoch."""
    return [float(schedule(metric)) for metric in metrics]
