"""A small system of linear equations, in whatever precision it is given."""

import numpy as np


def solved(a, b):
    """x (P,) with a x = b, by Gauss and Jordan's elimination with the largest pivot of each column."""
    rows = np.column_stack([a, b])  # (P, P + 1)
    for i in range(len(rows)):
        pivot = i + abs(rows[i:, i]).argmax()
        rows[[i, pivot]] = rows[[pivot, i]]
        rows[i] /= rows[i, i]
        rows -= np.where(np.arange(len(rows)) == i, 0, rows[:, i])[:, None] * rows[i]
    return rows[:, -1]
