"""Confusion matrix, and the accuracy of each class. Fawcett 2006, "An introduction to ROC analysis", sec. 2.

    confusion_ij = the number of n with y_n = i and pred_n = j
    accuracy_i = confusion_ii / sum_j confusion_ij, the share of class i that was recognized (its recall)

pred, y (N,) labels 0 … n_classes - 1    confusion (n_classes, n_classes)    accuracy (C,)

A row is the truth and a column is what it was taken for, as in scikit-learn; Fawcett turns it round. Of a class without
samples nothing is known: its accuracy is NaN, not 0.
"""

import numpy as np

from nnspec.shapes import Array, Between, Int, Labels


def confusion_matrix(pred: Labels["N", "n_classes"], y: Labels["N", "n_classes"], n_classes: Between[1, None]):
    confusion = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(confusion, (y, pred), 1)  # confusion[y, pred] += 1 counts a pair that occurs twice once
    return confusion


def per_class_accuracy(confusion: Int[Array, "C C"]):
    if confusion.min(initial=0) < 0:
        raise ValueError(f"per_class_accuracy: confusion must hold counts from 0 on, got {confusion.min()}")
    samples = confusion.sum(axis=1).astype(np.float64)  # (C,)
    samples[samples == 0] = np.nan
    return confusion.diagonal() / samples
