"""Distances are products on shared tiles that sum |a - b| or (a - b)^2; each query has a warp that selects."""

import numpy as np

from nnspec.accelerated.cuda._elementwise import elementwise
from nnspec.accelerated.cuda._kernel import blocks, inlined, kernel
from nnspec.accelerated.cuda._product import dot, l1, l2, product
from nnspec.accelerated.cuda._sums import ALL
from nnspec.accelerated.cuda._target import WARP, cuda, empty, empty_like, like, math, to_host

THREADS = (128, 8)


def l1_distance(xq, xt):
    return product(*_floating(xq, xt), l1, transpose_b=True)


def l2_distance(xq, xt, *, squared=False):
    d2 = product(*_floating(xq, xt), l2, transpose_b=True)
    return d2 if squared else _root(d2)


def l2_distance_gemm(xq, xt, *, squared=False):
    xq, xt = _floating(xq, xt)
    dots, d = product(xq, xt, dot, transpose_b=True), empty((len(xq), len(xt)), xq.dtype)
    _expand(blocks(d.size, _expand.threads), _squares(xq), _squares(xt), dots, d, squared=squared)
    return d


def l1_distance_backward(dd, xq, xt):
    return _pulled(_sign, dd, xq, xt)


def l2_distance_backward(dd, xq, xt, *, squared=False):
    slope = _twice(dd) if squared else _over_distance(dd, l2_distance(xq, xt))
    return _pulled(_difference, slope, xq, xt)


def knn_indices(d, k):
    idx, nan = empty((len(d), k), np.int64), empty(len(d), np.bool_)
    _nearest(blocks(len(d) * WARP, _nearest.threads), d, idx, nan)
    if to_host(nan).any():
        raise ValueError("knn_indices: d must not hold NaN: it has no place in an order")
    return idx


def knn_vote(labels, *, n_classes=None):
    if labels.shape[1] == 0:
        raise ValueError(f"knn_vote: labels must hold at least one vote a row, got shape {labels.shape}")
    votes = to_host(labels)
    low, high = votes.min(initial=0), votes.max(initial=0)
    n_classes = int(high) + 1 if n_classes is None else n_classes
    if low < 0 or high >= n_classes:
        raise ValueError(f"knn_vote: labels must lie in 0 … {n_classes - 1}, got {low} … {high}")
    n = len(labels)
    y, counts, tie = empty(n, np.int64), empty((n, n_classes), np.int64), empty(n, np.bool_)
    _count(blocks(n, _count.threads), labels, y, counts, tie)
    return y, counts, tie


def _floating(*arrays):
    """Integers as float64, floats as they are."""
    return [x if x.dtype.kind == "f" else _as_float64(x) for x in arrays]


def _as_float64(x):
    out = empty(x.shape, np.float64)
    _convert(blocks(x.size, _convert.threads), x.reshape(x.size), out.reshape(x.size))
    return out


def _squares(x):
    norms = empty(len(x), x.dtype)
    _row_squares(blocks(len(x), _row_squares.threads), x, norms)
    return norms


def _pulled(pull, slope, xq, xt):
    dxq, dxt = empty_like(xq), empty_like(xt)
    _pull(blocks(dxq.size, _pull.threads), slope, xq, xt, dxq, pull=pull, by_rows=True)
    _pull(blocks(dxt.size, _pull.threads), slope, xt, xq, dxt, pull=pull, by_rows=False)
    return dxq, dxt


@elementwise
def _root(d2):
    return math.sqrt(d2)


@elementwise
def _twice(dd):
    return dd + dd


@elementwise
def _over_distance(dd, d):
    return dd / d if d > 0 else like(d, 0)


@inlined
def _sign(slope, a, b):
    return slope if a > b else (-slope if a < b else slope * like(slope, 0))


@inlined
def _difference(slope, a, b):
    return slope * (a - b)


@kernel(threads=THREADS)
def _convert(threads):
    def convert(x, out):
        for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            out[i] = x[i]

    return convert


@kernel(threads=THREADS)
def _row_squares(real, threads):
    def row_squares(x, norms):
        for i in range(cuda.grid(1), x.shape[0], cuda.gridsize(1)):
            total = real(0)
            for k in range(x.shape[1]):
                total += x[i, k] * x[i, k]
            norms[i] = total

    return row_squares


@kernel(threads=THREADS)
def _expand(real, threads, squared):
    def expand(norms_q, norms_t, dots, d):
        for at in range(cuda.grid(1), d.size, cuda.gridsize(1)):
            i, j = at // d.shape[1], at % d.shape[1]
            d2 = norms_q[i] - (dots[i, j] + dots[i, j]) + norms_t[j]
            d2 = d2 if d2 > real(0) else real(0)
            d[i, j] = d2 if squared else math.sqrt(d2)

    return expand


@kernel(threads=THREADS)
def _pull(real, threads, pull, by_rows):
    def sum_of_pulls(slope, x, others, dx):
        for at in range(cuda.grid(1), dx.size, cuda.gridsize(1)):
            i, k = at // dx.shape[1], at % dx.shape[1]
            total = real(0)
            for j in range(others.shape[0]):
                if by_rows:
                    total += pull(slope[i, j], x[i, k], others[j, k])
                else:
                    total += pull(slope[j, i], x[i, k], others[j, k])
            dx[i, k] = total

    return sum_of_pulls


@kernel(threads=THREADS)
def _nearest(real, threads):
    def nearest(d, idx, nan):
        """One neighbour after the other: the smallest (distance, index) beyond the last one."""
        lane, n = cuda.threadIdx.x % WARP, d.shape[1]
        for i in range(cuda.grid(1) // WARP, d.shape[0], cuda.gridsize(1) // WARP):
            last, last_at, seen = real(0), -1, 0
            for r in range(idx.shape[1]):
                best, best_at = real(math.inf), n
                for j in range(lane, n, WARP):
                    here = d[i, j]
                    seen |= int(here != here)
                    beyond = last_at < 0 or here > last or (here == last and j > last_at)
                    if beyond and (here < best or (here == best and j < best_at)):
                        best, best_at = here, j
                step = WARP // 2
                while step > 0:
                    other, other_at = cuda.shfl_xor_sync(ALL, best, step), cuda.shfl_xor_sync(ALL, best_at, step)
                    if other < best or (other == best and other_at < best_at):
                        best, best_at = other, other_at
                    step //= 2
                last, last_at = best, best_at
                if lane == 0:
                    idx[i, r] = best_at
            step = WARP // 2
            while step > 0:
                seen |= cuda.shfl_xor_sync(ALL, seen, step)
                step //= 2
            if lane == 0:
                nan[i] = seen != 0

    return nearest


@kernel(threads=THREADS)
def _count(threads):
    def count(labels, y, counts, tie):
        for i in range(cuda.grid(1), labels.shape[0], cuda.gridsize(1)):
            for c in range(counts.shape[1]):
                counts[i, c] = 0
            for r in range(labels.shape[1]):
                counts[i, labels[i, r]] += 1
            winner, tied = 0, False
            for c in range(1, counts.shape[1]):
                if counts[i, c] > counts[i, winner]:
                    winner, tied = c, False
                elif counts[i, c] == counts[i, winner]:
                    tied = True
            y[i], tie[i] = winner, tied

    return count
