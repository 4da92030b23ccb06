"""A warp owns a row: its maximum and its sum are exchanges between lanes, without shared memory and barriers."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import sum_all, warp_max, warp_sum
from nnspec.accelerated.cuda._target import WARP, cuda, empty, empty_like, is_on_device, math, to_host

THREADS = (128, 8)


def softmax_cross_entropy_forward(scores, y, *, reduction="mean", ignore_index=None, weight=None):
    share, divisor = _share_of_each_row(scores, y, reduction, ignore_index, weight)
    loss, p, labels = empty(len(y), scores.dtype), empty_like(scores), empty(len(y), np.int64)
    _forward(blocks(len(y) * WARP, _forward.threads), scores, y, share, divisor, loss, p, labels)
    return loss if reduction == "none" else sum_all(loss), (p, labels, share, divisor)


def softmax_cross_entropy_backward(dloss, cache):
    p, labels, share, divisor = cache
    dscores = empty_like(p)
    each = is_on_device(dloss)
    _backward(blocks(p.size, _backward.threads), p, labels, share, divisor, dloss, dscores, each=each)
    return dscores


def _share_of_each_row(scores, y, reduction, ignore_index, weight):
    """(N,) the weight of row n, 0 if it is ignored, and what all of them are divided by."""
    share = empty(len(y), scores.dtype)
    weighted, ignoring = weight is not None, ignore_index is not None
    weights, ignored = weight if weighted else share, ignore_index if ignoring else 0
    _weigh(blocks(len(y), _weigh.threads), y, weights, share, ignored, weighted=weighted, ignoring=ignoring)
    if reduction != "mean":
        return share, 1.0
    total = float(to_host(sum_all(share))) if weighted or ignoring else float(len(y))
    if not total > 0:
        raise ValueError(f"softmax_cross_entropy_forward: no row of y counts, out of {len(y)}: the mean is undefined")
    return share, total


@kernel(threads=THREADS)
def _weigh(real, threads, weighted, ignoring):
    def weigh(y, weight, share, ignore_index):
        for i in range(cuda.grid(1), y.size, cuda.gridsize(1)):
            if ignoring and y[i] == ignore_index:
                share[i] = real(0)
            elif weighted:
                share[i] = weight[y[i]]
            else:
                share[i] = real(1)

    return weigh


@kernel(threads=THREADS)
def _forward(real, threads):
    def forward(scores, y, share, divisor, loss, p, labels):
        lane, warps = cuda.threadIdx.x % WARP, cuda.gridsize(1) // WARP
        for i in range(cuda.grid(1) // WARP, scores.shape[0], warps):
            top = -real(math.inf)
            for j in range(lane, scores.shape[1], WARP):
                top = max(top, scores[i, j])
            top = warp_max(top)
            total = real(0)
            for j in range(lane, scores.shape[1], WARP):
                e = math.exp(scores[i, j] - top)
                p[i, j] = e
                total += e
            total = warp_sum(total)
            for j in range(lane, scores.shape[1], WARP):
                p[i, j] /= total
            if lane == 0:
                labels[i] = y[i]
                loss[i] = real(0)
                if share[i] != real(0):
                    loss[i] = share[i] / divisor * (math.log(total) - (scores[i, y[i]] - top))

    return forward


@kernel(threads=THREADS)
def _backward(real, threads, each):
    def backward(p, labels, share, divisor, dloss, dscores):
        classes = p.shape[1]
        for at in range(cuda.grid(1), p.size, cuda.gridsize(1)):
            i, j = at // classes, at % classes
            upstream = share[i] / divisor
            if each:
                upstream *= dloss[i]
            else:
                upstream *= dloss
            hit = real(1) if labels[i] == j else real(0)
            dscores[i, j] = (p[i, j] - hit) * upstream if share[i] != real(0) else real(0)  # whatever the scores were

    return backward
