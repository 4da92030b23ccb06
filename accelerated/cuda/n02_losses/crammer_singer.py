"""A row has a group of lanes, as many as it has classes if these are few. Each lane looks for the largest score of its
own classes; of the lanes that have the largest of all, the one of the first class wins. In the backward a thread writes
an entry."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import group_max, sum_all
from nnspec.accelerated.cuda._target import WARP, cuda, empty, is_on_device, math
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean

THREADS = (256, 8)


def crammer_singer_forward(scores, y, *, delta=1.0, reduction="mean"):
    factor = 1 / divisor_of_the_mean("crammer_singer_forward", reduction, y=len(y))
    lanes = min(WARP, 1 << max(0, scores.shape[1] - 1).bit_length())  # a power of two
    loss, labels, closest = empty(len(y), scores.dtype), empty(len(y), np.int64), empty(len(y), np.int64)
    n_blocks = blocks(len(y) * lanes, _forward.threads)
    _forward(n_blocks, scores, y, lanes, float(delta), factor, loss, labels, closest)
    return loss if reduction == "none" else sum_all(loss), (closest, labels, scores.shape, factor, scores.dtype)


def crammer_singer_backward(dloss, cache):
    closest, labels, shape, factor, dtype = cache
    dscores = empty(shape, dtype)
    n_blocks, each = blocks(dscores.size, _backward.threads), is_on_device(dloss)
    _backward(n_blocks, closest, labels, dloss, factor, dscores, each=each)
    return dscores


@kernel(threads=THREADS)
def _forward(real, threads):
    def forward(scores, y, lanes, delta, factor, loss, labels, closest):
        rows, classes = scores.shape
        lane, rows_at_once = cuda.threadIdx.x % lanes, cuda.gridsize(1) // lanes
        for start in range(cuda.blockIdx.x * threads // lanes, rows, rows_at_once):
            i = start + cuda.threadIdx.x // lanes
            own, own_at, odd = -real(math.inf), classes, real(0)
            if i < rows:
                for j in range(lane, classes, lanes):
                    score = scores[i, j]
                    odd = real(1) if score != score else odd
                    if j != y[i] and score > own:
                        own, own_at = score, j
            top, odd = group_max(own, lanes), group_max(odd, lanes)
            at = -group_max(-own_at if own == top else -classes, lanes)
            if i < rows and lane == 0:
                margin = (top - scores[i, y[i]]) + delta
                if odd > real(0):
                    margin = real(math.nan)
                loss[i] = real(0) if margin <= real(0) else factor * margin  # NaN stays NaN
                labels[i], closest[i] = y[i], at if margin > real(0) else -1

    return forward


@kernel(threads=THREADS)
def _backward(real, threads, each):
    def backward(closest, labels, dloss, factor, dscores):
        classes = dscores.shape[1]
        for at in range(cuda.grid(1), dscores.size, cuda.gridsize(1)):
            i, j = at // classes, at % classes
            share, value = factor * (dloss[i] if each else dloss), real(0)
            if closest[i] >= 0:
                if j == closest[i]:
                    value = share
                elif j == labels[i]:
                    value = -share
            dscores[i, j] = value

    return backward
