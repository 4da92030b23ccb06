"""A warp owns a row: its maximum and its sums are exchanges between lanes, without shared memory and barriers. On
the way it is found out whether the targets are distributions."""

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import sum_all, warp_max, warp_sum
from nnspec.accelerated.cuda._target import WARP, cuda, empty, empty_like, is_on_device, math, to_host
from nnspec.reference.n02_losses._probabilities import SUM_TO_1
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean

THREADS = (128, 8)


def soft_cross_entropy_forward(scores, t, *, reduction="mean"):
    factor = 1 / divisor_of_the_mean("soft_cross_entropy_forward", reduction, scores=len(scores))
    n, p = len(scores), empty_like(scores)
    loss, shares, odd = empty(n, t.dtype), empty(n, t.dtype), empty(n, bool)
    _forward(blocks(n * WARP, _forward.threads), scores, t, factor, p, loss, shares, odd)
    if n and to_host(odd).any():
        told = "t must be distributions: nothing below 0, and a sum of 1 along axis -1"
        raise ValueError(f"soft_cross_entropy_forward: {told}")
    return loss if reduction == "none" else sum_all(loss), (p, shares, t, factor)


def soft_cross_entropy_backward(dloss, cache):
    p, shares, t, factor = cache
    dscores, each = empty_like(p), is_on_device(dloss)
    _backward(blocks(p.size, _backward.threads), p, shares, t, dloss, factor, dscores, each=each)
    return dscores


@kernel(threads=THREADS)
def _forward(real, threads):
    def forward(scores, t, factor, p, loss, shares, odd):
        lane, warps = cuda.threadIdx.x % WARP, cuda.gridsize(1) // WARP
        for i in range(cuda.grid(1) // WARP, scores.shape[0], warps):
            top = -real(math.inf)
            for j in range(lane, scores.shape[1], WARP):
                top = max(top, scores[i, j])
            top = warp_max(top)
            total, share, below, negative = real(0), real(0), real(0), real(0)
            for j in range(lane, scores.shape[1], WARP):
                shifted, target = scores[i, j] - top, t[i, j]
                e = math.exp(shifted)
                p[i, j] = e
                total += e
                share += target
                below += target * shifted
                if not target >= real(0):
                    negative = real(1)
            total, share = warp_sum(total), warp_sum(share)
            below, negative = warp_sum(below), warp_sum(negative)
            for j in range(lane, scores.shape[1], WARP):
                p[i, j] /= total
            if lane == 0:
                loss[i], shares[i] = factor * (share * math.log(total) - below), share
                odd[i] = negative > real(0) or not abs(share - real(1)) <= real(SUM_TO_1)

    return forward


@kernel(threads=THREADS)
def _backward(real, threads, each):
    def backward(p, shares, t, dloss, factor, dscores):
        classes = p.shape[1]
        for at in range(cuda.grid(1), p.size, cuda.gridsize(1)):
            i, j = at // classes, at % classes
            dscores[i, j] = (p[i, j] * shares[i] - t[i, j]) * factor * (dloss[i] if each else dloss)

    return backward
