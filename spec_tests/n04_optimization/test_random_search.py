"""Random search and random local search: their laws. Classic mistakes: mistakes_random_search.py."""

import math

import numpy as np

from nnspec.spec_tests._kinds import Case, Drawing, Malformed


class Height:
    """A loss that `nnspec explain --example` can write down."""

    def __call__(self, w):
        return float((w * w).sum())

    def __repr__(self):
        return "lambda w: float((w * w).sum())"


height = Height()


def generator(seed=0):
    return np.random.default_rng(seed)


CALL = Case("", options={"rng": lambda dims, dtype: generator()}, inputs={"loss": height, "shape": (2, 3), "n": 4})
HOPELESS = Case("", options=CALL.options, inputs={"loss": lambda w: math.nan, "shape": (2, 3), "n": 4})
BAD = (
    Malformed("n of 0", "n", lambda _: 0, case=CALL),
    Malformed("a loss that is no function", "loss", lambda _: 0.5, case=CALL),
    Malformed("a loss that is always NaN", "loss", case=HOPELESS),
    Malformed("a seed for a generator", "rng", lambda _: 0, case=CALL),
)


class Search(Drawing):
    """A search that asks a loss where it is lowest."""

    def drawn(self, search, rng):
        return search(height, (3, 2), 5, rng=rng)[0]

    def law_the_best_is_kept(self, search):
        """Of all that were tried: told by a loss that writes down what it sees."""
        seen = Seen(height)
        w, _ = search(seen, (4, 5), 30, rng=generator())
        return w, min(seen.at, key=height)

    bad = BAD


class TestRandomSearch(Search):
    rows = ("04.01",)

    def law_history(self, search):
        """What comes with it is the loss of each try, in order."""
        seen = Seen(height)
        _, losses = search(seen, (2,), 7, rng=generator())
        return losses, seen.losses

    def law_the_first_of_equals(self, search):
        """Only what is lower replaces the best."""
        seen = Seen(scripted(3, 2, 4, 2, 2))
        w, _ = search(seen, (2, 2), 5, rng=generator())
        return w, seen.at[1]

    def law_nan_is_passed_over(self, search):
        """Wherever it comes, also first."""
        seen = Seen(scripted(math.nan, 5, math.nan, 4, math.nan))
        w, _ = search(seen, (2, 2), 5, rng=generator())
        return w, seen.at[3]

    def law_every_try_is_drawn_anew(self, search):
        """From a normal distribution around 0 with the deviation `scale`, whatever was best before."""
        seen = Seen(height)
        search(seen, (40, 25), 20, scale=0.5, rng=generator())
        return [spread(w) for w in seen.at] + [len({w.tobytes() for w in seen.at})], [(0.5, True)] * 20 + [20]

    def law_a_thousandth_by_default(self, search):
        """scale is 1e-3."""
        seen = Seen(height)
        search(seen, (40, 25), 1, rng=generator())
        return spread(1000 * seen.at[0]), (1.0, True)

    def law_any_shape(self, search):
        """w has the shape that is asked for, in each call anew, and more digits than half precision."""
        found = [search(height, shape, 2, rng=generator())[0] for shape in ((3,), (2, 4), [5], ())]
        fine = [bool((w != np.float16(w)).any()) for w in found]
        return [[np.shape(w) for w in found], fine], [[(3,), (2, 4), (5,), ()], [True] * 4]

    def law_what_loss_does_to_its_argument(self, search):
        """A loss that overwrites its argument does not change the answer."""

        def spoiling(w):
            value = height(w)
            w[...] = 7
            return value

        return search(spoiling, (3,), 5, rng=generator())[0], search(height, (3,), 5, rng=generator())[0]


class TestRandomLocalSearch(Search):
    rows = ("04.02",)

    def law_history(self, search):
        """What comes with it is the loss of the first draw and of each of n steps, in order."""
        seen = Seen(height)
        _, losses = search(seen, (2,), 7, rng=generator())
        return [losses, len(seen.losses)], [seen.losses, 8]

    def law_steps_go_from_the_best(self, search):
        """Each try is `step` away from the best so far, of whatever came between."""
        seen = Seen(scripted(5, 3, 4, math.nan, 3, 2, 6))
        w, _ = search(seen, (40, 25), 6, scale=2.0, step=0.5, rng=generator())
        before = [0, 1, 1, 1, 1, 5]
        steps = [spread(tried - seen.at[best]) for tried, best in zip(seen.at[1:], before, strict=True)]
        return [*steps, np.array_equal(w, seen.at[5])], [(0.5, True)] * 6 + [True]

    def law_equal_is_not_lower(self, search):
        """On a plain it stays where it began."""
        seen = Seen(scripted(1, 1, 1, 1))
        w, _ = search(seen, (2, 2), 3, rng=generator())
        return w, seen.at[0]

    def law_where_it_begins(self, search):
        """At a draw from a normal distribution with the deviation `scale`, by default 1e-3; a step is 1e-4."""
        seen = Seen(scripted(1, 2, 2))
        search(seen, (40, 25), 2, rng=generator())
        found = [spread(1000 * seen.at[0]), spread(10000 * (seen.at[1] - seen.at[0]))]
        return found, [(1.0, True)] * 2

    def law_small_steps_from_far_away(self, search):
        """A step of a millionth is one, from where it begins at 1 as at 1/1000."""
        found = []
        for scale in (1e-3, 1.0):
            seen = Seen(scripted(1, 2))
            search(seen, (40, 25), 1, scale=scale, step=1e-6, rng=generator())
            found += [spread(seen.at[0] / scale), spread(1e6 * (seen.at[1] - seen.at[0]))]
        return found, [(1.0, True)] * 4

    def law_it_gets_down(self, search):
        """In 300 steps from 4 dimensions of about 1, the loss is a hundredth."""
        w, losses = search(height, (4,), 300, scale=1.0, step=0.2, rng=generator())
        return [height(w) < 0.01 * max(1, losses[0]) + 0.05, height(w) == min(losses)], [True, True]


class Seen:
    """A loss that writes down what it is asked for."""

    def __init__(self, loss):
        self.loss, self.at, self.losses = loss, [], []

    def __call__(self, w):
        self.at.append(w.copy())
        self.losses.append(self.loss(w))
        return self.losses[-1]


def scripted(*losses):
    """A loss that says these, whatever it is asked for."""
    left = iter(losses)
    return lambda w: float(next(left))


def spread(w):
    """The deviation to a tenth, and whether as many entries are within it as of a normal distribution."""
    within = (abs(w) < w.std()).mean()
    return round(float(w.std()), 1), bool(abs(within - 0.683) < 0.06 and abs(w.mean()) < 0.15 * w.std())
