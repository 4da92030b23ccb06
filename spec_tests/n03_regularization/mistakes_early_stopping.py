"""Classic mistakes of early stopping."""

import math

from nnspec.reference import early_stopping
from nnspec.spec_tests._known import mistake

NAN = math.nan


class MistakesOfEarlyStopping:
    @mistake("N1569", replaces="early_stopping")
    def one_epoch_too_late(*, patience=10, min_delta=0.0, mode="max"):
        """Stop when `patience` epochs were not better, not after one more."""
        return early_stopping(patience=patience + 1, min_delta=min_delta, mode=mode)

    @mistake("N1569", replaces="early_stopping")
    def at_the_first_that_is_not_better(*, patience=10, min_delta=0.0, mode="max"):
        """Wait `patience` epochs: a metric goes up and down."""
        return early_stopping(patience=1, min_delta=min_delta, mode=mode)

    @mistake("N1569", replaces="early_stopping")
    def count_never_begins_anew(*, patience=10, min_delta=0.0, mode="max"):
        """An epoch that is better sets the count back to 0."""
        after, waited, best = early_stopping(patience=patience, min_delta=min_delta, mode=mode), 0, None

        def counting(metric):
            nonlocal waited, best
            _, now = after(metric)
            waited, best = waited + (now == best), now
            return waited >= patience, best

        return counting

    @mistake("N1570", replaces="early_stopping")
    def compared_with_the_epoch_before(*, patience=10, min_delta=0.0, mode="max"):
        """Compare with the best epoch so far, not with the last one."""
        sign, last, waited, epoch, best = (1 if mode == "max" else -1), -math.inf, 0, -1, None

        def after(metric):
            nonlocal last, waited, epoch, best
            epoch += 1
            waited, best = (0, epoch) if sign * metric > last + min_delta else (waited + 1, best)
            last = sign * metric
            return waited >= patience, best

        return after

    @mistake("N1570", replaces="early_stopping")
    def as_good_is_better(*, patience=10, min_delta=0.0, mode="max"):
        """Of equal epochs the first is best: > and not >=."""
        return early_stopping(patience=patience, min_delta=max(0.0, min_delta - 2.0**-30), mode=mode)

    @mistake("N1570", replaces="early_stopping")
    def last_of_equals(*, patience=10, min_delta=0.0, mode="max"):
        """The epoch of the first maximum is the best one, with fewer steps away from where it began."""
        after, seen = early_stopping(patience=patience, min_delta=min_delta, mode=mode), []

        def later(metric):
            stop, best = after(metric)
            seen.append(metric)
            return stop, best if best is None else max(i for i, m in enumerate(seen) if m == seen[best])

        return later

    @mistake("N1571", replaces="early_stopping")
    def always_to_be_high(*, patience=10, min_delta=0.0, mode="max"):
        """A loss is to be low: with mode="min" smaller is better."""
        return early_stopping(patience=patience, min_delta=min_delta)

    @mistake("N1571", replaces="early_stopping")
    def always_to_be_low(*, patience=10, min_delta=0.0, mode="max"):
        """An accuracy is to be high: with mode="max", the default, larger is better."""
        return early_stopping(patience=patience, min_delta=min_delta, mode="min")

    @mistake("N1571", replaces="early_stopping")
    def min_delta_ignored(*, patience=10, min_delta=0.0, mode="max"):
        """Better is what is better by more than min_delta."""
        return early_stopping(patience=patience, mode=mode)

    @mistake("N1571", replaces="early_stopping")
    def best_begins_at_0(*, patience=10, min_delta=0.0, mode="max"):
        """The first epoch is better than none: begin with minus infinity, as a metric may be below 0."""
        after, first = early_stopping(patience=patience, min_delta=min_delta, mode=mode), [True]

        def beginning(metric):
            if first and (metric <= 0 if mode == "max" else metric >= 0):
                return after(NAN)
            first.clear()
            return after(metric)

        return beginning

    @mistake("N1572", replaces="early_stopping")
    def nan_becomes_the_best(*, patience=10, min_delta=0.0, mode="max"):
        """NaN is never better: whatever is compared with it later would not be better either."""
        after, spoilt = early_stopping(patience=patience, min_delta=min_delta, mode=mode), []

        def spoiling(metric):
            spoilt.extend([True] * (metric != metric))
            return after(NAN if spoilt else metric)

        return spoiling

    @mistake("N1572", replaces="early_stopping")
    def stop_at_nan(*, patience=10, min_delta=0.0, mode="max"):
        """An epoch of NaN is one that is not better, and waits like any other."""
        after = early_stopping(patience=patience, min_delta=min_delta, mode=mode)

        def stopping(metric):
            stop, best = after(metric)
            return stop or metric != metric, best

        return stopping
