"""k-nearest neighbours: distances, selection, vote and prediction."""

import numpy as np

from nnspec.reference import (
    knn_indices,
    knn_predict,
    knn_vote,
    l1_distance,
    l2_distance,
    l2_distance_backward,
    l2_distance_gemm,
)
from nnspec.spec_tests._kinds import Case, Function, Malformed, mistake, variant
from nnspec.spec_tests._truth import absolute, named, sqrt, where_positive
from nnspec.spec_tests._verdict import require

IMAGES = {"xq": np.array([[0, 255, 3], [200, 0, 9]], np.uint8), "xt": np.array([[255, 0, 4], [1, 255, 200]], np.uint8)}
UINT8 = Case("uint8 images", {"Nq": 2, "D": 3, "Nt": 2}, inputs=IMAGES, value_only=True)
UINT8_SQUARED = Case("uint8 images squared", {"Nq": 2, "D": 3, "Nt": 2}, {"squared": True}, IMAGES, value_only=True)
COINCIDENT = {"xq": [[1.0, 2.0], [0.5, -3.0]], "xt": [[1.0, 2.0], [4.0, 1.0], [0.5, -3.0]]}
NOTHING = (Case("no features", {"D": 0}), Case("no queries", {"Nq": 0}), Case("no training points", {"Nt": 0}))


def squared_distances(xq, xt):
    return named(np.array([[sum((a - b) ** 2) for b in xt] for a in xq]))


def expanded(xq, xt):
    """|a|^2 - 2 a·b + |b|^2 in floats, not clipped, for mistakes to be made with."""
    xq, xt = 1.0 * xq, 1.0 * xt
    return (xq * xq).sum(axis=1)[:, None] - 2 * (xq @ xt.T) + (xt * xt).sum(axis=1)[None, :]


def l2_distance_backward_gemm(dd, xq, xt, *, squared=False):
    """The gradient with the rounding of the expanded form: pull_ij is a few roundings off, its sums cancel."""
    d = l2_distance_gemm(xq, xt)
    pull = 2 * dd if squared else np.divide(dd, d, out=np.zeros_like(dd), where=d > 0)
    return pull.sum(axis=1)[:, None] * xq - pull @ xt, pull.sum(axis=0)[:, None] * xt - pull.T @ xq


class Distance(Function):
    """Tall in the training points: the reference loops over the queries, which 20000 of would take seconds."""

    outputs = ("d",)

    def cases_of_scale(self):
        return [Case("257 x 33", {"Nq": 257, "Nt": 33, "D": 33}), Case("4 x 20000", {"Nq": 4, "Nt": 20000, "D": 4})]


class TestL1Distance(Distance):
    rows = ("01.01",)

    beyond = (UINT8,)
    extremes = (Case("common offset", inputs={"xq": lambda rng, shape: 1e4 + rng.standard_normal(shape)}),)
    ties = (Case("coincident points", inputs=COINCIDENT), *NOTHING)

    def definition(self, xq, xt):
        """d_ij = sum_k |xq_ik - xt_jk|. CS231n notes, "Classification"."""
        return np.array([[sum(absolute(a - b)) for b in xt] for a in xq])

    @mistake("M02", "Sum over the features only, not over the whole array.", replaces="l1_distance")
    def summed_over_everything(xq, xt):
        return np.array([abs(xt - query).sum() + np.zeros(len(xt), xt.dtype) for query in xq])

    @mistake("M04", "Convert integer images to float first: uint8 arithmetic wraps at 256.", replaces="l1_distance")
    def uint8_wraps(xq, xt):
        return abs(xq[:, None] - xt[None]).sum(axis=2).astype(float if xq.dtype.kind == "u" else xq.dtype)

    @mistake("M02", "A row for each query, a column for each training point.", replaces="l1_distance")
    def rows_and_columns_swapped(xq, xt):
        return l1_distance(xt, xq)

    @mistake("N705", "Take differences by their size; squares are for the Euclidean distance.", replaces="l1_distance")
    def squares_for_sizes(xq, xt):
        return l2_distance(xq, xt)

    @mistake("N705", "Add up all features: the largest difference alone is the Chebyshev distance.",
             replaces="l1_distance")  # fmt: skip
    def largest_difference(xq, xt):
        return np.array([abs(xt - query).max(axis=1, initial=0) for query in xq], xq.dtype).reshape(len(xq), len(xt))

    @mistake(
        "M118",
        "The subgradient of |·| at 0 is taken as 0, as np.sign does.",
        replaces="l1_distance_backward",
        convention=True,
    )
    def sign_of_zero_is_one(dd, xq, xt):
        pull = dd[:, :, None] * np.where(xq[:, None] >= xt[None], 1, -1).astype(dd.dtype)
        return pull.sum(axis=1), -pull.sum(axis=0)


class TestL2Distance(Distance):
    """Core also accepts the accuracy of the expanded form; stability asks for that of the difference."""

    rows = ("01.02",)
    as_accurate = {"l2_distance": l2_distance_gemm, "l2_distance_backward": l2_distance_backward_gemm}

    cases = (Case("squared", options={"squared": True}),)
    beyond = (UINT8, UINT8_SQUARED)
    extremes = (
        Case("common offset", inputs={n: lambda rng, shape: 1e4 + rng.standard_normal(shape) for n in ("xq", "xt")}),
        Case("close points", inputs={"xq": [[100.0, 200.0]], "xt": [[100.001, 200.0], [100.0, 199.99]]}),
    )
    ties = (Case("coincident points", inputs=COINCIDENT), *NOTHING)

    def definition(self, xq, xt, *, squared=False):
        """d_ij = sqrt(sum_k (xq_ik - xt_jk)^2), with gradient 0 where d = 0. CS231n, assignment 1."""
        d2 = squared_distances(xq, xt)
        return d2 if squared else where_positive(d2, sqrt(d2))

    @mistake("M01", "Take the square root: a Euclidean distance is asked for.", replaces="l2_distance")
    def root_forgotten(xq, xt, *, squared=False):
        return l2_distance(xq, xt, squared=True)

    @mistake("M01", "Take the square root once.", replaces="l2_distance")
    def root_taken_twice(xq, xt, *, squared=False):
        return np.sqrt(l2_distance(xq, xt, squared=squared))

    @mistake("M02", "Sum over the features only, not over the whole array.", replaces="l2_distance")
    def summed_over_everything(xq, xt, *, squared=False):
        d2 = np.array([((xt - query) ** 2).sum() + np.zeros(len(xt), xt.dtype) for query in xq])
        return d2 if squared else np.sqrt(d2)

    @mistake("M02", "A row for each query, a column for each training point.", replaces="l2_distance")
    def rows_and_columns_swapped(xq, xt, *, squared=False):
        return l2_distance(xt, xq, squared=squared)

    @mistake("N706", "Look at squared: without the root it is another gradient, too.", replaces="l2_distance_backward")
    def gradient_of_the_square(dd, xq, xt, *, squared=False):
        return l2_distance_backward(dd, xq, xt, squared=True)

    @mistake("N706", "Moving a training point lowers d where moving the query raises it: their signs differ.",
             replaces="l2_distance_backward")  # fmt: skip
    def both_pulled_one_way(dd, xq, xt, *, squared=False):
        dxq, dxt = l2_distance_backward(dd, xq, xt, squared=squared)
        return dxq, -dxt

    @mistake("M04", "Convert integer images to float first: uint8 arithmetic wraps at 256.", replaces="l2_distance")
    def uint8_wraps(xq, xt, *, squared=False):
        difference = xq[:, None] - xt[None]
        return l2_distance(difference.reshape(-1, xq.shape[1]), 0 * xt[:1], squared=squared).reshape(len(xq), len(xt))

    @mistake(
        "M03", "Where two points coincide the gradient is 0, not 0/0.", replaces="l2_distance_backward", convention=True
    )
    def zero_over_zero(dd, xq, xt, *, squared=False):
        if squared:
            return l2_distance_backward(dd, xq, xt, squared=True)
        difference = xq[:, None] - xt[None]
        with np.errstate(invalid="ignore", divide="ignore"):
            pull = dd[:, :, None] * difference / np.sqrt((difference**2).sum(axis=2, keepdims=True))
        return pull.sum(axis=1), -pull.sum(axis=0)


_OFFSET = 1e4 + np.random.default_rng(3).standard_normal((24, 3))
DUPLICATES = {"xq": _OFFSET, "xt": _OFFSET}


class TestL2DistanceGemm(Distance):
    """Judged by the rounding of its own expansion, which cancels where points are close."""

    rows = ("01.03",)

    cases = (Case("squared", options={"squared": True}),)
    beyond = (UINT8, UINT8_SQUARED)
    extremes = (
        Case("duplicates at an offset", inputs=DUPLICATES),
        Case("duplicates at an offset, squared", options={"squared": True}, inputs=DUPLICATES),
    )
    ties = NOTHING

    def test_stability(self, planned, backend):
        """Extreme but finite input: within its own rounding, and never below 0, of which there is no root."""
        super().test_stability(planned, backend)
        d = np.asarray(self.answer(backend, self.problem(planned, backend))["d"])
        require((d >= 0).all(), f"d is {d.min():.2g} somewhere: a distance is at least 0, and so is its square")

    def definition(self, xq, xt, *, squared=False):
        """d_ij = sqrt(|xq_i|^2 - 2 xq_i·xt_j + |xt_j|^2) = sqrt(sum_k (xq_ik - xt_jk)^2). CS231n, assignment 1."""
        d2 = squared_distances(xq, xt)
        return d2 if squared else sqrt(d2)

    @mistake(
        "M02", "Add |xq|^2 down the rows and |xt|^2 along the columns, not the other way.", replaces="l2_distance_gemm"
    )
    def norms_swapped(xq, xt, *, squared=False):
        d2 = (xt * xt).sum(axis=1)[:, None] - 2 * (xq @ xt.T) + (xq * xq).sum(axis=1)[None, :]
        return d2 if squared else np.sqrt(np.maximum(d2, 0))

    @mistake(
        "M02", "Sum the squares over the features (axis 1), not over the whole array.", replaces="l2_distance_gemm"
    )
    def norms_of_the_whole_array(xq, xt, *, squared=False):
        d2 = (xq * xq).sum() - 2 * (xq @ xt.T) + (xt * xt).sum()
        return d2 if squared else np.sqrt(np.maximum(d2, 0))

    @mistake(
        "M03", "Clip at 0 before the root: rounding makes d^2 of close points negative.", replaces="l2_distance_gemm"
    )
    def negative_under_the_root(xq, xt, *, squared=False):
        d2 = expanded(xq, xt)
        with np.errstate(invalid="ignore"):
            return d2 if squared else np.sqrt(d2)

    @mistake("M01", "Take the square root: a Euclidean distance is asked for.", replaces="l2_distance_gemm")
    def root_forgotten(xq, xt, *, squared=False):
        return l2_distance_gemm(xq, xt, squared=True)

    @mistake("M03", "Clip at 0 without the root as well: a square below 0 is none.", replaces="l2_distance_gemm")
    def squares_below_zero(xq, xt, *, squared=False):
        d2 = expanded(xq, xt)
        return d2 if squared else np.sqrt(np.maximum(d2, 0))

    @mistake("M04", "Convert integer images to float first: uint8 arithmetic wraps at 256.",
             replaces="l2_distance_gemm")  # fmt: skip
    def uint8_wraps(xq, xt, *, squared=False):
        d2 = (xq * xq).sum(axis=1)[:, None] - 2.0 * (xq @ xt.T) + (xt * xt).sum(axis=1)[None, :]
        return np.maximum(d2, 0) if squared else np.sqrt(np.maximum(d2, 0))

    @mistake("N707", "It is |a|^2 - 2 a·b + |b|^2: do not forget the 2.", replaces="l2_distance_gemm")
    def cross_term_once(xq, xt, *, squared=False):
        d2 = np.maximum((xq * xq).sum(axis=1)[:, None] - xq @ xt.T + (xt * xt).sum(axis=1)[None, :], 0)
        return d2 if squared else np.sqrt(d2)


class TestKnnIndices(Function):
    rows = ("01.05",)
    outputs = ("idx",)
    discrete = True

    cases = (
        Case("nearest only", inputs={"k": 1}),
        Case("all of them", {"Nq": 2, "Nt": 5}, inputs={"k": 5}),
    )
    ties = (
        Case("equal distances", inputs={"d": [[2, 1, 1, 2, 1], [0, 0, 0, 0, 0]], "k": 4}),
        Case(
            "many equal distances", {"Nq": 2, "Nt": 300}, inputs={"d": lambda rng, s: rng.integers(0, 4, s), "k": 200}
        ),
        Case("negative zero", inputs={"d": [[0.0, -0.0, 1.0], [1.0, 0.0, -0.0]], "k": 2}),
    )
    bad = (
        Malformed("k of 0", "k", lambda _: 0),
        Malformed("k above Nt", "k", lambda _: 1000),
        Malformed("NaN in d", "d", lambda d: d + np.nan),
        Malformed("a single NaN in d", "d", lambda d: np.where(d == d[0, 0], np.nan, d)),
        Malformed(
            "a single NaN among many",
            "d",
            lambda d: np.where(d == d[0, 0], np.nan, d),
            case=Case("", {"Nq": 2, "Nt": 300}, inputs={"k": 200}),
        ),
    )

    def cases_of_agreement(self):
        """A partition sorts what is small, so it has to be large to show that it does not sort."""
        half = Case("half of many", {"Nq": 2, "Nt": 5000}, inputs={"k": 2500})
        few = Case("a few of many", {"Nq": 40, "Nt": 1000}, inputs={"k": 3})
        return [*super().cases_of_agreement(), half, few]

    def definition(self, d, k):
        """The columns of the k smallest entries, nearest first; of equal ones the smaller index first."""
        return [sorted(range(len(row)), key=lambda j: (row[j], j))[:k] for row in d]

    @mistake("M06", "Sort ascending: the nearest have the smallest distance.", replaces="knn_indices")
    def farthest_first(d, k):
        return np.argsort(-d, axis=1, kind="stable")[:, :k]

    @mistake("M06", "Sort the k that argpartition finds: it leaves them in any order.", replaces="knn_indices")
    def partitioned_not_sorted(d, k):
        return np.argpartition(d, k - 1, axis=1)[:, :k]

    @mistake(
        "M06",
        "Of equal distances the smaller index comes first: use a stable sort.",
        replaces="knn_indices",
        convention=True,
    )
    def later_index_first_on_ties(d, k):
        return d.shape[1] - 1 - np.argsort(d[:, ::-1], axis=1, kind="stable")[:, :k]

    @mistake("M03", "Refuse NaN: sorted behind all others, it hides the point that is nearest.", replaces="knn_indices",
             convention=True)  # fmt: skip
    def nan_sorted_last(d, k):
        return np.argsort(d, axis=1, kind="stable")[:, :k]

    @mistake("N708", "Begin with the nearest: the query itself is not among the training points.",
             replaces="knn_indices")  # fmt: skip
    def nearest_taken_for_the_query_itself(d, k):
        return np.argsort(d, axis=1, kind="stable")[:, 1 : k + 1]

    @mistake("N708", "Sort each row: its columns are the training points.", replaces="knn_indices")
    def columns_sorted(d, k):
        return np.argsort(d, axis=0, kind="stable")[:, :k]

    @mistake("N708", "Return the places and not the distances.", replaces="knn_indices")
    def distances_for_places(d, k):
        return np.sort(d, axis=1)[:, :k]


class TestKnnVote(Function):
    rows = ("01.06",)
    outputs = ("y", "counts", "tie")
    discrete = True

    cases = (
        Case("more classes than labels", options={"n_classes": 7}),
        Case("still more classes", options={"n_classes": 9}),
        Case("a single vote", {"K": 1}),
        Case("one class", inputs={"labels": [[0, 0], [0, 0], [0, 0]]}),
        Case("two classes tie", inputs={"labels": [[2, 1], [1, 2], [0, 0]]}),
        Case("three classes, two tie", inputs={"labels": [[3, 1, 2, 1, 3], [0, 2, 1, 2, 0], [4, 0, 3, 3, 0]]}),
    )
    ties = (Case("no queries", {"Nq": 0}),)
    bad = (
        Malformed("label below 0", "labels", lambda labels: labels - labels.min() - 1),
        Malformed(
            "a single label too large",
            "labels",
            lambda labels: labels + (9 - labels) * (np.arange(labels.size).reshape(labels.shape) == 1),
            case=Case("", options={"n_classes": 9}),
        ),
        Malformed("no votes", "labels", case=Case("", {"K": 0})),
    )

    def draw(self, case, dims, dtype):
        """Outside of the ties one label has the majority, and stands anywhere in its row."""
        inputs = super().draw(case, dims, dtype)
        if "labels" not in case.inputs:
            labels = inputs["labels"]
            labels[:, : labels.shape[1] // 2 + 1] = labels[:, :1]
            np.random.default_rng(4).permuted(labels, axis=1, out=labels)
        return inputs

    def law_a_tie_is_flagged(self, run, problem):
        """tie tells whether several classes have the most votes, whoever wins."""
        tie = run(labels=np.array([[2, 1, 0], [1, 1, 2], [0, 1, 1], [2, 2, 2]]))["tie"]
        return tie, np.array([True, False, False, False])

    def definition(self, labels, *, n_classes=None):
        """The smallest of the most frequent labels, the votes of each class, and whether several are most frequent."""
        n_classes = n_classes or labels.max() + 1
        counts = [[list(row).count(c) for c in range(n_classes)] for row in labels]
        return [row.index(max(row)) for row in counts], counts, [row.count(max(row)) > 1 for row in counts]

    @variant("nearest of them", "Of equally frequent labels the one that is seen first wins, the nearest.",
             source="Python, collections.Counter.most_common; Cover and Hart 1967 leave it open",
             replaces="knn_vote")  # fmt: skip
    def nearest_of_them(labels, *, n_classes=None):
        _, counts, tie = knn_vote(labels, n_classes=n_classes)
        votes = np.take_along_axis(counts, labels, axis=1)
        return np.take_along_axis(labels, votes.argmax(axis=1)[:, None], axis=1)[:, 0], counts, tie

    @mistake("M05", "Of equally frequent labels the smaller one wins; here the largest does.", replaces="knn_vote")
    def largest_label_wins(labels, *, n_classes=None):
        _, counts, tie = knn_vote(labels, n_classes=n_classes)
        return counts.shape[1] - 1 - counts[:, ::-1].argmax(axis=1), counts, tie

    @mistake("N04", "Count the votes: the nearest neighbour alone does not decide.", replaces="knn_vote")
    def nearest_label_wins(labels, *, n_classes=None):
        _, counts, tie = knn_vote(labels, n_classes=n_classes)
        return labels[:, 0], counts, tie

    @mistake("N05", "Flag the rows in which several classes have the most votes.", replaces="knn_vote")
    def ties_never_flagged(labels, *, n_classes=None):
        y, counts, tie = knn_vote(labels, n_classes=n_classes)
        return y, counts, np.zeros_like(tie)

    @mistake("M05", "Of equally frequent labels the smaller one wins; here chance decides.", replaces="knn_vote")
    def chance_decides(labels, *, n_classes=None):
        _, counts, tie = knn_vote(labels, n_classes=n_classes)
        lot = np.random.default_rng(len(labels)).random(counts.shape)
        return (counts + lot).argmax(axis=1), counts, tie

    @mistake("N709", "A label is one of the votes: the mean of labels is no label.", replaces="knn_vote")
    def mean_of_the_labels(labels, *, n_classes=None):
        _, counts, tie = knn_vote(labels, n_classes=n_classes)
        return labels.mean(axis=1).round().astype(np.int64), counts, tie

    @mistake("N709", "Return integers: labels in float64, as np.zeros(Nq) has them, cannot index.", replaces="knn_vote")
    def labels_in_floats(labels, *, n_classes=None):
        y, counts, tie = knn_vote(labels, n_classes=n_classes)
        return y.astype(float), counts, tie

    @mistake("N709", "Count a column for each of n_classes, also for classes that nobody voted for.",
             replaces="knn_vote")  # fmt: skip
    def n_classes_ignored(labels, *, n_classes=None):
        return knn_vote(labels)


DISAGREE = {"x_train": [[3.0, 3.0], [0.0, 5.0]], "y_train": [0, 1], "x_test": [[0.0, 0.0], [4.0, 4.0]]}


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

    cases = (
        Case("k of 3", {"Nt": 12}, {"k": 3}),
        Case("l1", {"Nt": 12}, {"k": 3, "metric": "l1"}),
        Case("gemm", {"Nt": 12}, {"k": 3, "metric": "l2_gemm"}),
        Case("chunks", {"Nt": 12, "Nq": 5}, {"k": 2, "chunk": 2}),
        Case("l2 and l1 disagree", inputs=DISAGREE),
        Case("distances that are close", inputs={"x_train": [[1.0003], [1.0]], "y_train": [0, 1], "x_test": [[0.0]]}),
        Case("l1 and l2 disagree", options={"metric": "l1"}, inputs=DISAGREE),
        Case("equal votes", options={"k": 2},
             inputs={"x_train": [[1], [2], [30]], "y_train": [2, 1, 0], "x_test": [[0], [4]]}),
        Case("equal votes, two of three classes", options={"k": 5},
             inputs={"x_train": [[1], [2], [3], [5], [8], [40]], "y_train": [3, 1, 0, 1, 3, 2], "x_test": [[0], [9]]}),
    )  # fmt: skip
    beyond = (
        Case("uint8 images", inputs=PIXELS, value_only=True),
        Case("uint8 images, l1", options={"metric": "l1"}, inputs=PIXELS, value_only=True),
        Case("uint8 images, gemm", options={"metric": "l2_gemm"}, inputs=PIXELS, value_only=True),
    )
    extremes = (
        Case("every query is a training point", options={"metric": "l2_gemm"}, inputs=DUPLICATED),
        Case("every query is a training point, l2", inputs=DUPLICATED),
    )
    ties = (
        Case("equal distances", inputs={"x_train": [[1], [-1], [3]], "y_train": [2, 1, 0], "x_test": [[0]]}),
        Case("no query", {"Nq": 0}),
    )  # fmt: skip
    bad = (
        Malformed("k above Nt", "k", lambda _: 1000),
        Malformed("k of 0", "k", lambda _: 0),
        Malformed("metric unknown", "metric", lambda _: "l3"),
        Malformed("no training points", "k", case=Case("", {"Nt": 0}, {"k": 1})),
    )

    def draw(self, case, dims, dtype):
        """Clusters that lie far apart, so that no vote is close."""
        inputs = super().draw(case, dims, dtype)
        if "x_train" not in case.inputs:
            inputs["y_train"] = np.arange(len(inputs["y_train"])) % 3
            inputs["x_train"][:, 0] += 30 * inputs["y_train"]
            inputs["x_test"][:, 0] += 30 * (np.arange(len(inputs["x_test"])) * 2 % 3)
        return inputs

    def definition(self, x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        """The most frequent label among the k nearest; ties go to the smaller index and the smaller label."""
        power = 1 if metric == "l1" else 2
        predicted = []
        for query in x_test:
            d = [sum(abs(query - point) ** power) for point in x_train]
            near = [y_train[j] for j in sorted(range(len(d)), key=lambda j: (d[j], j))[:k]]
            predicted.append(min(near, key=lambda label: (-near.count(label), label)))
        return predicted

    @mistake("M06", "Take the nearest: this predicts the label of the farthest point.", replaces="knn_predict")
    def farthest_neighbour(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        return y_train[l2_distance(x_test, x_train).argmax(axis=1)]

    @mistake("M01", "The metric changes who is near: honour metric='l1'.", replaces="knn_predict")
    def metric_ignored(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        order = np.argsort(l2_distance(x_test, x_train), axis=1, kind="stable")[:, :k]
        return knn_vote(y_train[order])[0]

    @mistake("M05", "Let all k neighbours vote; here only the nearest does.", replaces="knn_predict")
    def only_the_nearest_votes(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        d = l1_distance(x_test, x_train) if metric == "l1" else l2_distance(x_test, x_train)
        return y_train[d.argmin(axis=1)]

    @mistake("M03", "Clip d^2 at 0 before the root: a NaN is sorted last, and the nearest point is lost.",
             replaces="knn_predict")  # fmt: skip
    def nan_for_coinciding_points(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        if metric != "l2_gemm":
            return knn_predict(x_train, y_train, x_test, k=k, metric=metric)
        with np.errstate(invalid="ignore"):
            return knn_vote(y_train[np.argsort(np.sqrt(expanded(x_test, x_train)), axis=1)[:, :k]])[0]

    @mistake("M04", "Convert integer images to float first: uint8 arithmetic wraps at 256.", replaces="knn_predict")
    def uint8_wraps(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        difference = x_test[:, None] - x_train[None]  # (Nq, Nt, D)
        sizes = abs(difference) if metric == "l1" else difference * difference
        return knn_vote(y_train[np.argsort(sizes.sum(axis=2), axis=1, kind="stable")[:, :k]])[0]

    @mistake("M06", "Of equal distances the smaller index is nearer: use a stable sort.", replaces="knn_predict",
             convention=True)  # fmt: skip
    def later_point_first_on_ties(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        return knn_predict(x_train[::-1], y_train[::-1], x_test, k=k, metric=metric)

    @variant("nearest of them", "Of equally frequent labels the one of the nearest point wins.",
             source="Python, collections.Counter.most_common; Cover and Hart 1967 leave it open",
             replaces="knn_predict")  # fmt: skip
    def nearest_of_them(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        labels = y_train[knn_indices((l1_distance if metric == "l1" else l2_distance)(x_test, x_train), k)]
        _, counts, _ = knn_vote(labels)
        votes = np.take_along_axis(counts, labels, axis=1)
        return np.take_along_axis(labels, votes.argmax(axis=1)[:, None], axis=1)[:, 0]

    @mistake("N04", "Count the votes: the nearest neighbour alone does not decide.", replaces="knn_predict")
    def votes_not_counted(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        return knn_predict(x_train, y_train, x_test, metric=metric)

    @mistake("M05", "Of equally frequent labels the smaller one wins; here the largest does.", replaces="knn_predict")
    def largest_of_the_winners(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        return y_train.max() - knn_predict(x_train, y_train.max() - y_train, x_test, k=k, metric=metric)

    @mistake("N710", "The last chunk counts, though it is shorter.", replaces="knn_predict")
    def last_chunk_lost(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        whole = len(x_test) - len(x_test) % (chunk or 1)
        return knn_predict(x_train, y_train, x_test[:whole], k=k, metric=metric)

    @mistake("N711", "Predict labels: here it is the index of the nearest point.", replaces="knn_predict")
    def index_for_label(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        return knn_indices(l2_distance(x_test, x_train), 1)[:, 0]
