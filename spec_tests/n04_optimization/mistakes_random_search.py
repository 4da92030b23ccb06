"""Classic mistakes of random search and random local search."""

import math

import numpy as np

from nnspec.reference import random_local_search, random_search
from nnspec.spec_tests._known import mistake


def searched(loss, n, proposed, *, is_lower=lambda value, lowest: value < lowest, keeps=True):
    """The best of n proposals, or what is wrong with it; `proposed` is told the best so far and the last one."""
    best, lowest, last, losses = None, math.inf, None, []
    for _ in range(n):
        last = proposed(best, last)
        value = float(loss(last.copy()))
        losses.append(value)
        if best is None or is_lower(value, lowest):
            best, lowest = last, value
    if all(math.isnan(value) for value in losses):
        raise ValueError("search: loss was always NaN")
    return best if keeps else last, losses


class MistakesOfRandomSearch:
    @mistake("N1223", replaces="random_search")
    def last_one_returned(loss, shape, n, *, scale=1e-3, rng):
        """Give the best one, not the last one."""
        return searched(loss, n, lambda best, last: scale * rng.standard_normal(shape), keeps=False)

    @mistake("N1223", replaces="random_search")
    def highest_loss_kept(loss, shape, n, *, scale=1e-3, rng):
        """The lowest loss is the best."""
        w, losses = random_search(lambda w: -loss(w), shape, n, scale=scale, rng=rng)
        return w, [-value for value in losses]

    @mistake("N1223", replaces="random_search")
    def last_of_equals(loss, shape, n, *, scale=1e-3, rng):
        """Only what is lower replaces the best: <, not <=."""
        lower = lambda value, lowest: value <= lowest  # noqa: E731
        return searched(loss, n, lambda best, last: scale * rng.standard_normal(shape), is_lower=lower)

    @mistake("N1223", replaces="random_search")
    def nan_kept(loss, shape, n, *, scale=1e-3, rng):
        """NaN is never lower: ask for value < lowest, because `not value >= lowest` is true of it."""
        lower = lambda value, lowest: not value >= lowest  # noqa: E731
        return searched(loss, n, lambda best, last: scale * rng.standard_normal(shape), is_lower=lower)

    @mistake("N1223", replaces="random_search")
    def uniform_draws(loss, shape, n, *, scale=1e-3, rng):
        """Draw from a normal distribution with the deviation `scale`, on both sides of 0."""
        return searched(loss, n, lambda best, last: scale * rng.random(shape))

    @mistake("N1223", replaces="random_search")
    def scale_ignored(loss, shape, n, *, scale=1e-3, rng):
        """Multiply the draws by the scale that is given."""
        return random_search(loss, shape, n, rng=rng)

    @mistake("N1223", replaces="random_search")
    def searched_around_the_best(loss, shape, n, *, scale=1e-3, rng):
        """Every try is drawn anew: around the best so far is the local search."""
        return (
            random_local_search(loss, shape, n - 1, scale=scale, step=scale, rng=rng)
            if n > 1
            else random_search(loss, shape, n, scale=scale, rng=rng)
        )

    @mistake("N82", replaces="random_search")
    def generator_ignored(loss, shape, n, *, scale=1e-3, rng):
        """Use the generator that is given, or no run can be repeated."""
        return random_search(loss, shape, n, scale=scale, rng=np.random.default_rng())

    @mistake("N1223", replaces="random_search")
    def best_so_far_as_history(loss, shape, n, *, scale=1e-3, rng):
        """Give the loss of each try, not the lowest so far."""
        w, losses = random_search(loss, shape, n, scale=scale, rng=rng)
        return w, list(np.fmin.accumulate(losses))


class MistakesOfRandomLocalSearch:
    @mistake("N1224", replaces="random_local_search")
    def every_step_taken(loss, shape, n, *, scale=1e-3, step=1e-4, rng):
        """Step only where the loss is lower: else it is a random walk."""

        def proposed(best, last):
            return scale * rng.standard_normal(shape) if last is None else last + step * rng.standard_normal(shape)

        return searched(loss, n + 1, proposed)

    @mistake("N1224", replaces="random_local_search")
    def equal_steps_taken(loss, shape, n, *, scale=1e-3, step=1e-4, rng):
        """Only what is lower is taken: <, not <=."""

        def proposed(best, last):
            return scale * rng.standard_normal(shape) if best is None else best + step * rng.standard_normal(shape)

        return searched(loss, n + 1, proposed, is_lower=lambda value, lowest: value <= lowest)

    @mistake("N1224", replaces="random_local_search")
    def drawn_anew_each_time(loss, shape, n, *, scale=1e-3, step=1e-4, rng):
        """Go from the best so far: draws around 0 are the plain random search."""
        return random_search(loss, shape, n + 1, scale=scale, rng=rng)

    @mistake("N1224", replaces="random_local_search")
    def first_step_always_taken(loss, shape, n, *, scale=1e-3, step=1e-4, rng):
        """Look at the loss of the start: without it the first step is taken even uphill, as in the notes' own code."""
        start = scale * rng.standard_normal(shape)

        def proposed(best, last):
            return (start if best is None else best) + step * rng.standard_normal(shape)

        return searched(loss, n, proposed)

    @mistake("N1224", replaces="random_local_search")
    def step_ignored(loss, shape, n, *, scale=1e-3, step=1e-4, rng):
        """Multiply the step by the `step` that is given."""
        return random_local_search(loss, shape, n, scale=scale, rng=rng)

    @mistake("N1224", replaces="random_local_search")
    def uniform_steps(loss, shape, n, *, scale=1e-3, step=1e-4, rng):
        """Steps go to both sides, drawn from a normal distribution."""

        def proposed(best, last):
            return scale * rng.standard_normal(shape) if best is None else best + step * rng.random(shape)

        return searched(loss, n + 1, proposed)

    @mistake("N82", replaces="random_local_search")
    def generator_ignored(loss, shape, n, *, scale=1e-3, step=1e-4, rng):
        """Use the generator that is given, or no run can be repeated."""
        return random_local_search(loss, shape, n, scale=scale, step=step, rng=np.random.default_rng())
