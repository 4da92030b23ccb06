"""A warp owns a row, as in the cross-entropy: the probabilities are kept for the backward, and of each row 1 - p and
the slope, so that the backward is one pass over the elements."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import sum_all, warp_max, warp_sum
from nnspec.accelerated.cuda._target import WARP, cuda, empty, empty_like, is_on_device, math
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean

THREADS = (128, 8)


def focal_loss_forward(scores, y, *, gamma=2.0, alpha=None, reduction="mean"):
    if not gamma >= 0:
        raise ValueError(f"focal_loss_forward: gamma must be at least 0, got {gamma}")
    factor = 1 / divisor_of_the_mean("focal_loss_forward", reduction, y=len(y))
    loss, rest, slope = (empty(len(y), scores.dtype) for _ in range(3))
    p, labels, weighted = empty_like(scores), empty(len(y), np.int64), alpha is not None
    kept = (loss, p, labels, rest, slope)
    n_blocks, alpha = blocks(len(y) * WARP, _forward.threads), alpha if weighted else loss
    _forward(n_blocks, scores, y, alpha, float(gamma), factor, *kept, weighted=weighted)
    return loss if reduction == "none" else sum_all(loss), kept[1:]


def focal_loss_backward(dloss, cache):
    p, labels, rest, slope = cache
    dscores = empty_like(p)
    n_blocks, each = blocks(p.size, _backward.threads), is_on_device(dloss)
    _backward(n_blocks, p, labels, rest, slope, dloss, dscores, each=each)
    return dscores


@kernel(threads=THREADS)
def _forward(real, threads, weighted):
    def forward(scores, y, alpha, gamma, factor, loss, p, labels, rest, slope):
        lane, warps = cuda.threadIdx.x % WARP, cuda.gridsize(1) // WARP
        for i in range(cuda.grid(1) // WARP, scores.shape[0], warps):
            right, top = y[i], -real(math.inf)
            for j in range(lane, scores.shape[1], WARP):
                top = max(top, scores[i, j])
            top = warp_max(top)
            others = real(0)
            for j in range(lane, scores.shape[1], WARP):
                e = math.exp(scores[i, j] - top)
                p[i, j] = e
                if j != right:
                    others += e
            others = warp_sum(others)
            score = scores[i, right] - top
            own = math.exp(score)
            total = others + own
            for j in range(lane, scores.shape[1], WARP):
                p[i, j] /= total
            if lane == 0:
                q, share = others / total, factor
                logp = math.log1p(-q) if q < real(0.5) else score - math.log(total)
                ratio = logp / q if q > real(0) else -real(1)
                if weighted:
                    share *= alpha[right]
                modulated = share * q**gamma
                labels[i], rest[i] = right, q
                slope[i] = modulated * (gamma * (own / total) * ratio - real(1))
                loss[i] = -modulated * logp

    return forward


@kernel(threads=THREADS)
def _backward(real, threads, each):
    def backward(p, labels, rest, slope, dloss, dscores):
        classes = p.shape[1]
        for at in range(cuda.grid(1), p.size, cuda.gridsize(1)):
            i, j = at // classes, at % classes
            upstream = slope[i] * (dloss[i] if each else dloss)
            dscores[i, j] = upstream * (rest[i] if labels[i] == j else -p[i, j])

    return backward
