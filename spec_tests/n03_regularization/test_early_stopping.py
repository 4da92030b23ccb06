"""Early stopping: its laws. Classic mistakes: mistakes_early_stopping.py."""

import math

from nnspec.spec_tests._kinds import Case, Malformed, Procedure

NAN = math.nan
CALL = Case("", options={"patience": 3, "min_delta": 0.5, "mode": "max"})


class TestEarlyStopping(Procedure):
    rows = ("03.17",)

    def law_stops_after_patience_epochs(self, f):
        """Two epochs in a row that are not better end it with patience=2, and not one."""
        stops, best = told(f(patience=2), [0.5, 0.6, 0.6, 0.55, 0.7])
        return [stops[:4], best[:4]], [[False, False, False, True], [0, 1, 1, 1]]

    def law_what_is_better_begins_the_count_anew(self, f):
        """Epochs that are not better count in a row."""
        stops, best = told(f(patience=2), [1, 0, 2, 0, 3, 0, 0])
        return [stops, best], [[False] * 6 + [True], [0, 0, 2, 2, 4, 4, 4]]

    def law_the_first_of_equals(self, f):
        """As good as the best is not better: the first maximum stays."""
        stops, best = told(f(patience=3), [0.25, 0.75, 0.75, 0.75])
        return [stops, best], [[False] * 4, [0, 1, 1, 1]]

    def law_the_best_and_not_the_last(self, f):
        """Compared is with the best so far: to rise from a low is no improvement."""
        stops, best = told(f(patience=3), [3, 1, 2, 2.5])
        return [stops, best], [[False, False, False, True], [0] * 4]

    def law_by_more_than_min_delta(self, f):
        """What is better by min_delta alone is not better."""
        stops, _ = told(f(patience=2, min_delta=0.5), [1, 1.5, 1.25])
        again, _ = told(f(patience=2, min_delta=0.5), [1, 1.75, 1.5, 2.5, 2])
        return [stops, again], [[False, False, True], [False] * 5]

    def law_a_loss_is_to_be_low(self, f):
        """With mode="min" all is turned around, min_delta too."""
        stops, best = told(f(patience=2, mode="min", min_delta=0.25), [3.0, 2.0, 1.8, 1.0, 1.5, 2.5])
        return [stops, best], [[False] * 5 + [True], [0, 1, 1, 3, 3, 3]]

    def law_metrics_below_0(self, f):
        """Log likelihoods are below 0, and the first one is better than none."""
        found = [told(f(patience=1), [-5, -7]), told(f(patience=1, mode="min"), [5, 7])]
        return found, [[[False, True], [0, 0]]] * 2

    def law_nan_is_never_better(self, f):
        """It counts as an epoch without improvement, and is nothing to be compared with."""
        found = [told(f(patience=2), metrics) for metrics in ([1, NAN, NAN], [NAN, 0.5, NAN, 0.75], [NAN, NAN])]
        return found, [[[False, False, True], [0, 0, 0]], [[False] * 4, [None, 1, 1, 3]], [[False, True], [None, None]]]

    def law_ten_epochs_by_default(self, f):
        """patience is 10, an accuracy is meant, and any improvement is one."""
        stops, best = told(f(), [0.5, 0.5 + 2.0**-20, 0.5 + 2.0**-21, *[0.5] * 9])
        return [stops, best], [[False] * 11 + [True], [0, *[1] * 11]]

    def law_two_know_nothing_of_each_other(self, f):
        """Each has a best and a count of its own."""
        one, other = f(patience=2), f(patience=2)
        return [after(m)[0] for m in (1, 0, 0) for after in (one, other)], [False] * 4 + [True] * 2

    bad = (
        Malformed("patience of 0", "patience", lambda _: 0, case=CALL),
        Malformed("patience a fraction", "patience", lambda _: 1.5, case=CALL),
        Malformed("min_delta below 0", "min_delta", lambda _: -0.5, case=CALL),
        Malformed("min_delta NaN", "min_delta", lambda _: NAN, case=CALL),
        Malformed("mode unknown", "mode", lambda _: "best", case=CALL),
    )


def told(after, metrics):
    """What it says of each epoch: whether to stop, and which was best."""
    found = [after(metric) for metric in metrics]
    return [[bool(stop) for stop, _ in found], [best if best is None else int(best) for _, best in found]]
