"""k-fold cross-validation: the folds, the accuracies of each k, and the choice.

Classic mistakes: mistakes_cross_validation.py.
"""

from fractions import Fraction

import numpy as np

from nnspec.spec_tests._budget import Budget
from nnspec.spec_tests._kinds import Case, Drawing, Function, Malformed
from nnspec.spec_tests._verdict import require

SINGLE = np.finfo(np.float32).eps


def generator(seed=0):
    return np.random.default_rng(seed)


def call(N, n_folds, **options):
    return Case("", options=options, inputs={"N": N, "n_folds": n_folds})


class TestKfoldIndices(Drawing):
    rows = ("01.11",)

    def drawn(self, kfold, rng):
        return kfold(20, 4, shuffle=True, rng=rng)

    def law_folds_are_cut_as_array_split_cuts(self, kfold):
        """Without shuffle fold f is the f-th run of neighbours, and the first N mod n_folds runs are one longer."""
        wanted = [([3, 4, 5, 6], [0, 1, 2]), ([0, 1, 2, 5, 6], [3, 4]), ([0, 1, 2, 3, 4], [5, 6])]
        runs = [as_lists(kfold(*given)) for given in ((7, 3), (3, 3), (4, 2))]
        singles = [([1, 2], [0]), ([0, 2], [1]), ([0, 1], [2])]
        return runs, [wanted, singles, [([2, 3], [0, 1]), ([0, 1], [2, 3])]]

    def law_no_sample_is_on_both_sides(self, kfold):
        """Of each fold, training and validation part are disjoint and together every sample once."""
        cuts = [kfold(17, 5), kfold(17, 5, shuffle=True, rng=generator()), kfold(8, 8, shuffle=True, rng=generator())]
        found = [sorted(np.concatenate(fold).tolist()) for folds in cuts for fold in folds]
        return found, [list(range(17))] * 10 + [list(range(8))] * 8

    def law_every_sample_is_validated_once(self, kfold):
        """The validation parts together hold every sample once, in folds that differ by one sample at most."""
        folds = [[val for _, val in kfold(17, 5, **options)] for options in ({}, {"shuffle": True, "rng": generator()})]
        together = [np.sort(np.concatenate(vals)).tolist() for vals in folds]
        return [together, [[len(val) for val in vals] for vals in folds]], [
            [list(range(17))] * 2,
            [[4, 4, 3, 3, 3]] * 2,
        ]

    def law_indices(self, kfold):
        """Integers, which can index."""
        folds = [*kfold(9, 4), *kfold(9, 4, shuffle=True, rng=generator())]
        return [idx.dtype.kind in "iu" and idx.ndim == 1 for fold in folds for idx in fold], [True] * 16

    def law_shuffled_every_fold_is_as_likely(self, kfold):
        """A sample is in each fold with probability 1/n_folds, whoever its neighbour in the file is with."""
        rng, n = generator(), 3000
        home = np.empty((n, 9), int)
        for trial in home:
            for f, (_, val) in enumerate(kfold(9, 3, shuffle=True, rng=rng)):
                trial[val] = f
        alone = [far_from(1 / 3, np.bincount(column, minlength=3), n) for column in home.T]
        together = [far_from(2 / 8, (home[:, i] == home[:, i - 1]).sum(), n) for i in range(9)]
        return [alone, together], [[0] * 9] * 2

    def law_the_generator_decides(self, kfold):
        """The same generator state cuts the same folds, and the next cut is another one."""
        rng = generator(7)
        first, second, again = (as_lists(kfold(40, 4, shuffle=True, rng=r)) for r in (rng, rng, generator(7)))
        return [first == again, first == second], [True, False]

    bad = (
        Malformed("one fold", "n_folds", lambda _: 1, case=call(6, 3)),
        Malformed("more folds than samples", "n_folds", lambda _: 7, case=call(6, 3)),
        Malformed("folds a fraction", "n_folds", lambda _: 2.5, case=call(6, 3)),
        Malformed("nothing to cut", "N", lambda _: 0, case=call(6, 3)),
        Malformed("shuffle without rng", "rng", case=call(6, 3, shuffle=True)),
        Malformed("rng without shuffle", "rng", case=call(6, 3, rng=lambda dims, dtype: generator())),
    )


KS = [1, 3, 4]


def on_a_line(seed, N):
    """Three classes that overlap, whose distances are all different."""
    rng = generator(seed)
    y = rng.integers(0, 3, N)
    return {"x": (40 * rng.random((N, 1)) + 8 * y[:, None]).round(2), "y": y}


SORTED = {"x": np.repeat([[0.0], [50.0], [100.0]], 8, axis=0) + np.arange(24.0)[:, None] / 100, "y": np.arange(24) // 8}


class TestCrossValidateK(Function):
    """Unless a case says otherwise there are 11 samples, and 1, 3 and 4 neighbours to choose from."""

    rows = ("01.12",)
    outputs = ("accuracy", "best_k")
    discrete = True

    def definition(self, x, y, ks, *, n_folds=5, metric="l2"):
        """accuracy_kf: the share of fold f that the vote of the k nearest of the other folds gets right. Stone 1974."""
        power, N = (1 if metric == "l1" else 2), len(x)
        fold = sorted(i % n_folds for i in range(N))  # of each sample
        hits = {k: [[] for _ in range(n_folds)] for k in ks}
        for i in range(N):
            others = [j for j in range(N) if fold[j] != fold[i]]
            near = sorted(others, key=lambda j: (sum(abs(x[i] - x[j]) ** power), j))
            for k in hits:
                votes = [y[j] for j in near[:k]]
                hits[k][fold[i]].append(y[i] == min(votes, key=lambda label: (-votes.count(label), label)))
        accuracy = {k: [Fraction(sum(hit), len(hit)) for hit in hits[k]] for k in hits}
        return [accuracy[k] for k in ks], min(hits, key=lambda k: (-sum(accuracy[k]), k))

    def law_rows_follow_ks(self, run, problem):
        """The rows of accuracy are in the order of ks, and the choice does not depend on it."""
        forth, back = run(), run(ks=KS[::-1])
        return [*forth["accuracy"].ravel(), forth["best_k"]], [*back["accuracy"][::-1].ravel(), back["best_k"]]

    def law_unseen_classes_are_never_right(self, run, problem):
        """Unshuffled, three folds of a file that is sorted by three classes: what validates was never trained on."""
        problem.options = {"n_folds": 3}
        accuracy = run(**SORTED)["accuracy"]
        return accuracy, 0 * accuracy

    def law_shuffled_folds_see_every_class(self, run, problem):
        """Shuffled, classes that lie far apart are always told apart: x and y go the same way."""
        problem.options = {"n_folds": 3, "shuffle": True, "rng": generator(1)}
        accuracy = run(**SORTED, ks=[1])["accuracy"]
        return accuracy, 0 * accuracy + 1

    def law_the_generator_decides(self, run, problem):
        """The same generator state cuts the same folds."""
        found = []
        for _ in range(2):
            problem.options = {"n_folds": 4, "shuffle": True, "rng": generator(7)}
            found.append(run()["accuracy"])
        return found

    def law_every_k_is_tried_on_the_same_folds(self, run, problem):
        """Shuffled once: a k that is given several times has equal rows."""
        problem.options = {"n_folds": 4, "shuffle": True, "rng": generator(2)}
        first, *others = run(ks=[3, 3, 3])["accuracy"]
        return others, [first, first]

    cases = (
        Case("two folds", n_folds=2),
        Case("leave one out", N=7, n_folds=7),
        Case("as many folds as ks", N=13, n_folds=3),
        Case("l1", D=4, metric="l1"),
        Case("gemm", metric="l2_gemm"),
        Case("ks in any order", inputs={"ks": [8, 2, 5]}),
        Case("a k twice", inputs={"ks": [3, 1, 3]}),
        Case("folds of 3, 3, 3 and 2", N=11, D=1, n_folds=4, inputs=on_a_line(854, 11)),
        Case("images", D=2, inputs={"x": lambda rng, shape: rng.integers(0, 256, shape, np.uint8)}),
    )
    ties = (
        Case("equal accuracies", N=24, D=1, n_folds=8, inputs={**SORTED, "ks": [5, 3, 2]}),
        Case("equal means that round differently", N=30, D=1, n_folds=3, inputs=on_a_line(11, 30)),
    )
    bad = (
        Malformed("no k", "ks", lambda _: []),
        Malformed("k of 0", "ks", lambda _: [1, 0]),
        Malformed("k a fraction", "ks", lambda _: [1.5]),
        Malformed("k above the training part", "ks", lambda _: [9], N=11, n_folds=4),
        Malformed("ks a number", "ks", lambda _: 3),
        Malformed("one fold", "n_folds", lambda _: 1),
        Malformed("more folds than samples", "n_folds", lambda _: 1000),
        Malformed("metric unknown", "metric", lambda _: "l3"),
        Malformed("shuffle without rng", "rng", shuffle=True),
    )

    def small(self):
        return [Case("distinct"), Case("one feature", D=1), *self.cases]

    def cases_of_agreement(self):
        larger = [Case(f"{c.name}, larger", N=43, D=7, options=c.options) for c in self.cases if c.options]
        return [Case("odd", N=43, D=7), Case("wide", N=65, D=130), *larger]

    def cases_of_scale(self):
        return [Case("257 x 33", N=257, D=33)]

    def draw(self, case, dims, dtype):
        """Classes that overlap, so that it matters who votes."""
        dims = {**dims, "N": case.dims.get("N", 11)}
        inputs = super().draw(case, dims, dtype)
        if "x" not in case.inputs:
            inputs["x"][:, 0] += 2 * inputs["y"].astype(dtype)
        return {**inputs, "ks": list(case.inputs.get("ks", KS))}

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """An accuracy is a ratio of counts, in single precision or better."""
        accuracy, best_k = (np.zeros(value.shape) for value in want.values())
        return {"accuracy": Budget(accuracy, accuracy + SINGLE, 0.0), "best_k": Budget(best_k, best_k, 0.0)}

    def test_dtype(self, planned, backend):
        """best_k is an integer, which can be passed on."""
        got = np.asarray(self.answer(backend, self.problem(planned, backend))["best_k"])
        require(got.dtype.kind in "iu", f"best_k is {got.dtype}: one of ks is asked for")


def far_from(share, counts, n):
    """How many of these counts out of n are five standard errors off their share: none should be."""
    return int((abs(np.asarray(counts) / n - share) > 5 * (share * (1 - share) / n) ** 0.5).sum())


def as_lists(folds):
    return [(np.sort(train).tolist(), np.sort(val).tolist()) for train, val in folds]
