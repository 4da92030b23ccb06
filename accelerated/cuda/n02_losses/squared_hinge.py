"""A row has a group of lanes, as in the SVM loss. The forward keeps for each row by how much its margins are missed in
all, so that the backward is one pass over the elements; block by block the losses are summed while they are there."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import block_sum, group_sum, total_of
from nnspec.accelerated.cuda._target import WARP, cuda, empty, empty_like, is_on_device

THREADS = (256, 8)


def squared_hinge_forward(scores, y, *, delta=1.0, reduction="mean"):
    if reduction == "mean" and len(y) == 0:
        raise ValueError("squared_hinge_forward: y must hold at least one label: the mean of no rows is undefined")
    lanes, summing = _lanes(scores.shape[1]), reduction != "none"
    n_blocks = blocks(len(y) * lanes, _forward.threads) or 1
    loss = empty(n_blocks if summing else len(y), scores.dtype)  # of each block, or of each row
    labels, missed = empty(len(y), np.int64), empty(len(y), scores.dtype)
    divisor = float(len(y)) if reduction == "mean" else 1.0
    _forward(n_blocks, scores, y, lanes, float(delta), divisor, loss, labels, missed, summing=summing)
    return total_of(loss) if summing else loss, (scores, labels, missed, delta, divisor)


def squared_hinge_backward(dloss, cache):
    scores, labels, missed, delta, divisor = cache
    dscores = empty_like(scores)
    n_blocks, each = blocks(dscores.size, _backward.threads), is_on_device(dloss)
    _backward(n_blocks, scores, labels, missed, float(delta), divisor, dloss, dscores, each=each)
    return dscores


def _lanes(classes):
    """A power of two."""
    return min(WARP, 1 << max(0, classes - 1).bit_length())


@kernel(threads=THREADS)
def _forward(real, threads, summing):
    add_up = block_sum(real, threads)

    def forward(scores, y, lanes, delta, divisor, loss, labels, missed):
        rows, classes = scores.shape
        lane, rows_at_once = cuda.threadIdx.x % lanes, cuda.gridsize(1) // lanes
        losses = real(0)
        for start in range(cuda.blockIdx.x * threads // lanes, rows, rows_at_once):
            i = start + cuda.threadIdx.x // lanes
            squares, total = real(0), real(0)
            if i < rows:
                right = scores[i, y[i]]
                for j in range(lane, classes, lanes):
                    margin = (scores[i, j] - right) + delta
                    if j != y[i] and not margin <= real(0):  # in this form NaN stays NaN
                        squares += margin * margin
                        total += margin
            squares, total = group_sum(squares, lanes) / divisor, group_sum(total, lanes)
            if i < rows and lane == 0:
                labels[i], missed[i] = y[i], total
                losses += squares
                if not summing:
                    loss[i] = squares
        if summing:
            add_up(losses, loss)

    return forward


@kernel(threads=THREADS)
def _backward(real, threads, each):
    def backward(scores, labels, missed, delta, divisor, dloss, dscores):
        classes = scores.shape[1]
        for at in range(cuda.grid(1), dscores.size, cuda.gridsize(1)):
            i, j = at // classes, at % classes
            slope = real(2) * ((dloss[i] if each else dloss) / divisor)
            right = labels[i]
            if j == right:
                dscores[i, j] = -missed[i] * slope
            else:
                margin = (scores[i, j] - scores[i, right]) + delta
                dscores[i, j] = (real(0) if margin <= real(0) else margin) * slope

    return backward
