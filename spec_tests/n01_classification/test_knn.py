"""k-nearest neighbours: distances, selection, vote and prediction. Classic mistakes: mistakes_knn.py."""

from dataclasses import replace

import numpy as np

from nnspec.reference import knn_indices, knn_vote, l1_distance, l2_distance, l2_distance_gemm
from nnspec.spec_tests._kinds import Case, Function, Malformed, variant
from nnspec.spec_tests._truth import absolute, named, sqrt, where_positive
from nnspec.spec_tests._verdict import require
from nnspec.spec_tests.n01_classification._distances import COINCIDENT, DUPLICATES, IMAGES, l2_distance_backward_gemm

UINT8 = Case("uint8 images", Nq=2, D=3, Nt=2, inputs=IMAGES, value_only=True)
UINT8_SQUARED = Case("uint8 images squared", Nq=2, D=3, Nt=2, squared=True, inputs=IMAGES, value_only=True)
NOTHING = (Case("no features", D=0), Case("no queries", Nq=0), Case("no training points", Nt=0))


class Distance(Function):
    """Tall in the training points: the reference loops over the queries, which 20000 of would take seconds."""

    outputs = ("d",)

    def cases_of_scale(self):
        return [Case("257 x 33", Nq=257, Nt=33, D=33), Case("4 x 20000", Nq=4, Nt=20000, D=4)]


class TestL1Distance(Distance):
    rows = ("01.01",)

    def definition(self, xq, xt):
        """d_ij = sum_k |xq_ik - xt_jk|. CS231n notes, "Classification"."""
        return np.array([[sum(absolute(a - b)) for b in xt] for a in xq])

    beyond = (UINT8,)
    extremes = (Case("common offset", inputs={"xq": lambda rng, shape: 1e4 + rng.standard_normal(shape)}),)
    ties = (Case("coincident points", inputs=COINCIDENT), *NOTHING)


class TestL2Distance(Distance):
    """Core also accepts the accuracy of the expanded form; stability asks for that of the difference."""

    rows = ("01.02",)

    def definition(self, xq, xt, *, squared=False):
        """d_ij = sqrt(sum_k (xq_ik - xt_jk)^2), with gradient 0 where d = 0. CS231n, assignment 1."""
        d2 = squared_distances(xq, xt)
        return d2 if squared else where_positive(d2, sqrt(d2))

    as_accurate = {"l2_distance": l2_distance_gemm, "l2_distance_backward": l2_distance_backward_gemm}
    cases = (Case("squared", squared=True),)
    beyond = (UINT8, UINT8_SQUARED)
    extremes = (
        Case("common offset", inputs={n: lambda rng, shape: 1e4 + rng.standard_normal(shape) for n in ("xq", "xt")}),
        Case("close points", inputs={"xq": [[100.0, 200.0]], "xt": [[100.001, 200.0], [100.0, 199.99]]}),
    )
    ties = (Case("coincident points", inputs=COINCIDENT), *NOTHING)


class TestL2DistanceGemm(Distance):
    """Judged by the rounding of its own expansion, which cancels where points are close."""

    rows = ("01.03",)

    def definition(self, xq, xt, *, squared=False):
        """d_ij = sqrt(|xq_i|^2 - 2 xq_i·xt_j + |xt_j|^2) = sqrt(sum_k (xq_ik - xt_jk)^2). CS231n, assignment 1."""
        d2 = squared_distances(xq, xt)
        return d2 if squared else sqrt(d2)

    cases = (Case("squared", squared=True),)
    beyond = (UINT8, UINT8_SQUARED)
    extremes = (
        Case("duplicates at an offset", inputs=DUPLICATES),
        Case("duplicates at an offset, squared", squared=True, inputs=DUPLICATES),
    )
    ties = NOTHING

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """Between duplicates the expansion leaves 0 or the root of a rounding, as chance has it: what it leaves between
        any two of them may be left between all."""
        found = super().budgets(problem, want, lenient, at_tie)
        spread, equal = found["d"].spread, want["d"] == 0
        widest = np.where(equal, spread.max(initial=0, where=equal), spread)
        return found | {"d": replace(found["d"], spread=widest)}

    def test_stability(self, planned, backend):
        """Extreme but finite input: within its own rounding, and never below 0, of which there is no root."""
        super().test_stability(planned, backend)
        d = np.asarray(self.answer(backend, self.problem(planned, backend))["d"])
        require((d >= 0).all(), f"d is {d.min():.2g} somewhere: a distance is at least 0, and so is its square")


def with_a_nan(d):
    return np.where(d == d[0, 0], np.nan, d)


class TestKnnIndices(Function):
    rows = ("01.05",)
    outputs = ("idx",)
    discrete = True

    def definition(self, d, k):
        """The columns of the k smallest entries, nearest first; of equal ones the smaller index first."""
        return [sorted(range(len(row)), key=lambda j: (row[j], j))[:k] for row in d]

    cases = (
        Case("nearest only", inputs={"k": 1}),
        Case("all of them", Nq=2, Nt=5, inputs={"k": 5}),
    )
    ties = (
        Case("equal distances", inputs={"d": [[2, 1, 1, 2, 1], [0, 0, 0, 0, 0]], "k": 4}),
        Case("many equal distances", Nq=2, Nt=300, inputs={"d": lambda rng, s: rng.integers(0, 4, s), "k": 200}),
        Case("negative zero", inputs={"d": [[0.0, -0.0, 1.0], [1.0, 0.0, -0.0]], "k": 2}),
    )
    bad = (
        Malformed("k of 0", "k", lambda _: 0),
        Malformed("k above Nt", "k", lambda _: 1000),
        Malformed("NaN in d", "d", lambda d: d + np.nan),
        Malformed("a single NaN in d", "d", with_a_nan),
        Malformed("a single NaN among many", "d", with_a_nan, case=Case("", Nq=2, Nt=300, inputs={"k": 200})),
    )

    def draw(self, case, dims, dtype):
        """k depends on the sizes alone: a call with other numbers has an answer of the same shape."""
        inputs = super().draw(case, dims, dtype)
        return inputs | {"k": case.inputs.get("k", (dims["Nt"] + 1) // 2)}

    def cases_of_agreement(self):
        """A partition sorts what is small, so it has to be large to show that it does not sort."""
        half = Case("half of many", Nq=2, Nt=5000, inputs={"k": 2500})
        few = Case("a few of many", Nq=40, Nt=1000, inputs={"k": 3})
        return [*super().cases_of_agreement(), half, few]


def with_a_label_of_9(labels):
    return labels + (9 - labels) * (np.arange(labels.size).reshape(labels.shape) == 1)


class TestKnnVote(Function):
    rows = ("01.06",)
    outputs = ("y", "counts", "tie")
    discrete = True

    def definition(self, labels, *, n_classes=None):
        """The smallest of the most frequent labels, the votes of each class, and whether several are most frequent."""
        n_classes = n_classes or labels.max() + 1
        counts = [[list(row).count(c) for c in range(n_classes)] for row in labels]
        return [row.index(max(row)) for row in counts], counts, [row.count(max(row)) > 1 for row in counts]

    def law_a_tie_is_flagged(self, run, problem):
        """tie tells whether several classes have the most votes, whoever wins."""
        tie = run(labels=np.array([[2, 1, 0], [1, 1, 2], [0, 1, 1], [2, 2, 2]]))["tie"]
        return tie, np.array([True, False, False, False])

    cases = (
        Case("more classes than labels", n_classes=7),
        Case("still more classes", n_classes=9),
        Case("a single vote", K=1),
        Case("one class", inputs={"labels": [[0, 0], [0, 0], [0, 0]]}),
        Case("two classes tie", inputs={"labels": [[2, 1], [1, 2], [0, 0]]}),
        Case("three classes, two tie", inputs={"labels": [[3, 1, 2, 1, 3], [0, 2, 1, 2, 0], [4, 0, 3, 3, 0]]}),
    )
    ties = (Case("no queries", Nq=0),)
    bad = (
        Malformed("label below 0", "labels", lambda labels: labels - labels.min() - 1),
        Malformed("a single label too large", "labels", with_a_label_of_9, n_classes=9),
        Malformed("no votes", "labels", K=0),
    )

    def draw(self, case, dims, dtype):
        """Outside of the ties one label has the majority, and stands anywhere in its row."""
        inputs = super().draw(case, dims, dtype)
        if "labels" not in case.inputs:
            labels = inputs["labels"]
            labels[:, : labels.shape[1] // 2 + 1] = labels[:, :1]
            np.random.default_rng(4).permuted(labels, axis=1, out=labels)
        return inputs

    @variant(
        "nearest of them",
        source="Python, collections.Counter.most_common; Cover and Hart 1967 leave it open",
        replaces="knn_vote",
    )
    def nearest_of_them(labels, *, n_classes=None):
        """Of equally frequent labels the one that is seen first wins, the nearest."""
        _, counts, tie = knn_vote(labels, n_classes=n_classes)
        votes = np.take_along_axis(counts, labels, axis=1)
        return np.take_along_axis(labels, votes.argmax(axis=1)[:, None], axis=1)[:, 0], counts, tie


DISAGREE = {"x_train": [[3.0, 3.0], [0.0, 5.0]], "y_train": [0, 1], "x_test": [[0.0, 0.0], [4.0, 4.0]]}
TWO_OF_THREE = {"x_train": [[1], [2], [3], [5], [8], [40]], "y_train": [3, 1, 0, 1, 3, 2], "x_test": [[0], [9]]}
PIXELS = {
    "x_train": np.array([[250, 250], [60, 60], [130, 130]], np.uint8),
    "y_train": [0, 1, 2],
    "x_test": np.array([[1, 1], [255, 240], [90, 60]], np.uint8),
}
_APART = 1e4 + 50.3 * np.random.default_rng(6).permutation(60).reshape(20, 3)
DUPLICATED = {"x_train": _APART, "y_train": np.arange(20), "x_test": _APART}  # 20 classes, where the expansion cancels


class TestKnnPredict(Function):
    rows = ("01.08",)
    outputs = ("y",)
    discrete = True

    def definition(self, x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        """The most frequent label among the k nearest; ties go to the smaller index and the smaller label."""
        power = 1 if metric == "l1" else 2
        predicted = []
        for query in x_test:
            d = [sum(abs(query - point) ** power) for point in x_train]
            near = [y_train[j] for j in sorted(range(len(d)), key=lambda j: (d[j], j))[:k]]
            predicted.append(min(near, key=lambda label: (-near.count(label), label)))
        return predicted

    cases = (
        Case("k of 3", Nt=12, k=3),
        Case("l1", Nt=12, k=3, metric="l1"),
        Case("gemm", Nt=12, k=3, metric="l2_gemm"),
        Case("chunks", Nt=12, Nq=5, k=2, chunk=2),
        Case("l2 and l1 disagree", inputs=DISAGREE),
        Case("distances that are close", inputs={"x_train": [[1.0003], [1.0]], "y_train": [0, 1], "x_test": [[0.0]]}),
        Case("l1 and l2 disagree", metric="l1", inputs=DISAGREE),
        Case("equal votes", k=2, inputs={"x_train": [[1], [2], [30]], "y_train": [2, 1, 0], "x_test": [[0], [4]]}),
        Case("equal votes, two of three classes", k=5, inputs=TWO_OF_THREE),
    )
    beyond = (
        Case("uint8 images", inputs=PIXELS, value_only=True),
        Case("uint8 images, l1", metric="l1", inputs=PIXELS, value_only=True),
        Case("uint8 images, gemm", metric="l2_gemm", inputs=PIXELS, value_only=True),
    )
    extremes = (
        Case("every query is a training point", metric="l2_gemm", inputs=DUPLICATED),
        Case("every query is a training point, l2", inputs=DUPLICATED),
    )
    ties = (
        Case("equal distances", inputs={"x_train": [[1], [-1], [3]], "y_train": [2, 1, 0], "x_test": [[0]]}),
        Case("no query", Nq=0),
    )
    bad = (
        Malformed("k above Nt", "k", lambda _: 1000),
        Malformed("k of 0", "k", lambda _: 0),
        Malformed("metric unknown", "metric", lambda _: "l3"),
        Malformed("no training points", "k", Nt=0, k=1),
    )

    def draw(self, case, dims, dtype):
        """Clusters that lie far apart, so that no vote is close."""
        inputs = super().draw(case, dims, dtype)
        if "x_train" not in case.inputs:
            inputs["y_train"] = np.arange(len(inputs["y_train"])) % 3
            inputs["x_train"][:, 0] += 30 * inputs["y_train"]
            inputs["x_test"][:, 0] += 30 * (np.arange(len(inputs["x_test"])) * 2 % 3)
        return inputs

    @variant(
        "nearest of them",
        source="Python, collections.Counter.most_common; Cover and Hart 1967 leave it open",
        replaces="knn_predict",
    )
    def nearest_of_them(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        """Of equally frequent labels the one of the nearest point wins."""
        labels = y_train[knn_indices((l1_distance if metric == "l1" else l2_distance)(x_test, x_train), k)]
        _, counts, _ = knn_vote(labels)
        votes = np.take_along_axis(counts, labels, axis=1)
        return np.take_along_axis(labels, votes.argmax(axis=1)[:, None], axis=1)[:, 0]


def squared_distances(xq, xt):
    return named(np.array([[sum((a - b) ** 2) for b in xt] for a in xq]))
