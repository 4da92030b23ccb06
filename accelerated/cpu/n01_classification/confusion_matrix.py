"""Samples in parts, each counted by one thread in a matrix of its own; the matrices are added up."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel

MOST = 16  # parts
COUNTS = 2**20  # entries of all their matrices together, at most: clearing and adding them costs as well


def confusion_matrix(pred, y, n_classes):
    parts = max(1, min(MOST, COUNTS // n_classes**2))
    counts = np.zeros((parts, n_classes, n_classes), np.int64)
    pred, y = pred.astype(np.int64), y.astype(np.int64)  # copies, which nobody changes: they say where is written to
    _count[2 * len(y)](*contiguous(pred, y), counts)
    return counts.sum(axis=0)


def per_class_accuracy(confusion):
    accuracy, signs = np.empty(len(confusion), np.float64), np.empty(len(confusion), np.int64)
    _shares[confusion.size](*contiguous(confusion.astype(np.int64, copy=False)), accuracy, signs)
    if signs.min(initial=0) < 0:
        raise ValueError(f"per_class_accuracy: confusion must hold counts from 0 on, got {confusion.min()}")
    return accuracy


@kernel
def _count(pred, y, counts):
    parts, samples = len(counts), len(y)
    for part in prange(parts):
        own = counts[part]
        for i in range(part * samples // parts, (part + 1) * samples // parts):
            own[y[i], pred[i]] += 1


@kernel
def _shares(confusion, accuracy, signs):
    """A number below 0 among others leaves its sign in all of them together."""
    for c in prange(len(confusion)):
        samples = together = 0
        for count in confusion[c]:
            samples += count
            together |= count
        accuracy[c] = confusion[c, c] / samples if samples > 0 else np.nan
        signs[c] = together
