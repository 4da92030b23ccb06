"""A row has a group of lanes, as many as it has classes if these are few. The forward counts the active margins of each
row, so that the backward is one pass over the elements; block by block the losses are summed while they are there."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import block_sum, group_sum, total_of
from nnspec.accelerated.cuda._target import WARP, cuda, empty, empty_like, is_on_device

THREADS = (256, 8)


def svm_loss_forward(scores, y, *, delta=1.0, reduction="mean"):
    if reduction == "mean" and len(y) == 0:
        raise ValueError("svm_loss_forward: y must hold at least one label: the mean of no rows is undefined")
    lanes, summing = _lanes(scores.shape[1]), reduction != "none"
    n_blocks = blocks(len(y) * lanes, _forward.threads) or 1
    loss = empty(n_blocks if summing else len(y), scores.dtype)  # of each block, or of each row
    labels, active = empty(len(y), np.int64), empty(len(y), scores.dtype)
    divisor = float(len(y)) if reduction == "mean" else 1.0
    _forward(n_blocks, scores, y, lanes, float(delta), divisor, loss, labels, active, summing=summing)
    return total_of(loss) if summing else loss, (scores, labels, active, delta, divisor)


def svm_loss_backward(dloss, cache):
    scores, labels, active, delta, divisor = cache
    dscores = empty_like(scores)
    n_blocks, each = blocks(dscores.size, _backward.threads), is_on_device(dloss)
    _backward(n_blocks, scores, labels, active, float(delta), divisor, dloss, dscores, each=each)
    return dscores


def _lanes(classes):
    """A power of two."""
    return min(WARP, 1 << max(0, classes - 1).bit_length())


@kernel(threads=THREADS)
def _forward(real, threads, summing):
    add_up = block_sum(real, threads)

    def forward(scores, y, lanes, delta, divisor, loss, labels, active):
        rows, classes = scores.shape
        lane, rows_at_once = cuda.threadIdx.x % lanes, cuda.gridsize(1) // lanes
        losses = real(0)
        for start in range(cuda.blockIdx.x * threads // lanes, rows, rows_at_once):
            i = start + cuda.threadIdx.x // lanes
            total, count = real(0), real(0)
            if i < rows:
                right = scores[i, y[i]]
                for j in range(lane, classes, lanes):
                    margin = (scores[i, j] - right) + delta
                    if j != y[i] and not margin <= real(0):  # in this form NaN stays NaN
                        total += margin
                        count += real(1) if margin > real(0) else real(0)
            total, count = group_sum(total, lanes) / divisor, group_sum(count, lanes)
            if i < rows and lane == 0:
                labels[i], active[i] = y[i], count
                losses += total
                if not summing:
                    loss[i] = total
        if summing:
            add_up(losses, loss)

    return forward


@kernel(threads=THREADS)
def _backward(real, threads, each):
    def backward(scores, labels, active, delta, divisor, dloss, dscores):
        classes = scores.shape[1]
        for at in range(cuda.grid(1), dscores.size, cuda.gridsize(1)):
            i, j = at // classes, at % classes
            share = (dloss[i] if each else dloss) / divisor
            right = labels[i]
            if j == right:
                dscores[i, j] = -active[i] * share
            else:
                above = (scores[i, j] - scores[i, right]) + delta > real(0)
                dscores[i, j] = share if above else real(0) * share

    return backward
