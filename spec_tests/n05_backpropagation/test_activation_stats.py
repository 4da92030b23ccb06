"""Statistics of activations: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import activation_stats
from nnspec.spec_tests._budget import Budget
from nnspec.spec_tests._kinds import Case, Function, Malformed, mistake
from nnspec.spec_tests._truth import absolute, sqrt, where_positive

SINGLE = np.finfo(np.float32).eps


def of_a_relu(rng, shape):
    """Some zeros, and the first unit dead."""
    h = np.maximum(rng.standard_normal(shape), 0)
    h[:, :1] = 0
    return h


def of_a_tanh(rng, shape):
    return np.tanh(4 * rng.standard_normal(shape))


class TestActivationStats(Function):
    rows = ("05.23",)
    outputs = ("mean", "std", "zeros", "saturated", "dead", "nans")

    def definition(self, h, *, bound=0.99):
        """mean, std, and the shares of 0, of |h| >= bound, of units that are always 0, of NaN. CS231n notes, part 3."""
        mean = np.sum(h) / h.size
        std = sqrt(np.sum((h - mean) ** 2) / h.size)
        zeros = 1 - where_positive(absolute(h), 1)
        saturated = 1 - where_positive(bound - absolute(h), 1)
        dead = 1 - where_positive(np.sum(absolute(h), axis=0), 1)
        return mean, std, np.mean(zeros), np.mean(saturated), np.mean(dead), 0

    def law_of_half_dead_units(self, run, problem):
        """Units that are 0 for every sample are dead; one sample that is not revives them."""
        h = np.ones((4, 6), problem.dtype)
        h[:, :3] = 0
        revived = h.copy()
        revived[1, 0] = 0.5
        found = [run(h=h), run(h=revived)]
        return [[f["zeros"], f["dead"]] for f in found], [[1 / 2, 1 / 2], [11 / 24, 1 / 3]]

    def law_of_what_is_not_known(self, run, problem):
        """NaN is counted, and left out of everything else."""
        h = np.array([[1, np.nan, 0, 3], [1, 0, 0, np.nan]], problem.dtype)
        found = run(h=h)
        mean, variance = np.longdouble(5) / 6, np.longdouble(41) / 36
        return list(found.values()), [mean, np.sqrt(variance), 3 / 8, 3 / 8, 1 / 4, 1 / 4]

    def law_saturation_is_on_both_sides(self, run, problem):
        """bound belongs to it, above and below."""
        problem.options = {"bound": 0.5}
        return run(h=np.array([[0.5, -0.5, 0.25, -2.0]], problem.dtype))["saturated"], 3 / 4

    cases = (
        Case("a ReLU", {"N": 3, "units": (4,)}, inputs={"h": of_a_relu}),
        Case("a tanh", {"N": 3, "units": (4,)}, inputs={"h": of_a_tanh}),
        Case("maps", {"N": 2, "units": (3, 2, 2)}, inputs={"h": of_a_relu}),
        Case("bound a half", {"N": 3, "units": (4,)}, bound=0.5),
        Case("one unit", {"N": 5, "units": ()}),
    )
    extremes = (
        Case("a common offset", inputs={"h": lambda rng, shape: 1000 + rng.standard_normal(shape)}),
        Case("far out", inputs={"h": lambda rng, shape: 1e4 * rng.standard_normal(shape)}),
        Case("all dead", inputs={"h": lambda rng, shape: np.zeros(shape)}),
    )
    ties = (
        Case("NaN apart", {"N": 2, "units": (3,)}, inputs={"h": [[np.nan, 1.0, 0.0], [2.0, np.nan, 0.0]]}),
        Case("nothing but NaN", {"N": 1, "units": (2,)}, inputs={"h": [[np.nan, np.nan]]}),
        Case("minus zero", {"N": 2, "units": (2,)}, inputs={"h": [[-0.0, 1.0], [0.0, -1.0]]}),
    )
    bad = (Malformed("no samples", "h", N=0), Malformed("no units", "h", case=Case("", {"units": (0,)})))

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """A share is a ratio of counts, in single precision or better."""
        found = super().budgets(problem, want, lenient, at_tie)
        nothing = np.zeros(())
        return found | {name: Budget(nothing, nothing + SINGLE, 0.0) for name in self.outputs[2:] if name in want}

    @mistake("N1335", replaces="activation_stats")
    def zeros_are_dead(h, *, bound=0.99):
        """A unit is dead if it is 0 for every sample; that an activation is 0 is what a ReLU is for."""
        mean, std, zeros, saturated, _, nans = activation_stats(h, bound=bound)
        return mean, std, zeros, saturated, zeros, nans

    @mistake("N1335", replaces="activation_stats")
    def samples_for_units(h, *, bound=0.99):
        """Units are behind the first axis: look along the samples, axis 0."""
        *others, _, nans = activation_stats(h, bound=bound)
        return *others, h.dtype.type((h == 0).all(axis=tuple(range(1, h.ndim))).mean()), nans

    @mistake("N1335", replaces="activation_stats")
    def one_zero_kills(h, *, bound=0.99):
        """Dead is 0 for all samples, not for any."""
        *others, _, nans = activation_stats(h, bound=bound)
        return *others, h.dtype.type((h == 0).any(axis=0).mean()), nans

    @mistake("N1336", replaces="activation_stats")
    def variance_for_deviation(h, *, bound=0.99):
        """Take the root: std is the deviation."""
        mean, std, *others = activation_stats(h, bound=bound)
        return mean, std * std, *others

    @mistake("M67", replaces="activation_stats")
    def divided_by_one_less(h, *, bound=0.99):
        """The std divides by the number of activations."""
        mean, std, *others = activation_stats(h, bound=bound)
        return mean, std * h.dtype.type((h.size / max(1, h.size - 1)) ** 0.5), *others

    @mistake("N1336", replaces="activation_stats")
    def mean_of_the_deviations_of_units(h, *, bound=0.99):
        """One std over all activations: the mean of those of the units leaves out how units differ."""
        mean, _, *others = activation_stats(h, bound=bound)
        return mean, h.std(axis=0).mean(), *others

    @mistake("N1337", replaces="activation_stats")
    def saturated_above_alone(h, *, bound=0.99):
        """A tanh saturates at -1 as well: compare |h| with the bound."""
        mean, std, zeros, _, *others = activation_stats(h, bound=bound)
        return mean, std, zeros, h.dtype.type((h >= bound).mean()), *others

    @mistake("N1337", replaces="activation_stats")
    def bound_ignored(h, *, bound=0.99):
        """Use the bound that is given."""
        return activation_stats(h)

    @mistake("N1338", replaces="activation_stats")
    def counts_for_shares(h, *, bound=0.99):
        """Divide by how many there are: shares lie between 0 and 1."""
        mean, std, zeros, *others = activation_stats(h, bound=bound)
        return mean, std, zeros * h.size, *others

    @mistake("N1338", replaces="activation_stats", convention=True)
    def nan_poisons_the_mean(h, *, bound=0.99):
        """NaN has a share of its own, and is left out of mean and std."""
        _, _, *others = activation_stats(h, bound=bound)
        return h.mean(), h.std(), *others
