"""Margins of the right class over the others, missed by how much, or by how much squared.

A row has a group of lanes, as many as it has classes if these are few. The forward keeps for each row the sum of the
slopes of all its margins, so that the backward is one pass over the elements; block by block the losses are summed
while they are there.
"""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, inlined, kernel
from nnspec.accelerated.cuda._sums import block_sum, group_sum, total_of
from nnspec.accelerated.cuda._target import WARP, cuda, empty, empty_like, is_on_device, like

THREADS = (256, 8)


def hinge_forward(name, scores, y, delta, reduction, squared):
    if reduction == "mean" and len(y) == 0:
        raise ValueError(f"{name}: y must hold at least one label: the mean of no rows is undefined")
    lanes, summing = _lanes(scores.shape[1]), reduction != "none"
    n_blocks = blocks(len(y) * lanes, _forward.threads) or 1
    loss = empty(n_blocks if summing else len(y), scores.dtype)  # of each block, or of each row
    labels, slopes = empty(len(y), np.int64), empty(len(y), scores.dtype)
    divisor = float(len(y)) if reduction == "mean" else 1.0
    static = {"summing": summing, "squared": squared}
    _forward(n_blocks, scores, y, lanes, float(delta), divisor, loss, labels, slopes, **static)
    return total_of(loss) if summing else loss, (scores, labels, slopes, delta, divisor, squared)


def hinge_backward(dloss, cache):
    scores, labels, slopes, delta, divisor, squared = cache
    dscores = empty_like(scores)
    n_blocks, static = blocks(dscores.size, _backward.threads), {"each": is_on_device(dloss), "squared": squared}
    _backward(n_blocks, scores, labels, slopes, float(delta), divisor, dloss, dscores, **static)
    return dscores


def _lanes(classes):
    """A power of two."""
    return min(WARP, 1 << max(0, classes - 1).bit_length())


@inlined
def _step(margin):
    return like(margin, 1) if margin > 0 else like(margin, 0)


@inlined
def _ramp(margin):
    """Half the slope of a square. In this form NaN stays NaN."""
    return like(margin, 0) if margin <= 0 else margin


@kernel(threads=THREADS)
def _forward(real, threads, summing, squared):
    add_up, slope_of = block_sum(real, threads), _ramp if squared else _step

    def forward(scores, y, lanes, delta, divisor, loss, labels, slopes):
        rows, classes = scores.shape
        lane, rows_at_once = cuda.threadIdx.x % lanes, cuda.gridsize(1) // lanes
        losses = real(0)
        for start in range(cuda.blockIdx.x * threads // lanes, rows, rows_at_once):
            i = start + cuda.threadIdx.x // lanes
            total, slope = real(0), real(0)
            if i < rows:
                right = scores[i, y[i]]
                for j in range(lane, classes, lanes):
                    margin = (scores[i, j] - right) + delta
                    if j != y[i] and not margin <= real(0):  # in this form NaN stays NaN
                        here = slope_of(margin)
                        total += margin * here
                        slope += here
            total, slope = group_sum(total, lanes) / divisor, group_sum(slope, lanes)
            if i < rows and lane == 0:
                labels[i], slopes[i] = y[i], slope
                losses += total
                if not summing:
                    loss[i] = total
        if summing:
            add_up(losses, loss)

    return forward


@kernel(threads=THREADS)
def _backward(real, threads, each, squared):
    slope_of = _ramp if squared else _step

    def backward(scores, labels, slopes, delta, divisor, dloss, dscores):
        classes = scores.shape[1]
        for at in range(cuda.grid(1), dscores.size, cuda.gridsize(1)):
            i, j = at // classes, at % classes
            share = (dloss[i] if each else dloss) / divisor
            if squared:
                share += share
            right = labels[i]
            if j == right:
                dscores[i, j] = -slopes[i] * share
            else:
                dscores[i, j] = slope_of((scores[i, j] - scores[i, right]) + delta) * share

    return backward
