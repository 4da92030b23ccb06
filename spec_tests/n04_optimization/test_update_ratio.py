"""Update-to-weight ratio: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import update_ratio
from nnspec.spec_tests._kinds import Case, Function, mistake, variant
from nnspec.spec_tests._truth import sqrt, where_positive

INFINITE = float("inf")
HEALTHY = Case(
    "a healthy step",
    inputs={"w": [[0.5, -0.25, 0.125], [1.0, -2.0, 0.75]], "w_new": [[0.501, -0.251, 0.125], [0.999, -2.002, 0.7505]]},
)


class TestUpdateRatio(Function):
    rows = ("04.34",)

    def definition(self, w, w_new):
        """out = |w_new - w| / |w|, the root of the sum of squares over all entries. CS231n notes, part 3."""
        step, size = np.sum((w_new - w) ** 2), np.sum(w**2)
        return where_positive(size, sqrt(step) / sqrt(size), INFINITE)

    def law_a_share_of_every_weight(self, run, problem):
        """If every weight loses an eighth, it is 1/8."""
        w = problem.inputs["w"]
        return run(w_new=problem.dtype.type(0.875) * w)["out"], problem.dtype.type(0.125)

    def law_the_unit_does_not_matter(self, run, problem):
        """Weights and step 64 times as large have the same ratio."""
        larger = {name: 64 * value for name, value in problem.inputs.items()}
        return run(**larger)["out"], run()["out"]

    def law_which_entry_does_not_matter(self, run, problem):
        """Both arrays turned around, or with every sign turned, have the same ratio."""
        w, w_new = problem.inputs.values()
        turned = run(w=-w[::-1].copy(), w_new=-w_new[::-1].copy())
        return turned["out"], run()["out"]

    def law_a_step_that_keeps_the_length(self, run, problem):
        """From w to -w is twice the weights, though they are as long as before."""
        w = problem.inputs["w"]
        return run(w_new=-w)["out"], problem.dtype.type(2)

    cases = (HEALTHY, Case("no step", inputs={"w": [[1.0, 2.0, -3.0]] * 2, "w_new": [[1.0, 2.0, -3.0]] * 2}))
    extremes = (
        Case("large", inputs={"w": [[1e15, -1e14, 1.0]] * 2, "w_new": [[1e15, 1e14, 0.0]] * 2}),
        Case("small", inputs={"w": [[1e-15, -1e-14, 0.0]] * 2, "w_new": [[1e-15, 1e-14, 1e-16]] * 2}),
    )
    ties = (Case("weights that are all 0", inputs={"w": [[0.0, 0.0, 0.0]] * 2}),)

    @mistake("N1221", replaces="update_ratio")
    def upside_down(w, w_new):
        """The step is above and the weights below: about 1e-3."""
        return 1 / update_ratio(w, w_new)

    @mistake("N1221", replaces="update_ratio")
    def beside_the_new_weights(w, w_new):
        """Divide by the size of the weights before the step."""
        return update_ratio(w, w_new) * np.sqrt((w * w).sum() / (w_new * w_new).sum())

    @mistake("N1221", replaces="update_ratio")
    def difference_of_the_norms(w, w_new):
        """Take the norm of the difference: the length of w may stay while every entry moves."""
        before, after = (np.sqrt((a * a).sum()) for a in (w, w_new))
        return np.abs(after - before) / before

    @mistake("N1221", replaces="update_ratio")
    def mean_of_the_ratios(w, w_new):
        """One norm for all entries: a mean of |step / w| is led by the smallest weights."""
        return np.abs((w_new - w) / w).mean()

    @mistake("N1221", replaces="update_ratio")
    def root_forgotten(w, w_new):
        """Norms have a root: the squares alone give the square of the ratio."""
        return update_ratio(w, w_new) ** 2

    @mistake("N1221", replaces="update_ratio")
    def sums_of_absolute_values(w, w_new):
        """The norm is the root of the sum of squares, not the sum of absolute values."""
        return np.abs(w_new - w).sum() / np.abs(w).sum()

    @mistake("N1221", replaces="update_ratio")
    def largest_entries(w, w_new):
        """The norm is over all entries, not the largest one."""
        return np.abs(w_new - w).max() / np.abs(w).max()

    @mistake("N1221", replaces="update_ratio")
    def row_by_row(w, w_new):
        """One number for the whole array: a norm of each row is another quantity."""
        step = w_new - w
        return (np.sqrt((step * step).sum(axis=-1)) / np.sqrt((w * w).sum(axis=-1))).mean()

    @mistake("N1221", replaces="update_ratio")
    def new_weights_taken_for_the_step(w, w_new):
        """The second argument is the weights after the step: subtract those before it."""
        return update_ratio(w, w + w_new)

    @mistake("M43", replaces="update_ratio", convention=True)
    def guarded_by_eps(w, w_new):
        """Weights of 0 have the ratio infinity, which is told: eps makes a large number of it."""
        return np.sqrt(((w_new - w) ** 2).sum()) / np.maximum(np.sqrt((w * w).sum()), w.dtype.type(1e-30))

    @variant("spread of the entries", source="Karpathy 2022, makemore, part 3", replaces="update_ratio")
    def spread_of_the_entries(w, w_new):
        """The standard deviation of the step over that of the weights."""
        return (w_new - w).std() / w.std()
