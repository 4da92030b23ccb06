"""Neighbours and losses in the styles of many hands: loops, selections, closures, libraries. A class is a backend."""

import heapq
from collections import Counter

import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist
from scipy.special import log_softmax, logsumexp, softmax, xlogy

# -- nearest neighbours ---------------------------------------------------------------------------------------------


def kept(d, x):
    return d.astype(x.dtype) if x.dtype.kind == "f" else d


class DistancesByTwoLoops:
    def l2_distance(xq, xt):
        d = np.zeros((len(xq), len(xt)), xq.dtype if xq.dtype.kind == "f" else float)
        for i in range(len(xq)):
            for j in range(len(xt)):
                d[i, j] = np.sqrt(np.sum((xq[i] - xt[j]) ** 2))
        return d

    def l1_distance(xq, xt):
        return np.array([[np.sum(np.abs(a - b)) for b in xt] for a in xq], xq.dtype)


class DistancesByNorm:
    def l2_distance(xq, xt):
        return np.linalg.norm(xq[:, np.newaxis] - xt[np.newaxis], axis=-1)

    def l1_distance(xq, xt):
        return np.linalg.norm(xq[:, np.newaxis] - xt[np.newaxis], ord=1, axis=-1)


class DistancesByScipy:
    def l2_distance(xq, xt, *, squared=False):
        return kept(cdist(xq, xt, "sqeuclidean" if squared else "euclidean"), xq)

    def l1_distance(xq, xt):
        return kept(cdist(xq, xt, "cityblock"), xq)


class DistancesByColumns:
    """One training point at a time, features in front."""

    def l2_distance(xq, xt):
        columns = [np.hypot.reduce(xq.T - point[:, None]) for point in xt]
        return np.asarray(columns).T


class DistancesByProduct:
    def l2_distance_gemm(xq, xt):
        d2 = np.add.outer(np.square(xq).sum(1), np.square(xt).sum(1))
        d2 -= 2 * xq.dot(xt.T)
        return np.sqrt(np.where(d2 < 0, 0, d2))


class DistanceGradientByLoop:
    l2_distance = DistancesByNorm.l2_distance

    def l2_distance_backward(dd, xq, xt):
        dxq, dxt = np.zeros_like(xq), np.zeros_like(xt)
        for i, j in np.ndindex(dd.shape):
            apart = xq[i] - xt[j]
            far = np.sqrt(apart @ apart)
            if far > 0:
                dxq[i] += dd[i, j] * apart / far
                dxt[j] -= dd[i, j] * apart / far
        return dxq, dxt


class NeighboursByHeap:
    def knn_indices(d, k):
        return np.array([heapq.nsmallest(k, range(d.shape[1]), key=row.__getitem__) for row in d])


class NeighboursByLexsort:
    def knn_indices(d, k):
        places = np.broadcast_to(np.arange(d.shape[1]), d.shape)
        return np.lexsort((places, d), axis=-1)[:, :k]


class NeighboursByMinima:
    """k times the first of the smallest, which is then out of the way."""

    def knn_indices(d, k):
        left, found = d.copy(), []
        for _ in range(k):
            found.append(left.argmin(axis=1))
            left[np.arange(len(d)), found[-1]] = np.inf
        return np.stack(found, axis=1)


class VotesByCounter:
    def knn_vote(labels, n_classes=None):
        counters = [Counter(row.tolist()) for row in labels]
        classes = range(n_classes or labels.max() + 1)
        counts = np.array([[counter[c] for c in classes] for counter in counters])
        winners = np.array([min(c for c in counter if counter[c] == max(counter.values())) for counter in counters])
        tie = np.array([list(counter.values()).count(max(counter.values())) > 1 for counter in counters])
        return winners, counts, tie


class VotesByAddAt:
    def knn_vote(labels, n_classes=None):
        counts = np.zeros((len(labels), n_classes or labels.max() + 1), int)
        np.add.at(counts, (np.arange(len(labels))[:, None], labels), 1)
        ordered = np.sort(counts, axis=1)
        tie = ordered[:, -1] == ordered[:, -2] if counts.shape[1] > 1 else np.zeros(len(labels), bool)
        return counts.argmax(axis=1), counts, tie


class PredictionOneByOne:
    def knn_predict(x_train, y_train, x_test, *, k=1):
        def label_of(query):
            d = np.sqrt(((x_train.astype(float) - query) ** 2).sum(axis=1))
            nearest = y_train[np.argsort(d, kind="stable")[:k]]
            return np.bincount(nearest).argmax()

        return np.array([label_of(query) for query in x_test])


class PredictionByTree:
    """A k-d tree has its own order of equal distances, so it is asked for plenty and sorted again."""

    def knn_predict(x_train, y_train, x_test, *, k=1):
        d, idx = KDTree(x_train.astype(float)).query(x_test.astype(float), k=[*range(1, len(x_train) + 1)])
        order = np.lexsort((idx, d), axis=-1)[:, :k]
        votes = y_train[np.take_along_axis(idx, order, axis=1)]
        return np.array([np.bincount(row).argmax() for row in votes], int)


NEIGHBOURS = {
    DistancesByTwoLoops: "knn",
    DistancesByNorm: "knn",
    DistancesByScipy: "knn",
    DistancesByColumns: "knn",
    DistancesByProduct: "knn",
    DistanceGradientByLoop: "knn",
    NeighboursByHeap: "knn",
    NeighboursByLexsort: "knn",
    NeighboursByMinima: "knn",
    VotesByCounter: "knn",
    VotesByAddAt: "knn",
    PredictionOneByOne: "knn",
    PredictionByTree: "knn",
}


# -- losses ---------------------------------------------------------------------------------------------------------


class SoftmaxByLoop:
    def softmax_cross_entropy_forward(scores, y):
        loss, d = 0.0, np.empty_like(scores)
        for i in range(len(scores)):
            e = np.exp(scores[i] - np.max(scores[i]))
            p = e / np.sum(e)
            loss += np.log(np.sum(e)) + np.max(scores[i]) - scores[i, y[i]]
            d[i] = p
            d[i, y[i]] -= 1
        return scores.dtype.type(loss / len(scores)), d / len(scores)

    def softmax_cross_entropy_backward(dloss, d):
        return dloss * d


class SoftmaxByOneHot:
    def softmax_cross_entropy_forward(scores, y):
        shifted = scores - scores.max(axis=1, keepdims=True)
        onehot = np.zeros_like(scores)
        onehot[np.arange(len(y)), y] = 1
        logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return -(onehot * logp).sum() / len(y), (np.exp(logp) - onehot) / scores.dtype.type(len(y))

    softmax_cross_entropy_backward = SoftmaxByLoop.softmax_cross_entropy_backward


class SoftmaxInColumns:
    """Classes in front, as MATLAB would have it."""

    def softmax_cross_entropy_forward(scores, y):
        s = np.asfortranarray(scores.T)
        total = logsumexp(s, axis=0)
        p = np.exp(s - total)
        p[y, np.arange(len(y))] -= 1
        return np.mean(total - s[y, np.arange(len(y))]), p / len(y)

    def softmax_cross_entropy_backward(dloss, d):
        return (d * np.float32(dloss) if d.dtype == np.float32 else d * dloss).T


class SoftmaxByClosure:
    """The cache is the backward itself, and reductions are a table of functions."""

    def softmax_cross_entropy_forward(scores, y, reduction="mean"):
        losses = -np.take_along_axis(log_softmax(scores, axis=1), y[:, None], axis=1)[:, 0]
        share = 1 / len(y) if reduction == "mean" else 1

        def backward(dloss):
            d = softmax(scores, axis=1)
            np.put_along_axis(d, y[:, None], np.take_along_axis(d, y[:, None], axis=1) - 1, axis=1)
            return d * (np.reshape(dloss, (-1, 1)) * share).astype(d.dtype)

        return {"mean": np.mean, "sum": np.sum, "none": np.array}[reduction](losses), backward

    def softmax_cross_entropy_backward(dloss, backward):
        return backward(dloss)


class SoftmaxInDouble:
    """float64 inside, and cast at the ends."""

    def softmax_cross_entropy_forward(scores, y, *, reduction="mean"):
        s = scores.astype(np.float64)
        logp = s - logsumexp(s, axis=1, keepdims=True)
        losses = -logp[np.arange(len(y)), y]
        reduced = {"mean": losses.mean(), "sum": losses.sum(), "none": losses}[reduction]
        return np.asarray(reduced).astype(scores.dtype)[()], (logp, y, reduction, scores.dtype)

    def softmax_cross_entropy_backward(dloss, cache):
        logp, y, reduction, dtype = cache
        d = np.exp(logp)
        d[np.arange(len(y)), y] -= 1
        d *= np.asarray(dloss, np.float64).reshape(-1, 1) / (len(y) if reduction == "mean" else 1)
        return d.astype(dtype)


class SoftmaxAsEntropy:
    """H(onehot, p) by xlogy, and the Jacobian of softmax written out."""

    def softmax_cross_entropy_forward(scores, y):
        p, onehot = softmax(scores, axis=1), np.eye(scores.shape[1], dtype=scores.dtype)[y]
        return -xlogy(onehot, p).sum(axis=1).mean(), (p, onehot)

    def softmax_cross_entropy_backward(dloss, cache):
        p, onehot = cache
        jacobian = np.einsum("ni,ij->nij", p, np.eye(p.shape[1], dtype=p.dtype)) - np.einsum("ni,nj->nij", p, p)
        dp = -onehot / p
        return np.einsum("nij,nj->ni", jacobian, dp) * p.dtype.type(dloss / len(p))


class SvmByLoops:
    def svm_loss_forward(scores, y, delta=1.0):
        loss, d = 0.0, np.zeros_like(scores)
        for i, right in enumerate(y):
            for j in range(scores.shape[1]):
                margin = scores[i, j] - scores[i, right] + delta
                if j != right and margin > 0:
                    loss += margin
                    d[i, j] += 1
                    d[i, right] -= 1
        return scores.dtype.type(loss / len(y)), d / len(y)

    def svm_loss_backward(dloss, d):
        return d * dloss


class SvmOfTheCourse:
    def svm_loss_forward(scores, y, *, delta=1.0, reduction="mean"):
        N = scores.shape[0]
        correct = scores[np.arange(N), y].reshape(N, 1)
        margins = np.maximum(0, scores - correct + delta)
        margins[np.arange(N), y] = 0
        losses = np.sum(margins, axis=1)
        binary = np.where(margins > 0, 1.0, 0.0).astype(scores.dtype)
        binary[np.arange(N), y] -= np.sum(binary, axis=1)
        if reduction == "mean":
            return losses.mean(), binary / N
        return (losses.sum() if reduction == "sum" else losses), binary

    def svm_loss_backward(dloss, binary):
        return binary * np.asarray(dloss, binary.dtype).reshape(-1, 1)


class SvmWithTheRightClassCounted:
    """The right class has the margin delta, which is taken off again."""

    def svm_loss_forward(scores, y, *, delta=1.0):
        right = np.choose(y, scores.T) if scores.shape[1] < 32 else scores[np.arange(len(y)), y]
        margins = scores.T - right + delta
        active = margins > 0
        active[y, np.arange(len(y))] = False
        loss = (np.clip(margins, 0, None).sum(axis=0) - delta).mean()
        return loss, (active, y)

    def svm_loss_backward(dloss, cache):
        active, y = cache
        d = active.T.astype(dloss.dtype)
        d[np.arange(len(y)), y] = -np.count_nonzero(active, axis=0)
        return d * dloss / dloss.dtype.type(len(y))


class SvmWithoutTheRightClass:
    """The right class is cut out of each row, which leaves C - 1 margins."""

    def svm_loss_forward(scores, y, *, delta=1.0):
        N, C = scores.shape
        others = np.arange(C) != y[:, None]
        margins = (scores[others].reshape(N, C - 1) - scores[~others][:, None] + delta).clip(min=0)
        return margins.sum() / scores.dtype.type(N), (margins > 0, others, scores.dtype)

    def svm_loss_backward(dloss, cache):
        active, others, dtype = cache
        d = np.zeros(others.shape, dtype)
        d[others] = active.ravel()
        d[~others] = -active.sum(axis=1)
        return dtype.type(dloss / len(d)) * d


LOSSES = {
    SoftmaxByLoop: "softmax_cross_entropy",
    SoftmaxByOneHot: "softmax_cross_entropy",
    SoftmaxInColumns: "softmax_cross_entropy",
    SoftmaxByClosure: "softmax_cross_entropy",
    SoftmaxInDouble: "softmax_cross_entropy",
    SoftmaxAsEntropy: "softmax_cross_entropy",
    SvmByLoops: "svm_loss",
    SvmOfTheCourse: "svm_loss",
    SvmWithTheRightClassCounted: "svm_loss",
    SvmWithoutTheRightClass: "svm_loss",
}
