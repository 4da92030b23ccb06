"""k-fold cross-validation. Stone 1974; CS231n notes "Classification", assignment 1, `knn.ipynb`.

    accuracy_kf = share of fold f that the vote of its k nearest neighbours in all other folds gets right
    best_k = argmax_k mean_f accuracy_kf

x (N, D)    y (N,)    ks: numbers of neighbours to try    accuracy (len(ks), n_folds)

Folds are cut as np.array_split cuts: the first N mod n_folds are one larger. Where a file is sorted by class, they have
to be shuffled, or a fold holds classes that no other fold has. Only training data goes in: a test split that helped to
choose k would no longer tell how well k does on data that nobody has seen.
"""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from nnspec.shapes import Array, Between, Int, Real


def kfold_indices(
    N: Between[2, None], n_folds: Between[2, None], *, shuffle: bool = False, rng: np.random.Generator | None = None
):
    """A list of (train_idx, val_idx), one for each fold. Without shuffle the folds are runs of neighbours."""
    if n_folds > N:
        raise ValueError(f"kfold_indices: n_folds must be at most N = {N}, got {n_folds}")
    if shuffle != (rng is not None):
        raise ValueError(f"kfold_indices: rng must be given with shuffle=True and only then, got {rng} and {shuffle=}")
    order = rng.permutation(N) if shuffle else np.arange(N)
    folds = np.array_split(order, n_folds)
    return [(np.concatenate(folds[:f] + folds[f + 1 :]), val_idx) for f, val_idx in enumerate(folds)]


def cross_validate_k(
    x: Real[Array, "N D"],
    y: Int[Array, "N"],
    ks: Sequence[int],
    *,
    n_folds: Between[2, None] = 5,
    metric: Literal["l1", "l2", "l2_gemm"] = "l2",
    shuffle: bool = False,
    rng: np.random.Generator | None = None,
    ops=None,
):
    """(accuracy, best_k). Of ks with the same mean the smallest is best; one that is given twice has two equal rows."""
    if ops is None:
        from nnspec import reference as ops
    folds = kfold_indices(len(x), n_folds, shuffle=shuffle, rng=rng)
    fewest = min(len(train) for train, _ in folds)
    if not ks or not all(1 <= k <= fewest for k in ks):
        raise ValueError(
            f"cross_validate_k: ks must be integers from 1 to {fewest}, as many as every fold is trained on, got {ks}"
        )
    distance = {"l1": ops.l1_distance, "l2": ops.l2_distance, "l2_gemm": ops.l2_distance_gemm}[metric]
    correct = np.empty((len(ks), n_folds), np.int64)
    for f, (train, val) in enumerate(folds):
        nearest = y[train][ops.knn_indices(distance(x[val], x[train]), max(ks))]  # (Nval, max(ks)) labels
        for i, k in enumerate(ks):
            predicted, _, _ = ops.knn_vote(nearest[:, :k])
            correct[i, f] = (predicted == y[val]).sum()

    sizes = np.array([len(val) for _, val in folds])  # (n_folds,)
    mean = correct @ (math.lcm(*sizes) // sizes)  # (len(ks),) times a whole number, so that rounding breaks no tie
    best_k = min(ks[i] for i in np.flatnonzero(mean == mean.max()))
    return correct / sizes, int(best_k)
