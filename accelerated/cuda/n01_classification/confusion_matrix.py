"""A block for each entry, which counts its samples in float64, which holds every count: no atomics."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import block_sum
from nnspec.accelerated.cuda._target import cuda, empty, flat, math, to_host

THREADS = (256, 8)


def confusion_matrix(pred, y, n_classes):
    confusion, counts = empty((n_classes, n_classes), np.int64), empty(n_classes**2, np.float64)
    _count(counts.size, pred, y, np.int64(n_classes), counts, flat(confusion))
    return confusion


def per_class_accuracy(confusion):
    lowest = to_host(confusion).min(initial=0)
    if lowest < 0:
        raise ValueError(f"per_class_accuracy: confusion must hold counts from 0 on, got {lowest}")
    accuracy = empty(len(confusion), np.float64)
    _shares(blocks(len(confusion), _shares.threads), confusion, accuracy)
    return accuracy


@kernel(threads=THREADS)
def _count(real, threads):
    add_up = block_sum(real, threads)

    def count(pred, y, n_classes, counts, confusion):
        row, column = cuda.blockIdx.x // n_classes, cuda.blockIdx.x % n_classes
        total = real(0)
        for i in range(cuda.threadIdx.x, y.size, threads):
            if y[i] == row and pred[i] == column:
                total += real(1)
        add_up(total, counts)
        if cuda.threadIdx.x == 0:
            confusion[cuda.blockIdx.x] = int(counts[cuda.blockIdx.x])

    return count


@kernel(threads=THREADS)
def _shares(real, threads):
    def shares(confusion, accuracy):
        for c in range(cuda.grid(1), accuracy.size, cuda.gridsize(1)):
            samples = real(0)  # an integer would take the type of the counts, and may wrap
            for j in range(confusion.shape[1]):
                samples += real(confusion[c, j])
            accuracy[c] = real(confusion[c, c]) / samples if samples > real(0) else real(math.nan)

    return shares
