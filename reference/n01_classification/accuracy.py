"""Accuracy. CS231n notes "Image classification" and every notebook of assignment 1: `np.mean(y_pred == y)`.

    accuracy = (number of n with pred_n = y_n) / N

pred, y (N,) labels    accuracy: a number from 0 to 1

Of no samples it is undefined, and refused. A column (N, 1) beside a row (N,) would be compared with all of it: both are
(N,).
"""

from nnspec.shapes import Array, Int


def accuracy(pred: Int[Array, "N"], y: Int[Array, "N"]):
    if len(y) == 0:
        raise ValueError("accuracy: y must hold at least one label: the accuracy of no samples is undefined")
    return (pred == y).mean()
