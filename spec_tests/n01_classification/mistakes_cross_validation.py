"""Classic mistakes of k-fold cross-validation."""

import numpy as np

from nnspec.reference import cross_validate_k, kfold_indices, knn_predict
from nnspec.spec_tests._known import mistake


class MistakesOfKfoldIndices:
    @mistake("M10", replaces="kfold_indices")
    def validation_left_in_training(N, n_folds, *, shuffle=False, rng=None):
        """Leave the validation fold out of the training part."""
        return [(np.arange(N), val) for _, val in kfold_indices(N, n_folds, shuffle=shuffle, rng=rng)]

    @mistake("M10", replaces="kfold_indices")
    def two_permutations(N, n_folds, *, shuffle=False, rng=None):
        """Cut both parts from one permutation, or they overlap."""
        pairs = zip(*(kfold_indices(N, n_folds, shuffle=shuffle, rng=rng) for _ in range(2)), strict=True)
        return [(train, val) for (train, _), (_, val) in pairs]

    @mistake("M09", replaces="kfold_indices")
    def shuffle_ignored(N, n_folds, *, shuffle=False, rng=None):
        """Shuffle when asked to: a fold of a sorted file is of one class."""
        return kfold_indices(N, n_folds)

    @mistake("M09", replaces="kfold_indices")
    def only_folds_shuffled(N, n_folds, *, shuffle=False, rng=None):
        """Shuffle the samples and not only the order of the folds."""
        folds = kfold_indices(N, n_folds)
        return [folds[f] for f in rng.permutation(n_folds)] if shuffle else folds

    @mistake("N84", replaces="kfold_indices")
    def remainder_lost(N, n_folds, *, shuffle=False, rng=None):
        """The first N mod n_folds folds are one larger: no sample may be lost."""
        return kfold_indices(N - N % n_folds, n_folds, shuffle=shuffle, rng=rng)

    @mistake("N84", replaces="kfold_indices")
    def remainder_in_the_last_fold(N, n_folds, *, shuffle=False, rng=None):
        """Spread the remainder over the first folds."""
        order = rng.permutation(N) if shuffle else np.arange(N)
        vals = np.split(order, np.arange(1, n_folds) * (N // n_folds))
        return [(np.setdiff1d(order, val), val) for val in vals]

    @mistake("N84", replaces="kfold_indices")
    def trained_on_the_next_fold_only(N, n_folds, *, shuffle=False, rng=None):
        """Train on all other folds, also on those that come later."""
        vals = [val for _, val in kfold_indices(N, n_folds, shuffle=shuffle, rng=rng)]
        return [(vals[(f + 1) % n_folds], val) for f, val in enumerate(vals)]

    @mistake("N84", replaces="kfold_indices")
    def parts_swapped(N, n_folds, *, shuffle=False, rng=None):
        """(train, val), in this order."""
        return [(val, train) for train, val in kfold_indices(N, n_folds, shuffle=shuffle, rng=rng)]

    @mistake("N82", replaces="kfold_indices")
    def generator_ignored(N, n_folds, *, shuffle=False, rng=None):
        """Use the generator that is given, or no run can be repeated."""
        return kfold_indices(N, n_folds, shuffle=shuffle, rng=np.random.default_rng() if shuffle else None)


class MistakesOfCrossValidateK:
    @mistake("M08", replaces="cross_validate_k")
    def shuffled_anew_for_each_k(x, y, ks, *, n_folds=5, metric="l2", shuffle=False, rng=None):
        """Shuffle once, before all: every k is tried on the same folds."""
        each = [cross_validate_k(x, y, [k], n_folds=n_folds, metric=metric, shuffle=shuffle, rng=rng) for k in ks]
        accuracy = np.concatenate([row for row, _ in each])
        return accuracy, best(ks, accuracy.mean(axis=1))

    @mistake("M07", replaces="cross_validate_k")
    def judged_on_the_training_part(x, y, ks, *, n_folds=5, metric="l2", shuffle=False, rng=None):
        """Judge each k on the fold that was held out, not on what it was trained on."""
        folds = [(train, train) for train, _ in kfold_indices(len(x), n_folds, shuffle=shuffle, rng=rng)]
        accuracy = table(x, y, ks, folds, metric)
        return accuracy, best(ks, accuracy.mean(axis=1))

    @mistake("M07", replaces="cross_validate_k")
    def chosen_on_the_training_part(x, y, ks, *, n_folds=5, metric="l2", shuffle=False, rng=None):
        """Choose k by the validation accuracy: on the training part k = 1 is always right."""
        folds = kfold_indices(len(x), n_folds, shuffle=shuffle, rng=rng)
        fitted = table(x, y, ks, [(train, train) for train, _ in folds], metric)
        return table(x, y, ks, folds, metric), best(ks, fitted.mean(axis=1))

    @mistake("M10", replaces="cross_validate_k")
    def validation_left_in_training(x, y, ks, *, n_folds=5, metric="l2", shuffle=False, rng=None):
        """Leave the fold that validates out of the training part."""
        folds = kfold_indices(len(x), n_folds, shuffle=shuffle, rng=rng)
        accuracy = table(x, y, ks, [(np.arange(len(x)), val) for _, val in folds], metric)
        return accuracy, best(ks, accuracy.mean(axis=1))

    @mistake("M08", replaces="cross_validate_k")
    def only_x_shuffled(x, y, ks, *, n_folds=5, metric="l2", shuffle=False, rng=None):
        """Permute x and y by one and the same permutation."""
        return cross_validate_k(x[rng.permutation(len(x))] if shuffle else x, y, ks, n_folds=n_folds, metric=metric)

    @mistake("M09", replaces="cross_validate_k")
    def shuffle_ignored(x, y, ks, *, n_folds=5, metric="l2", shuffle=False, rng=None):
        """Shuffle when asked to: a fold of a sorted file is of one class."""
        return cross_validate_k(x, y, ks, n_folds=n_folds, metric=metric)

    @mistake("M01", replaces="cross_validate_k")
    def metric_ignored(x, y, ks, *, n_folds=5, metric="l2", shuffle=False, rng=None):
        """The metric changes who is near: honour metric='l1'."""
        return cross_validate_k(x, y, ks, n_folds=n_folds, shuffle=shuffle, rng=rng)

    @mistake("N85", replaces="cross_validate_k")
    def one_split_for_all(x, y, ks, *, n_folds=5, metric="l2", shuffle=False, rng=None):
        """Every fold validates once: go round, or it is a single split."""
        folds = kfold_indices(len(x), n_folds, shuffle=shuffle, rng=rng)
        accuracy = table(x, y, ks, folds[-1:] * n_folds, metric)
        return accuracy, best(ks, accuracy.mean(axis=1))

    @mistake("N85", replaces="cross_validate_k")
    def error_for_accuracy(x, y, ks, *, n_folds=5, metric="l2", shuffle=False, rng=None):
        """Look at accuracy, which is best when it is high; the error is 1 - accuracy."""
        accuracy, best_k = cross_validate_k(x, y, ks, n_folds=n_folds, metric=metric, shuffle=shuffle, rng=rng)
        return 1 - accuracy, best_k

    @mistake("N85", replaces="cross_validate_k")
    def folds_by_ks(x, y, ks, *, n_folds=5, metric="l2", shuffle=False, rng=None):
        """accuracy is (len(ks), n_folds): a row for each k."""
        accuracy, best_k = cross_validate_k(x, y, ks, n_folds=n_folds, metric=metric, shuffle=shuffle, rng=rng)
        return accuracy.T, best_k

    @mistake("N86", replaces="cross_validate_k")
    def place_for_k(x, y, ks, *, n_folds=5, metric="l2", shuffle=False, rng=None):
        """best_k is one of ks, not its place in ks."""
        accuracy, best_k = cross_validate_k(x, y, ks, n_folds=n_folds, metric=metric, shuffle=shuffle, rng=rng)
        return accuracy, ks.index(best_k)

    @mistake("N86", replaces="cross_validate_k")
    def worst_k(x, y, ks, *, n_folds=5, metric="l2", shuffle=False, rng=None):
        """Choose the highest mean accuracy, not the lowest."""
        accuracy, _ = cross_validate_k(x, y, ks, n_folds=n_folds, metric=metric, shuffle=shuffle, rng=rng)
        return accuracy, best(ks, -accuracy.mean(axis=1))

    @mistake("N86", replaces="cross_validate_k")
    def best_single_fold(x, y, ks, *, n_folds=5, metric="l2", shuffle=False, rng=None):
        """Choose by the mean over the folds: the best single fold is luck."""
        accuracy, _ = cross_validate_k(x, y, ks, n_folds=n_folds, metric=metric, shuffle=shuffle, rng=rng)
        return accuracy, best(ks, accuracy.max(axis=1))

    @mistake("N87", replaces="cross_validate_k", convention=True)
    def first_of_equals(x, y, ks, *, n_folds=5, metric="l2", shuffle=False, rng=None):
        """Of ks with the same mean accuracy the smallest is best, not the first."""
        accuracy, _ = cross_validate_k(x, y, ks, n_folds=n_folds, metric=metric, shuffle=shuffle, rng=rng)
        return accuracy, int(ks[accuracy.mean(axis=1).argmax()])

    @mistake("N87", replaces="cross_validate_k", convention=True)
    def rounding_breaks_a_tie(x, y, ks, *, n_folds=5, metric="l2", shuffle=False, rng=None):
        """Compare the means exactly: in floats, equal ones that were added in another order differ."""
        accuracy, _ = cross_validate_k(x, y, ks, n_folds=n_folds, metric=metric, shuffle=shuffle, rng=rng)
        return accuracy, best(ks, accuracy.mean(axis=1))


def table(x, y, ks, folds, metric):
    """accuracy (len(ks), n_folds), for mistakes to be made with."""
    return np.array(
        [
            [(knn_predict(x[train], y[train], x[val], k=k, metric=metric) == y[val]).mean() for train, val in folds]
            for k in ks
        ]
    )


def best(ks, score):
    return int(min(k for k, s in zip(ks, score, strict=True) if s == score.max()))
