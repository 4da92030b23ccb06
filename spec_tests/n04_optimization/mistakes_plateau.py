"""Classic mistakes of the decay at a plateau."""

import math

from nnspec.reference import plateau
from nnspec.spec_tests._known import mistake


def watching(
    lr,
    factor,
    patience,
    threshold,
    lr_min,
    *,
    is_better=lambda metric, limit: metric < limit,
    forgets_the_best=False,
    best_after_a_drop=None,
    waited_after_a_drop=0,
):
    """A schedule that goes wrong in the ways that are asked for."""
    best, waited = math.inf, 0

    def after(metric):
        nonlocal lr, best, waited
        better = is_better(metric, best * (1 - threshold))
        waited = 0 if better else waited + 1
        best = metric if better or forgets_the_best else best
        if waited > patience:
            lr, waited = max(lr * factor, lr_min), waited_after_a_drop
            best = best if best_after_a_drop is None else best_after_a_drop
        return lr

    return after


class MistakesOfPlateau:
    @mistake("M48", replaces="plateau")
    def one_epoch_early(lr, *, factor=0.1, patience=10, threshold=1e-4, lr_min=0.0):
        """`patience` epochs are forgiven: the rate drops after more than these, waited > patience."""
        return plateau(lr, factor=factor, patience=max(0, patience - 1), threshold=threshold, lr_min=lr_min)

    @mistake("M48", replaces="plateau")
    def one_epoch_late(lr, *, factor=0.1, patience=10, threshold=1e-4, lr_min=0.0):
        """The epoch after the patience drops the rate: waited > patience, not > patience + 1."""
        return plateau(lr, factor=factor, patience=patience + 1, threshold=threshold, lr_min=lr_min)

    @mistake("N1218", replaces="plateau")
    def compared_with_the_epoch_before(lr, *, factor=0.1, patience=10, threshold=1e-4, lr_min=0.0):
        """Compare with the best epoch so far, not with the last one."""
        return watching(lr, factor, patience, threshold, lr_min, forgets_the_best=True)

    @mistake("N1218", replaces="plateau")
    def best_forgotten_at_a_drop(lr, *, factor=0.1, patience=10, threshold=1e-4, lr_min=0.0):
        """A drop begins the count again, and leaves the best as it was."""
        return watching(lr, factor, patience, threshold, lr_min, best_after_a_drop=math.inf)

    @mistake("N1218", replaces="plateau")
    def count_goes_on_after_a_drop(lr, *, factor=0.1, patience=10, threshold=1e-4, lr_min=0.0):
        """After a drop the patience begins again: else every further epoch drops the rate."""
        return watching(lr, factor, patience, threshold, lr_min, waited_after_a_drop=patience)

    @mistake("N1218", replaces="plateau")
    def nan_taken_for_the_best(lr, *, factor=0.1, patience=10, threshold=1e-4, lr_min=0.0):
        """NaN is not better: ask for metric < best, because `not metric >= best` is true of it, and for ever after."""
        return watching(lr, factor, patience, threshold, lr_min, is_better=lambda metric, limit: not metric >= limit)

    @mistake("N1218", replaces="plateau")
    def threshold_ignored(lr, *, factor=0.1, patience=10, threshold=1e-4, lr_min=0.0):
        """What falls by less than the threshold is no progress."""
        return plateau(lr, factor=factor, patience=patience, threshold=0.0, lr_min=lr_min)

    @mistake("N1218", replaces="plateau")
    def higher_is_better(lr, *, factor=0.1, patience=10, threshold=1e-4, lr_min=0.0):
        """The metric is a loss: lower is better. Give an accuracy with its sign turned."""
        after = plateau(lr, factor=factor, patience=patience, threshold=threshold, lr_min=lr_min)
        return lambda metric: after(-metric)

    @mistake("N1218", replaces="plateau")
    def factor_subtracted(lr, *, factor=0.1, patience=10, threshold=1e-4, lr_min=0.0):
        """factor is what is left of the rate: 0.1 leaves a tenth, and takes nine."""
        return plateau(lr, factor=1 - factor, patience=patience, threshold=threshold, lr_min=lr_min)

    @mistake("N864", replaces="plateau")
    def floor_ignored(lr, *, factor=0.1, patience=10, threshold=1e-4, lr_min=0.0):
        """Stop at lr_min."""
        return plateau(lr, factor=factor, patience=patience, threshold=threshold)
