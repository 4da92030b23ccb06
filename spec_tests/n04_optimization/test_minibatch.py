"""Minibatches: the laws of the indices drawn, and classic mistakes."""

import numpy as np

from nnspec.reference import epoch_batches, sample_batch
from nnspec.spec_tests._kinds import Case, Drawing, Malformed, mistake


def generator(seed=0):
    return np.random.default_rng(seed)


def call(N, size, **options):
    return Case("", options={"rng": lambda dims, dtype: generator(), **options}, inputs={"N": N, "size": size})


BAD = (
    Malformed("size of 0", "size", lambda _: 0, case=call(5, 2)),
    Malformed("size a fraction", "size", lambda _: 2.5, case=call(5, 2)),
    Malformed("N of 0", "N", lambda _: 0, case=call(5, 2)),
    Malformed("a seed for a generator", "rng", lambda _: 0, case=call(5, 2)),
)


class TestSampleBatch(Drawing):
    rows = ("04.09",)

    def drawn(self, sample, rng):
        return [sample(1000, 5, rng=rng), sample(1000, 5, rng=rng, replace=False)]

    def law_indices(self, sample):
        """size integers, from 0 to N - 1; with replacement size may exceed N."""
        drawn = [
            sample(5, 3, rng=generator()),
            sample(3, 40, rng=generator()),
            sample(4, 4, rng=generator(), replace=False),
        ]
        told = [
            (idx.shape, idx.dtype.kind in "iu", bool(((idx >= 0) & (idx < N)).all()))
            for idx, N in zip(drawn, (5, 3, 4), strict=True)
        ]
        return told, [((3,), True, True), ((40,), True, True), ((4,), True, True)]

    def law_without_replacement_all_are_distinct(self, sample):
        """replace=False: no sample twice, so size = N is a permutation."""
        some, every = (sample(50, size, rng=generator(), replace=False) for size in (30, 50))
        return [len(set(some.tolist())), sorted(every.tolist())], [30, list(range(50))]

    def law_with_replacement_draws_are_independent(self, sample):
        """By default, two draws of one batch are the same sample with probability 1/N."""
        rng = generator()
        pairs = np.array([sample(8, 2, rng=rng) for _ in range(4000)])
        return far_from(1 / 8, (pairs[:, 0] == pairs[:, 1]).sum(), 4000), 0

    def law_every_sample_is_as_likely(self, sample):
        """Each of 0 … N - 1 stands at each place of the batch with probability 1/N."""
        off = []
        for replace in (True, False):
            rng = generator()
            batches = np.array([sample(7, 3, rng=rng, replace=replace) for _ in range(4000)])
            off += [far_from(1 / 7, np.bincount(place, minlength=7), 4000) for place in batches.T]
        return off, [0] * 6

    def law_no_neighbours(self, sample):
        """In a file that is sorted by class neighbours are alike: one follows the other only by chance."""
        off = []
        for replace in (True, False):
            rng = generator()
            followed = sum(neighbours(sample(20, 11, rng=rng, replace=replace), 20) for _ in range(400))
            off.append(far_from(1 / 20, followed, 4000))
        return off, [0, 0]

    def law_the_generator_decides(self, sample):
        """The same generator state draws the same batch, and the next draw is another one."""
        rng = generator(7)
        first, second, again = sample(90, 20, rng=rng), sample(90, 20, rng=rng), sample(90, 20, rng=generator(7))
        return [np.array_equal(first, again), np.array_equal(first, second)], [True, False]

    bad = (*BAD, Malformed("more than there are, without replacement", "size", case=call(5, 6, replace=False)))

    @mistake("M09", replaces="sample_batch")
    def always_the_first_rows(N, size, *, rng, replace=True):
        """Draw the indices: the first rows of a sorted file are all of one class."""
        return np.arange(size) % N

    @mistake("M09", replaces="sample_batch")
    def a_run_of_neighbours(N, size, *, rng, replace=True):
        """Draw every index, not only where a run of neighbours begins."""
        return (rng.integers(N) + np.arange(size)) % N

    @mistake("N80", replaces="sample_batch")
    def last_sample_never_drawn(N, size, *, rng, replace=True):
        """Draw from 0 to N - 1: the upper end of integers() is left out already."""
        return sample_batch(max(1, N - 1), size, rng=rng, replace=replace or size > N - 1)

    @mistake("N80", replaces="sample_batch")
    def counted_from_one(N, size, *, rng, replace=True):
        """Indices count from 0."""
        return sample_batch(N, size, rng=rng, replace=replace) + 1

    @mistake("N81", replaces="sample_batch")
    def always_with_replacement(N, size, *, rng, replace=True):
        """With replace=False no sample may come twice."""
        return sample_batch(N, size, rng=rng)

    @mistake("N81", replaces="sample_batch")
    def never_with_replacement(N, size, *, rng, replace=True):
        """The default is with replacement: draws do not know of each other."""
        return sample_batch(N, size, rng=rng, replace=replace and size > N)

    @mistake("N82", replaces="sample_batch")
    def generator_ignored(N, size, *, rng, replace=True):
        """Use the generator that is given, or no run can be repeated."""
        return sample_batch(N, size, rng=np.random.default_rng(), replace=replace)

    @mistake("N82", replaces="sample_batch")
    def seeded_anew_each_time(N, size, *, rng, replace=True):
        """A fixed seed in each call draws the same batch again and again."""
        return sample_batch(N, size, rng=np.random.default_rng(0), replace=replace)


class TestEpochBatches(Drawing):
    rows = ("04.09",)

    def drawn(self, epoch, rng):
        return epoch(20, 6, rng=rng)

    def law_every_sample_once(self, epoch):
        """Together the batches of an epoch hold each of 0 … N - 1 once."""
        cut = [epoch(N, size, rng=generator()) for N, size in ((10, 3), (12, 4), (5, 1), (5, 5), (3, 7), (1, 1))]
        found = [np.sort(np.concatenate(batches)).tolist() for batches in cut]
        return found, [list(range(N)) for N in (10, 12, 5, 5, 3, 1)]

    def law_sizes(self, epoch):
        """Every batch has `size` samples, but for the last one, which has what is left."""
        cut = [epoch(N, size, rng=generator()) for N, size in ((10, 3), (12, 4), (5, 1), (3, 7))]
        return [[len(idx) for idx in batches] for batches in cut], [[3, 3, 3, 1], [4, 4, 4], [1] * 5, [3]]

    def law_the_last_batch_can_be_dropped(self, epoch):
        """drop_last leaves out a batch that is shorter, and only that."""
        cut = [epoch(N, size, rng=generator(), drop_last=True) for N, size in ((10, 3), (12, 4), (5, 5))]
        distinct = [len(np.unique(np.concatenate(batches))) for batches in cut]
        return [[[len(idx) for idx in batches] for batches in cut], distinct], [[[3, 3, 3], [4, 4, 4], [5]], [9, 12, 5]]

    def law_who_is_dropped_changes(self, epoch):
        """drop_last leaves out other samples in each epoch: none is never seen."""
        rng = generator()
        seen = np.concatenate([idx for _ in range(60) for idx in epoch(10, 3, rng=rng, drop_last=True)])
        return far_from(9 / 10, np.bincount(seen, minlength=10), 60), 0

    def law_every_order_is_as_likely(self, epoch):
        """Each sample stands at each place of the epoch with probability 1/N."""
        rng = generator()
        orders = np.array([np.concatenate(epoch(6, 2, rng=rng)) for _ in range(4000)])
        return [far_from(1 / 6, np.bincount(place, minlength=6), 4000) for place in orders.T], [0] * 6

    def law_no_neighbours(self, epoch):
        """In a file that is sorted by class neighbours are alike: one follows the other only by chance."""
        rng = generator()
        followed = sum(neighbours(np.concatenate(epoch(20, 4, rng=rng)), 20) for _ in range(200))
        return far_from(1 / 20, followed, 200 * 19), 0

    def law_the_generator_decides(self, epoch):
        """The same generator state cuts the same batches, and the next epoch has others."""
        rng = generator(7)
        first, second, again = (np.concatenate(epoch(60, 8, rng=r)) for r in (rng, rng, generator(7)))
        return [np.array_equal(first, again), np.array_equal(first, second)], [True, False]

    bad = (*BAD, Malformed("no full batch", "size", case=call(5, 6, drop_last=True)))

    @mistake("M09", replaces="epoch_batches")
    def not_shuffled(N, size, *, rng, drop_last=False):
        """Shuffle before cutting: a sorted file gives batches of one class."""
        return [idx for idx in np.split(np.arange(N), range(size, N, size)) if len(idx) == size or not drop_last]

    @mistake("M09", replaces="epoch_batches")
    def only_batches_shuffled(N, size, *, rng, drop_last=False):
        """Shuffle the samples and not only the order of the batches."""
        batches = np.split(np.arange(N), range(size, N, size))
        last = batches.pop() if N % size else None
        batches = [batches[i] for i in rng.permutation(len(batches))]
        return batches if last is None or drop_last else [*batches, last]

    @mistake("M09", replaces="epoch_batches")
    def shuffled_within_batches(N, size, *, rng, drop_last=False):
        """Shuffle all samples, not each batch by itself."""
        batches = np.split(np.arange(N), range(size, N, size))
        return [rng.permutation(idx) for idx in batches if len(idx) == size or not drop_last]

    @mistake("M09", replaces="epoch_batches")
    def rotated(N, size, *, rng, drop_last=False):
        """A permutation, not a rotation: neighbours in the file stay neighbours."""
        order = (np.arange(N) + rng.integers(N)) % N
        return [idx for idx in np.split(order, range(size, N, size)) if len(idx) == size or not drop_last]

    @mistake("N81", replaces="epoch_batches")
    def drawn_with_replacement(N, size, *, rng, drop_last=False):
        """An epoch sees each sample once: cut a permutation, do not draw anew."""
        return [sample_batch(N, len(idx), rng=rng) for idx in epoch_batches(N, size, rng=rng, drop_last=drop_last)]

    @mistake("N82", replaces="epoch_batches")
    def generator_ignored(N, size, *, rng, drop_last=False):
        """Use the generator that is given, or no run can be repeated."""
        return epoch_batches(N, size, rng=np.random.default_rng(), drop_last=drop_last)

    @mistake("N82", replaces="epoch_batches")
    def seeded_anew_each_epoch(N, size, *, rng, drop_last=False):
        """A fixed seed in each call gives every epoch the same batches."""
        return epoch_batches(N, size, rng=np.random.default_rng(0), drop_last=drop_last)

    @mistake("N83", replaces="epoch_batches")
    def last_batch_lost(N, size, *, rng, drop_last=False):
        """Keep the last batch, though it is shorter: N // size batches are not all."""
        return epoch_batches(N, min(size, N), rng=rng, drop_last=True)

    @mistake("N83", replaces="epoch_batches")
    def last_batch_filled_up(N, size, *, rng, drop_last=False):
        """The last batch is shorter: filled up, it sees samples twice."""
        batches = epoch_batches(N, size, rng=rng, drop_last=drop_last)
        return [np.resize(np.concatenate([idx, batches[0]]), size) for idx in batches]

    @mistake("N83", replaces="epoch_batches")
    def drop_last_ignored(N, size, *, rng, drop_last=False):
        """With drop_last a shorter last batch is left out."""
        return epoch_batches(N, size, rng=rng)

    @mistake("N83", replaces="epoch_batches")
    def end_of_the_file_dropped(N, size, *, rng, drop_last=False):
        """Shuffle first and drop then: who is dropped must not always be the same."""
        return epoch_batches(N - N % size if drop_last else N, size, rng=rng)


def far_from(share, counts, n):
    """How many of these counts out of n are five standard errors off their share: none should be."""
    return int((abs(np.asarray(counts) / n - share) > 5 * (share * (1 - share) / n) ** 0.5).sum())


def neighbours(idx, N):
    """How many entries are followed by the next sample of the file."""
    return int(((idx[1:] - idx[:-1]) % N == 1).sum())
