"""Hits are counted, not averaged: no array of floats is made."""

import numpy as np


def accuracy(pred, y):
    if len(y) == 0:
        raise ValueError("accuracy: y must hold at least one label: the accuracy of no samples is undefined")
    return np.count_nonzero(pred == y) / len(y)
