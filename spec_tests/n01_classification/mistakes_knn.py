"""Classic mistakes of k-nearest neighbours."""

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
from nnspec.spec_tests._known import mistake


class MistakesOfL1Distance:
    @mistake("M02", replaces="l1_distance")
    def summed_over_everything(xq, xt):
        """Sum over the features only, not over the whole array."""
        return np.array([abs(xt - query).sum() + np.zeros(len(xt), xt.dtype) for query in xq])

    @mistake("M04", replaces="l1_distance")
    def uint8_wraps(xq, xt):
        """Convert integer images to float first: uint8 arithmetic wraps at 256."""
        return abs(xq[:, None] - xt[None]).sum(axis=2).astype(float if xq.dtype.kind == "u" else xq.dtype)

    @mistake("M02", replaces="l1_distance")
    def rows_and_columns_swapped(xq, xt):
        """A row for each query, a column for each training point."""
        return l1_distance(xt, xq)

    @mistake("N705", replaces="l1_distance")
    def squares_for_sizes(xq, xt):
        """Take differences by their size; squares are for the Euclidean distance."""
        return l2_distance(xq, xt)

    @mistake("N705", replaces="l1_distance")
    def largest_difference(xq, xt):
        """Add up all features: the largest difference alone is the Chebyshev distance."""
        return np.array([abs(xt - query).max(axis=1, initial=0) for query in xq], xq.dtype).reshape(len(xq), len(xt))

    @mistake("M118", replaces="l1_distance_backward", convention=True)
    def sign_of_zero_is_one(dd, xq, xt):
        """The subgradient of |·| at 0 is taken as 0, as np.sign does."""
        pull = dd[:, :, None] * np.where(xq[:, None] >= xt[None], 1, -1).astype(dd.dtype)
        return pull.sum(axis=1), -pull.sum(axis=0)


class MistakesOfL2Distance:
    @mistake("M01", replaces="l2_distance")
    def root_forgotten(xq, xt, *, squared=False):
        """Take the square root: a Euclidean distance is asked for."""
        return l2_distance(xq, xt, squared=True)

    @mistake("M01", replaces="l2_distance")
    def root_taken_twice(xq, xt, *, squared=False):
        """Take the square root once."""
        return np.sqrt(l2_distance(xq, xt, squared=squared))

    @mistake("M02", replaces="l2_distance")
    def summed_over_everything(xq, xt, *, squared=False):
        """Sum over the features only, not over the whole array."""
        d2 = np.array([((xt - query) ** 2).sum() + np.zeros(len(xt), xt.dtype) for query in xq])
        return d2 if squared else np.sqrt(d2)

    @mistake("M02", replaces="l2_distance")
    def rows_and_columns_swapped(xq, xt, *, squared=False):
        """A row for each query, a column for each training point."""
        return l2_distance(xt, xq, squared=squared)

    @mistake("N706", replaces="l2_distance_backward")
    def gradient_of_the_square(dd, xq, xt, *, squared=False):
        """Look at squared: without the root it is another gradient, too."""
        return l2_distance_backward(dd, xq, xt, squared=True)

    @mistake("N706", replaces="l2_distance_backward")
    def both_pulled_one_way(dd, xq, xt, *, squared=False):
        """Moving a training point lowers d where moving the query raises it: their signs differ."""
        dxq, dxt = l2_distance_backward(dd, xq, xt, squared=squared)
        return dxq, -dxt

    @mistake("M04", replaces="l2_distance")
    def uint8_wraps(xq, xt, *, squared=False):
        """Convert integer images to float first: uint8 arithmetic wraps at 256."""
        difference = xq[:, None] - xt[None]
        return l2_distance(difference.reshape(-1, xq.shape[1]), 0 * xt[:1], squared=squared).reshape(len(xq), len(xt))

    @mistake("M03", replaces="l2_distance_backward", convention=True)
    def zero_over_zero(dd, xq, xt, *, squared=False):
        """Where two points coincide the gradient is 0, not 0/0."""
        if squared:
            return l2_distance_backward(dd, xq, xt, squared=True)
        difference = xq[:, None] - xt[None]
        with np.errstate(invalid="ignore", divide="ignore"):
            pull = dd[:, :, None] * difference / np.sqrt((difference**2).sum(axis=2, keepdims=True))
        return pull.sum(axis=1), -pull.sum(axis=0)


class MistakesOfL2DistanceGemm:
    @mistake("M02", replaces="l2_distance_gemm")
    def norms_swapped(xq, xt, *, squared=False):
        """Add |xq|^2 down the rows and |xt|^2 along the columns, not the other way."""
        d2 = (xt * xt).sum(axis=1)[:, None] - 2 * (xq @ xt.T) + (xq * xq).sum(axis=1)[None, :]
        return d2 if squared else np.sqrt(np.maximum(d2, 0))

    @mistake("M02", replaces="l2_distance_gemm")
    def norms_of_the_whole_array(xq, xt, *, squared=False):
        """Sum the squares over the features (axis 1), not over the whole array."""
        d2 = (xq * xq).sum() - 2 * (xq @ xt.T) + (xt * xt).sum()
        return d2 if squared else np.sqrt(np.maximum(d2, 0))

    @mistake("M03", replaces="l2_distance_gemm")
    def negative_under_the_root(xq, xt, *, squared=False):
        """Clip at 0 before the root: rounding makes d^2 of close points negative."""
        d2 = expanded(xq, xt)
        with np.errstate(invalid="ignore"):
            return d2 if squared else np.sqrt(d2)

    @mistake("M01", replaces="l2_distance_gemm")
    def root_forgotten(xq, xt, *, squared=False):
        """Take the square root: a Euclidean distance is asked for."""
        return l2_distance_gemm(xq, xt, squared=True)

    @mistake("M03", replaces="l2_distance_gemm")
    def squares_below_zero(xq, xt, *, squared=False):
        """Clip at 0 without the root as well: a square below 0 is none."""
        d2 = expanded(xq, xt)
        return d2 if squared else np.sqrt(np.maximum(d2, 0))

    @mistake("M04", replaces="l2_distance_gemm")
    def uint8_wraps(xq, xt, *, squared=False):
        """Convert integer images to float first: uint8 arithmetic wraps at 256."""
        d2 = (xq * xq).sum(axis=1)[:, None] - 2.0 * (xq @ xt.T) + (xt * xt).sum(axis=1)[None, :]
        return np.maximum(d2, 0) if squared else np.sqrt(np.maximum(d2, 0))

    @mistake("N707", replaces="l2_distance_gemm")
    def cross_term_once(xq, xt, *, squared=False):
        """It is |a|^2 - 2 a·b + |b|^2: do not forget the 2."""
        d2 = np.maximum((xq * xq).sum(axis=1)[:, None] - xq @ xt.T + (xt * xt).sum(axis=1)[None, :], 0)
        return d2 if squared else np.sqrt(d2)


class MistakesOfKnnIndices:
    @mistake("M06", replaces="knn_indices")
    def farthest_first(d, k):
        """Sort ascending: the nearest have the smallest distance."""
        return np.argsort(-d, axis=1, kind="stable")[:, :k]

    @mistake("M06", replaces="knn_indices")
    def partitioned_not_sorted(d, k):
        """Sort the k that argpartition finds: it leaves them in any order."""
        return np.argpartition(d, k - 1, axis=1)[:, :k]

    @mistake("M06", replaces="knn_indices", convention=True)
    def later_index_first_on_ties(d, k):
        """Of equal distances the smaller index comes first: use a stable sort."""
        return d.shape[1] - 1 - np.argsort(d[:, ::-1], axis=1, kind="stable")[:, :k]

    @mistake("M03", replaces="knn_indices", convention=True)
    def nan_sorted_last(d, k):
        """Refuse NaN: sorted behind all others, it hides the point that is nearest."""
        return np.argsort(d, axis=1, kind="stable")[:, :k]

    @mistake("N708", replaces="knn_indices")
    def nearest_taken_for_the_query_itself(d, k):
        """Begin with the nearest: the query itself is not among the training points."""
        return np.argsort(d, axis=1, kind="stable")[:, 1 : k + 1]

    @mistake("N708", replaces="knn_indices")
    def columns_sorted(d, k):
        """Sort each row: its columns are the training points."""
        return np.argsort(d, axis=0, kind="stable")[:, :k]

    @mistake("N708", replaces="knn_indices")
    def distances_for_places(d, k):
        """Return the places and not the distances."""
        return np.sort(d, axis=1)[:, :k]


class MistakesOfKnnVote:
    @mistake("M05", replaces="knn_vote")
    def largest_label_wins(labels, *, n_classes=None):
        """Of equally frequent labels the smaller one wins; here the largest does."""
        _, counts, tie = knn_vote(labels, n_classes=n_classes)
        return counts.shape[1] - 1 - counts[:, ::-1].argmax(axis=1), counts, tie

    @mistake("N04", replaces="knn_vote")
    def nearest_label_wins(labels, *, n_classes=None):
        """Count the votes: the nearest neighbour alone does not decide."""
        _, counts, tie = knn_vote(labels, n_classes=n_classes)
        return labels[:, 0], counts, tie

    @mistake("N05", replaces="knn_vote")
    def ties_never_flagged(labels, *, n_classes=None):
        """Flag the rows in which several classes have the most votes."""
        y, counts, tie = knn_vote(labels, n_classes=n_classes)
        return y, counts, np.zeros_like(tie)

    @mistake("M05", replaces="knn_vote")
    def chance_decides(labels, *, n_classes=None):
        """Of equally frequent labels the smaller one wins; here chance decides."""
        _, counts, tie = knn_vote(labels, n_classes=n_classes)
        lot = np.random.default_rng(len(labels)).random(counts.shape)
        return (counts + lot).argmax(axis=1), counts, tie

    @mistake("N709", replaces="knn_vote")
    def mean_of_the_labels(labels, *, n_classes=None):
        """A label is one of the votes: the mean of labels is no label."""
        _, counts, tie = knn_vote(labels, n_classes=n_classes)
        return labels.mean(axis=1).round().astype(np.int64), counts, tie

    @mistake("N709", replaces="knn_vote")
    def labels_in_floats(labels, *, n_classes=None):
        """Return integers: labels in float64, as np.zeros(Nq) has them, cannot index."""
        y, counts, tie = knn_vote(labels, n_classes=n_classes)
        return y.astype(float), counts, tie

    @mistake("N709", replaces="knn_vote")
    def n_classes_ignored(labels, *, n_classes=None):
        """Count a column for each of n_classes, also for classes that nobody voted for."""
        return knn_vote(labels)


class MistakesOfKnnPredict:
    @mistake("M06", replaces="knn_predict")
    def farthest_neighbour(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        """Take the nearest: this predicts the label of the farthest point."""
        return y_train[l2_distance(x_test, x_train).argmax(axis=1)]

    @mistake("M01", replaces="knn_predict")
    def metric_ignored(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        """The metric changes who is near: honour metric='l1'."""
        order = np.argsort(l2_distance(x_test, x_train), axis=1, kind="stable")[:, :k]
        return knn_vote(y_train[order])[0]

    @mistake("M05", replaces="knn_predict")
    def only_the_nearest_votes(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        """Let all k neighbours vote; here only the nearest does."""
        d = l1_distance(x_test, x_train) if metric == "l1" else l2_distance(x_test, x_train)
        return y_train[d.argmin(axis=1)]

    @mistake("M03", replaces="knn_predict")
    def nan_for_coinciding_points(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        """Clip d^2 at 0 before the root: a NaN is sorted last, and the nearest point is lost."""
        if metric != "l2_gemm":
            return knn_predict(x_train, y_train, x_test, k=k, metric=metric)
        with np.errstate(invalid="ignore"):
            return knn_vote(y_train[np.argsort(np.sqrt(expanded(x_test, x_train)), axis=1)[:, :k]])[0]

    @mistake("M04", replaces="knn_predict")
    def uint8_wraps(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        """Convert integer images to float first: uint8 arithmetic wraps at 256."""
        difference = x_test[:, None] - x_train[None]  # (Nq, Nt, D)
        sizes = abs(difference) if metric == "l1" else difference * difference
        return knn_vote(y_train[np.argsort(sizes.sum(axis=2), axis=1, kind="stable")[:, :k]])[0]

    @mistake("M06", replaces="knn_predict", convention=True)
    def later_point_first_on_ties(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        """Of equal distances the smaller index is nearer: use a stable sort."""
        return knn_predict(x_train[::-1], y_train[::-1], x_test, k=k, metric=metric)

    @mistake("N04", replaces="knn_predict")
    def votes_not_counted(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        """Count the votes: the nearest neighbour alone does not decide."""
        return knn_predict(x_train, y_train, x_test, metric=metric)

    @mistake("M05", replaces="knn_predict")
    def largest_of_the_winners(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        """Of equally frequent labels the smaller one wins; here the largest does."""
        return y_train.max() - knn_predict(x_train, y_train.max() - y_train, x_test, k=k, metric=metric)

    @mistake("N710", replaces="knn_predict")
    def last_chunk_lost(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        """The last chunk counts, though it is shorter."""
        whole = len(x_test) - len(x_test) % (chunk or 1)
        return knn_predict(x_train, y_train, x_test[:whole], k=k, metric=metric)

    @mistake("N711", replaces="knn_predict")
    def index_for_label(x_train, y_train, x_test, *, k=1, metric="l2", chunk=None):
        """Predict labels: here it is the index of the nearest point."""
        return knn_indices(l2_distance(x_test, x_train), 1)[:, 0]


def expanded(xq, xt):
    """|a|^2 - 2 a·b + |b|^2 in floats, not clipped, for mistakes to be made with."""
    xq, xt = 1.0 * xq, 1.0 * xt
    return (xq * xq).sum(axis=1)[:, None] - 2 * (xq @ xt.T) + (xt * xt).sum(axis=1)[None, :]
