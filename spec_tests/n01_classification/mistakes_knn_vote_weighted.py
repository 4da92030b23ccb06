"""Classic mistakes of the distance-weighted vote."""

import numpy as np

from nnspec.reference import knn_vote, knn_vote_weighted
from nnspec.spec_tests._known import mistake
from nnspec.spec_tests.n01_classification._distances import relative_weights, weighed


class MistakesOfKnnVoteWeighted:
    @mistake("N1582", replaces="knn_vote_weighted")
    def plain_vote(labels, d, *, eps=0.0):
        """Weigh each vote by 1 / (d + eps): near neighbours count more."""
        return knn_vote(labels - labels.min(initial=0))[0] + labels.min(initial=0)

    @mistake("N04", replaces="knn_vote_weighted")
    def nearest_decides(labels, d, *, eps=0.0):
        """Add up the weights of each label: the nearest neighbour alone does not decide."""
        return labels[np.arange(len(d)), d.argmin(axis=1)]

    @mistake("N1582", replaces="knn_vote_weighted")
    def farther_weighs_more(labels, d, *, eps=0.0):
        """Weigh by the reciprocal of the distance: by the distance itself the farthest counts most."""
        return winner(labels, d)

    @mistake("N1583", replaces="knn_vote_weighted")
    def reciprocal_of_the_square(labels, d, *, eps=0.0):
        """The weight is 1 / d, without a square."""
        return winner(labels, relative_weights(d, eps) ** 2)

    @mistake("N1583", replaces="knn_vote_weighted")
    def exponential(labels, d, *, eps=0.0):
        """The weight is 1 / (d + eps); exp(-d) is another one, which depends on the unit."""
        return winner(labels, np.exp(d.min(axis=1, keepdims=True) - d))

    @mistake("N1583", replaces="knn_vote_weighted")
    def one_added(labels, d, *, eps=0.0):
        """Add eps to the distance, which is 0 unless given, and not 1."""
        return knn_vote_weighted(labels, d, eps=1.0)

    @mistake("N1583", replaces="knn_vote_weighted")
    def eps_ignored(labels, d, *, eps=0.0):
        """Add the eps that is given: it bounds what a near neighbour weighs."""
        return knn_vote_weighted(labels, d)

    @mistake("N1584", replaces="knn_vote_weighted")
    def infinite_weights(labels, d, *, eps=0.0):
        """At distance 0 let those neighbours vote alone, with a vote each: infinite weights cannot be compared."""
        with np.errstate(divide="ignore", over="ignore"):
            return winner(labels, 1 / (d + d.dtype.type(eps)))

    @mistake("N1584", replaces="knn_vote_weighted")
    def zero_weighs_nothing(labels, d, *, eps=0.0):
        """A neighbour at distance 0 wins alone: it must not lose its vote."""
        weight = np.where(d + eps > 0, relative_weights(np.maximum(d, np.finfo(d.dtype).tiny), eps), 0)
        return winner(labels, weight)

    @mistake("N1584", replaces="knn_vote_weighted")
    def zero_weighs_one(labels, d, *, eps=0.0):
        """A neighbour at distance 0 wins alone: with a weight of 1 it is outvoted by whoever is nearer than 1."""
        with np.errstate(divide="ignore", over="ignore"):
            return winner(labels, np.where(d + eps > 0, 1 / (d + d.dtype.type(eps)), 1))

    @mistake("M05", replaces="knn_vote_weighted", convention=True)
    def largest_label_wins(labels, d, *, eps=0.0):
        """Of labels that weigh the same the smaller one wins; here the largest does."""
        return -knn_vote_weighted(-labels.astype(np.int64), d, eps=eps)

    @mistake("M05", replaces="knn_vote_weighted", convention=True)
    def chance_decides(labels, d, *, eps=0.0):
        """Of labels that weigh the same the smaller one wins; here chance decides."""
        names = np.random.default_rng(len(labels)).permutation(64)
        return names.argsort()[knn_vote_weighted(names[labels], d, eps=eps)] if labels.max(initial=0) < 64 else labels

    @mistake("N709", replaces="knn_vote_weighted")
    def mean_of_the_labels(labels, d, *, eps=0.0):
        """A label is one of the votes: the weighted mean of labels is no label."""
        weight = relative_weights(d, eps)
        return ((weight * labels).sum(axis=1) / weight.sum(axis=1)).round().astype(np.int64)

    @mistake("N709", replaces="knn_vote_weighted")
    def labels_in_floats(labels, d, *, eps=0.0):
        """Return integers: labels in float64, as np.zeros(Nq) has them, cannot index."""
        return knn_vote_weighted(labels, d, eps=eps).astype(float)

    @mistake("N711", replaces="knn_vote_weighted")
    def place_for_label(labels, d, *, eps=0.0):
        """Return the label and not the place of the neighbour that has it."""
        return weighed(labels, relative_weights(d, eps)).argmax(axis=1)


def winner(labels, weight):
    """The smallest of the labels that weigh most."""
    votes = weighed(labels, weight)
    most = votes == votes.max(axis=1, keepdims=True)
    return np.where(most, labels, labels.max(initial=0)).min(axis=1)
