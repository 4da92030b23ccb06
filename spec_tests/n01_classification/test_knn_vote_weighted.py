"""Distance-weighted vote: definition, laws and cases. Classic mistakes: mistakes_knn_vote_weighted.py."""

import math

import numpy as np
import sympy as sp

from nnspec.reference import knn_vote
from nnspec.spec_tests._kinds import Case, Function, Malformed, variant
from nnspec.spec_tests.n01_classification._distances import nearest_of_the_winners

ONE_NEAR = {"labels": [[2, 0, 0, 1], [0, 1, 1, 2]], "d": [[0.1, 2.0, 3.0, 2.5], [4.0, 3.0, 2.0, 9.0]]}
COINCIDENT = {"labels": [[0, 0, 2, 1], [2, 2, 1, 1]], "d": [[0.5, 0.25, 0.0, 0.01], [1.0, 0.125, 0.0, 3.0]]}
SEVERAL_COINCIDE = {"labels": [[0, 1, 1, 0], [0, 2, 1, 2]], "d": [[0.0, 0.0, 0.0, 0.01], [0.001, 0.0, 0.0, 0.0]]}
SOFT = {"labels": [[2, 1, 1], [0, 1, 1]], "d": [[0.0, 0.75, 0.5], [0.5, 1.5, 2.0]]}
BEYOND_ONE = {"labels": [[2, 1, 1], [0, 2, 2]], "d": [[3.0, 8.0, 7.0], [2.0, 3.5, 3.0]]}
CLOSE = {"labels": [[1, 0, 2, 2], [2, 2, 0, 0]], "d": [[1.0, 1.0001, 3.0, 3.0], [1.0, 1.0, 1.0002, 1.0]]}
TINY = {"labels": [[2, 1, 1], [1, 0, 0]], "d": [[1e-39, 4e-39, 4e-39], [2e-40, 3e-39, 2e-39]]}
FAR = {"labels": [[0, 2, 1, 0], [1, 2, 2, 0]], "d": [[math.inf, 5.0, 7.0, math.inf], [math.inf] * 4]}


class TestKnnVoteWeighted(Function):
    rows = ("01.07",)
    outputs = ("y",)
    discrete = True

    def definition(self, labels, d, *, eps=0):
        """The label for which the sum of 1 / (d_k + eps) is largest, in the limit where some d_k + eps is 0."""
        return [heaviest(*row, eps) for row in zip(labels, d, strict=True)]

    def law_equal_distances_vote_plainly(self, run, problem):
        """Neighbours that are equally far have a vote each."""
        labels = np.array([[0, 2, 2], [1, 0, 1], [3, 3, 3]])
        return run(labels=labels, d=np.full((3, 3), 0.7, problem.dtype))["y"], knn_vote(labels)[0]

    def law_another_unit(self, run, problem):
        """Distances in another unit give the same label: only their ratios count."""
        return run(d=64 * problem.inputs["d"])["y"], run()["y"]

    def law_order_does_not_matter(self, run, problem):
        """The weight says how near a neighbour is, not the place in its row."""
        labels, d = problem.inputs["labels"], problem.inputs["d"]
        return run(labels=labels[:, ::-1].copy(), d=d[:, ::-1].copy())["y"], run()["y"]

    def law_labels_are_names(self, run, problem):
        """Other numbers for the classes, in the same order, are predicted instead."""
        return run(labels=10 * problem.inputs["labels"] + 3)["y"], 10 * run()["y"] + 3

    cases = (
        Case("the nearest outweighs", Nq=2, K=4, inputs=ONE_NEAR),
        Case("a neighbour at distance 0 wins alone", Nq=2, K=4, inputs=COINCIDENT),
        Case("several at distance 0", Nq=2, K=4, inputs=SEVERAL_COINCIDE),
        Case("eps counts", Nq=2, K=3, eps=0.5, inputs=SOFT),
        Case("a large eps is nearly a plain vote", Nq=2, K=4, eps=100.0, inputs=ONE_NEAR),
        Case("no eps is added", Nq=2, K=3, inputs=BEYOND_ONE),
        Case("weights that are close", Nq=2, K=4, inputs=CLOSE),
        Case("a single neighbour", K=1),
        Case("the same label throughout", Nq=2, K=3, inputs={"labels": [[4, 4, 4], [1, 1, 1]]}),
    )
    beyond = (
        Case("uint8 labels", Nq=2, K=4, inputs=ONE_NEAR | {"labels": np.array(ONE_NEAR["labels"], np.uint8)}),
        Case("labels below 0", Nq=2, K=3, inputs={"labels": [[-1, -1, 2], [-4, 3, 3]], "d": np.ones((2, 3))}),
    )
    extremes = (Case("reciprocals overflow", Nq=2, K=3, inputs=TINY),)
    ties = (
        Case("infinitely far", Nq=2, K=4, inputs=FAR),
        Case("labels weigh the same", Nq=2, K=4, inputs={"labels": [[3, 1, 1, 3], [2, 2, 0, 0]], "d": np.ones((2, 4))}),
        Case("two halves and a whole", Nq=1, K=3, inputs={"labels": [[2, 1, 1]], "d": [[1.0, 2.0, 2.0]]}),
        Case("two at distance 0", Nq=1, K=2, inputs={"labels": [[2, 1]], "d": [[0.0, 0.0]]}),
        Case("no queries", Nq=0),
    )
    bad = (
        Malformed("a distance below 0", "d", lambda d: d - 5),
        Malformed("a NaN in d", "d", lambda d: np.where(d == d[0, 0], np.nan, d)),
        Malformed("eps below 0", "eps", lambda _: -0.5),
        Malformed("eps of NaN", "eps", lambda _: math.nan),
        Malformed("eps infinite", "eps", lambda _: math.inf),
        Malformed("no votes", "labels", K=0),
        Malformed("a distance too few", "d", lambda d: d[:, 1:]),
    )

    def draw(self, case, dims, dtype):
        """Distances between 0.5 and 2, and three classes."""
        inputs = super().draw(case, dims, dtype)
        rng = np.random.default_rng(len(inputs["d"]))
        if "labels" not in case.inputs:
            inputs["labels"] = rng.integers(0, 3, inputs["labels"].shape)
        if "d" not in case.inputs:
            inputs["d"] = (0.5 + 1.5 * rng.random(inputs["d"].shape)).astype(dtype)
        return inputs

    @variant(
        "nearest of them",
        source="Python, max over a dict; Dudani 1976 leaves it open",
        replaces="knn_vote_weighted",
    )
    def nearest_of_them(labels, d, *, eps=0.0):
        """Of labels that weigh the same the one that is seen first wins."""
        return nearest_of_the_winners(labels, d, eps)


def heaviest(labels, d, eps):
    if 0 in [one + eps for one in d]:
        weights = [int(one + eps == 0) for one in d]
    elif all(one == sp.oo for one in d):
        weights = [1] * len(d)
    else:
        weights = [1 / (one + eps) for one in d]
    votes = {label: sum(w for w, own in zip(weights, labels, strict=True) if own == label) for label in labels}
    return min(votes, key=lambda label: (-votes[label], label))
