"""Nothing is sorted. A thread counts which tokens are likelier than its own, and adds up what they have together: that
is its place, and whether it lies in the nucleus. A warp owns a row where its sums are needed."""

import math as host_math

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import warp_max, warp_sum
from nnspec.accelerated.cuda._target import WARP, cuda, empty_like, math

THREADS = (128, 8)


def sampling_distribution(scores, *, temperature=1.0, top_k=None, top_p=None):
    if not 0 <= temperature < host_math.inf:
        raise ValueError(f"sampling_distribution: temperature must be 0 or more, got {temperature}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"sampling_distribution: top_p must be above 0 and at most 1, got {top_p}")
    if temperature == 0:
        temperature, top_k = 1.0, 1
    nucleus = 2.0 if top_p is None or top_p == 1 else float(top_p)  # which no sum reaches
    grid, each = blocks(len(scores) * WARP, _weigh.threads), blocks(scores.size, _rank.threads)
    weights, kept, before, p = (empty_like(scores) for _ in range(4))
    _weigh(grid, scores, float(temperature), weights)
    if top_k is None and nucleus > 1:
        kept, before = weights, weights
    else:
        _rank(each, scores, weights, np.int64(scores.shape[1] if top_k is None else top_k), kept, before)
    _normalize(grid, kept, before, nucleus, p, filtered=nucleus < 1)
    return p


@kernel(threads=THREADS)
def _weigh(real, threads):
    def weigh(scores, temperature, weights):
        lane, warps = cuda.threadIdx.x % WARP, cuda.gridsize(1) // WARP
        for i in range(cuda.grid(1) // WARP, scores.shape[0], warps):
            top = -real(math.inf)
            for j in range(lane, scores.shape[1], WARP):
                top = max(top, scores[i, j])
            top = warp_max(top)
            for j in range(lane, scores.shape[1], WARP):
                weights[i, j] = math.exp((scores[i, j] - top) / temperature)

    return weigh


@kernel(threads=THREADS)
def _rank(real, threads):
    def rank(scores, weights, top_k, kept, before):
        """before: what the likelier tokens have together; kept: the weight of a token among the first top_k, else 0."""
        V = scores.shape[1]
        for at in range(cuda.grid(1), scores.size, cuda.gridsize(1)):
            i, j = at // V, at % V
            own, place, together = scores[i, j], 0, real(0)
            for v in range(V):
                other = scores[i, v]
                if other > own or (other == own and v < j):
                    place += 1
                    together += weights[i, v]
            before[i, j] = together
            kept[i, j] = weights[i, j] if place < top_k else real(0)

    return rank


@kernel(threads=THREADS)
def _normalize(real, threads, filtered):
    def normalize(kept, before, nucleus, p):
        lane, warps = cuda.threadIdx.x % WARP, cuda.gridsize(1) // WARP
        for i in range(cuda.grid(1) // WARP, kept.shape[0], warps):
            total = real(0)
            for j in range(lane, kept.shape[1], WARP):
                total += kept[i, j]
            total = warp_sum(total)
            if filtered:
                bound, total = nucleus * total, real(0)
                for j in range(lane, kept.shape[1], WARP):
                    inside = kept[i, j] if before[i, j] < bound else real(0)
                    p[i, j] = inside
                    total += inside
                total = warp_sum(total)
            for j in range(lane, kept.shape[1], WARP):
                p[i, j] = (p[i, j] if filtered else kept[i, j]) / total

    return normalize
