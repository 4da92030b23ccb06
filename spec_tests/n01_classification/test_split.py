"""Training, validation and test split: the laws of the parts. Classic mistakes: mistakes_split.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Drawing, Malformed


def generator(seed=0):
    return np.random.default_rng(seed)


def call(N, shares, **options):
    made = {"rng": lambda dims, dtype: generator(), **options}
    return Case("", options=made, inputs={"N": N, "shares": shares})


SORTED = [0] * 20 + [1] * 10 + [2] * 5  # a file that is sorted by class


class TestSplitIndices(Drawing):
    rows = ("01.10",)

    def drawn(self, split, rng):
        return [split(40, (6, 2, 2), rng=rng), split(35, (3, 2), rng=rng, labels=SORTED)]

    def law_every_sample_is_in_one_part(self, split):
        """The parts are disjoint and together every sample once."""
        cuts = [split(17, (6, 2, 2), rng=generator()), split(35, (3, 1, 1), rng=generator(), labels=SORTED)]
        return [sorted(np.concatenate(parts).tolist()) for parts in cuts], [list(range(17)), list(range(35))]

    def law_sizes_by_the_largest_remainder(self, split):
        """Rounded down, and what is left goes to those who lost most, of equals to the first."""
        asked = [
            (10, (8, 1, 1)),
            (11, (8, 1, 1)),
            (9, (6, 2, 2)),
            (10, (1, 1, 1)),
            (7, (5, 3)),
            (5, (1, 0, 1)),
            (3, (2,)),
            (33, (3, 2) * 16),
        ]
        found = [[len(part) for part in split(N, shares, rng=generator())] for N, shares in asked]
        many = [2] + [1] * 31
        return found, [[8, 1, 1], [9, 1, 1], [5, 2, 2], [4, 3, 3], [4, 3], [3, 0, 2], [3], many]

    def law_counts(self, split):
        """Shares that add up to N are the sizes."""
        return [len(part) for part in split(60, (49, 1, 10), rng=generator())], [49, 1, 10]

    def law_indices(self, split):
        """Integers, which can index, also where a part has none."""
        parts = [*split(9, (2, 1), rng=generator()), *split(4, (1, 0), rng=generator())]
        return [part.dtype.kind in "iu" and part.ndim == 1 for part in parts], [True] * 4

    def law_every_sample_is_as_likely(self, split):
        """Each sample is in the second part with its share of the probability."""
        rng = generator()
        seen = np.concatenate([split(10, (7, 3), rng=rng)[1] for _ in range(3000)])
        return far_from(0.3, np.bincount(seen, minlength=10), 3000), 0

    def law_neighbours_are_parted(self, split):
        """In a file that is sorted by class neighbours are alike: they come together only by chance."""
        rng, together = generator(), 0
        for _ in range(300):
            home = np.zeros(20, int)
            home[split(20, (1, 1), rng=rng)[1]] = 1
            together += int((home[1:] == home[:-1]).sum())
        return far_from(9 / 19, together, 300 * 19), 0

    def law_within_a_part_the_order_is_by_chance(self, split):
        """Of two samples of a part either comes first half of the time, with labels as well."""
        off = []
        for options in ({}, {"labels": [0] * 5 + [1] * 5}):
            rng, up = generator(), 0
            for _ in range(800):
                first, second = split(10, (1, 4), rng=rng, **options)[0]
                up += int(first < second)
            off.append(far_from(1 / 2, up, 800))
        return off, [0, 0]

    def law_labels_split_every_class_alike(self, split):
        """With labels each class has its shares on every side."""
        y = np.array(SORTED)
        parts = split(35, (3, 1, 1), rng=generator(), labels=SORTED)
        return [np.bincount(y[part], minlength=3).tolist() for part in parts], [[12, 6, 3], [4, 2, 1], [4, 2, 1]]

    def law_labels_may_be_any_integers(self, split):
        """Classes need not be counted from 0."""
        y = np.array([7, -1] * 10)
        first, second = split(20, (4, 1), rng=generator(), labels=y.tolist())
        return [sorted(y[first].tolist()), sorted(y[second].tolist())], [[-1] * 8 + [7] * 8, [-1, -1, 7, 7]]

    def law_the_generator_decides(self, split):
        """The same generator state gives the same parts, and the next ones are others."""
        rng = generator(7)
        first, second, again = (split(40, (3, 1), rng=r)[1].tolist() for r in (rng, rng, generator(7)))
        return [first == again, first == second], [True, False]

    bad = (
        Malformed("nothing to split", "N", lambda _: 0, case=call(5, (3, 2))),
        Malformed("no part", "shares", lambda _: (), case=call(5, (3, 2))),
        Malformed("a negative share", "shares", lambda _: (3, -1), case=call(5, (3, 2))),
        Malformed("a negative share in front", "shares", lambda _: (-1, 3), case=call(5, (3, 2))),
        Malformed("shares of 0", "shares", lambda _: (0, 0), case=call(5, (3, 2))),
        Malformed("shares a fraction", "shares", lambda _: (0.8, 0.2), case=call(5, (3, 2))),
        Malformed("an empty part", "shares", lambda _: (100, 1), case=call(5, (3, 2))),
        Malformed("too few labels", "labels", case=call(5, (3, 2), labels=[0, 1, 0])),
        Malformed("a seed for a generator", "rng", lambda _: 0, case=call(5, (3, 2))),
    )


def far_from(share, counts, n):
    """How many of these counts out of n are five standard errors off their share: none should be."""
    return int((abs(np.asarray(counts) / n - share) > 5 * (share * (1 - share) / n) ** 0.5).sum())
