"""Classic mistakes of splits."""

import numpy as np

from nnspec.reference import split_indices
from nnspec.spec_tests._known import mistake


def runs(N, parts):
    """Neighbours, in parts of these sizes."""
    return np.split(np.arange(N), np.cumsum([len(part) for part in parts])[:-1])


class MistakesOfSplitIndices:
    @mistake("M09", replaces="split_indices")
    def not_shuffled(N, shares, *, rng, labels=None):
        """Shuffle before cutting: the last part of a sorted file holds classes that no other one has."""
        return runs(N, split_indices(N, shares, rng=rng, labels=labels))

    @mistake("M09", replaces="split_indices")
    def labels_ignored(N, shares, *, rng, labels=None):
        """With labels every class is split by itself."""
        return split_indices(N, shares, rng=rng)

    @mistake("M09", replaces="split_indices")
    def sorted_by_class(N, shares, *, rng, labels=None):
        """Shuffle the parts as well: classes one after the other make batches of one class."""
        parts = split_indices(N, shares, rng=rng, labels=labels)
        return parts if labels is None else [part[np.argsort(np.array(labels)[part], kind="stable")] for part in parts]

    @mistake("M07", replaces="split_indices")
    def test_left_in_training(N, shares, *, rng, labels=None):
        """Leave what is tested out of what is trained on."""
        first, *others = split_indices(N, shares, rng=rng, labels=labels)
        return [np.concatenate([first, *others]), *others]

    @mistake("M07", replaces="split_indices")
    def parts_drawn_one_by_one(N, shares, *, rng, labels=None):
        """Cut one permutation: parts that are drawn separately overlap."""
        sizes = [len(part) for part in split_indices(N, shares, rng=rng, labels=labels)]
        return [rng.permutation(N)[:size] for size in sizes]

    @mistake("N1333", replaces="split_indices")
    def remainder_lost(N, shares, *, rng, labels=None):
        """Every sample is in a part: sizes that are rounded down leave some over."""
        parts = split_indices(N, shares, rng=rng, labels=labels)
        return [part[: N * share // sum(shares)] for part, share in zip(parts, shares, strict=True)]

    @mistake("N1333", replaces="split_indices")
    def remainder_in_the_last_part(N, shares, *, rng, labels=None):
        """What is left over goes to the parts that lost most, not all of it to the last one."""
        order = np.concatenate(split_indices(N, shares, rng=rng, labels=labels))
        ends = np.cumsum([N * share // sum(shares) for share in shares])[:-1]
        return np.split(order, ends)

    @mistake("N82", replaces="split_indices")
    def generator_ignored(N, shares, *, rng, labels=None):
        """Use the generator that is given, or no split can be repeated."""
        return split_indices(N, shares, rng=np.random.default_rng(), labels=labels)

    @mistake("N82", replaces="split_indices")
    def seeded_anew_each_time(N, shares, *, rng, labels=None):
        """A fixed seed in each call gives the same parts again and again."""
        return split_indices(N, shares, rng=np.random.default_rng(0), labels=labels)
