"""A row belongs to a group of threads, from some lanes of a warp to a whole block: so many that the rows at work stay
in the first-level cache, where they are read again. In the backward a thread meets the same columns in every row of its
group: it sums dgamma and dbeta in shared entries of its own, and a block writes them once."""

import math as standard_math

from nnspec.accelerated.cuda._kernel import blocks, inlined, kernel
from nnspec.accelerated.cuda._sums import group_sum, sum_by_lane
from nnspec.accelerated.cuda._target import SIMULATED, WARP, cuda, empty, empty_like, math

THREADS, EACH = (256, 8), (8, 2)  # EACH: entries of a row to a thread, unless a block has too few threads
MOST_BLOCKS = 3 if SIMULATED else 132 * 4  # of the backward, because each leaves a row of sums to be added up


def layernorm_forward(x, gamma, beta, *, eps=1e-5):
    out, rows = empty_like(x), _rows(x)
    stats, lanes = empty((2, len(rows)), x.dtype), _lanes(rows)
    _forward(blocks(len(rows) * lanes, _forward.threads), rows, gamma, beta, float(eps), lanes, _rows(out), stats)
    return out, (x, stats, gamma)


def layernorm_backward(dout, cache):
    x, stats, gamma = cache
    dx, dgamma, dbeta = empty_like(x), empty_like(gamma), empty_like(gamma)
    rows = _rows(x)
    lanes = _lanes(rows)
    n_blocks = min(MOST_BLOCKS, blocks(len(rows) * lanes, _backward.threads) or 1)
    partial = empty((2, n_blocks, len(gamma)), x.dtype)
    _backward(n_blocks, _rows(dout), rows, stats, gamma, lanes, _rows(dx), partial)
    _add_up((len(gamma) + WARP - 1) // WARP, partial, dgamma, dbeta)
    return dx, dgamma, dbeta


def _rows(x):
    """(…, D) -> (rows, D)."""
    return x.reshape(standard_math.prod(x.shape[:-1]), x.shape[-1])


def _lanes(rows):
    """Threads to a row: a power of two. The fewest are those that read 32 bytes at a time."""
    lanes, sizes = WARP // 4, _backward.sizes
    while lanes < sizes["threads"] and lanes * sizes["each"] < rows.shape[1]:
        lanes *= 2
    return lanes


def _row_sum(real):
    @inlined
    def add_up(value, lanes, slots):
        """The sum over the threads of a row, for each of them. slots: one a warp; free again after the next barrier."""
        if lanes <= WARP:
            return group_sum(value, lanes)
        value = group_sum(value, WARP)
        warp, warps = cuda.threadIdx.x // WARP, lanes // WARP
        if cuda.threadIdx.x % WARP == 0:
            slots[warp] = value
        cuda.syncthreads()
        total = real(0)
        for other in range(warp - warp % warps, warp - warp % warps + warps):
            total += slots[other]
        return total

    return add_up


@kernel(threads=THREADS)
def _forward(real, threads):
    add_up, warps = _row_sum(real), threads // WARP

    def forward(x, gamma, beta, eps, lanes, out, stats):
        slots, other_slots = cuda.shared.array(warps, real), cuda.shared.array(warps, real)
        n, size = x.shape
        features, lane, rows = real(size), cuda.threadIdx.x % lanes, threads // lanes
        for start in range(cuda.blockIdx.x * rows, n, cuda.gridDim.x * rows):
            i = start + cuda.threadIdx.x // lanes
            end = size if i < n else 0  # beyond the last row a thread only takes part in the sums
            first = x[i, 0] if end > 0 else real(0)  # what all have in common must not cost the sum its digits
            total = real(0)
            for j in range(lane, end, lanes):
                total += x[i, j] - first
            mean = first + add_up(total, lanes, slots) / features
            total = real(0)
            for j in range(lane, end, lanes):
                total += (x[i, j] - mean) * (x[i, j] - mean)
            rstd = real(1) / math.sqrt(add_up(total, lanes, other_slots) / features + eps)
            for j in range(lane, end, lanes):
                out[i, j] = (x[i, j] - mean) * rstd * gamma[j] + beta[j]
            if i < n and lane == 0:
                stats[0, i], stats[1, i] = mean, rstd

    return forward


@kernel(threads=THREADS, each=EACH)
def _backward(real, threads, each):
    add_up, warps, room = _row_sum(real), threads // WARP, threads * each

    def backward(dout, x, stats, gamma, lanes, dx, partial):
        slots, other_slots = cuda.shared.array(warps, real), cuda.shared.array(warps, real)
        dgammas, dbetas = cuda.shared.array(room, real), cuda.shared.array(room, real)
        n, size = x.shape
        block, t = cuda.blockIdx.x, cuda.threadIdx.x
        features, lane, rows = real(size), t % lanes, threads // lanes
        for at in range(t, room, threads):
            dgammas[at] = dbetas[at] = real(0)
        for j in range(room + t, size, threads):
            partial[0, block, j] = partial[1, block, j] = real(0)
        for start in range(block * rows, n, cuda.gridDim.x * rows):
            i = start + t // lanes
            end = size if i < n else 0
            mean, rstd = (stats[0, i], stats[1, i]) if i < n else (real(0), real(0))
            along_shift, along_scale, at = real(0), real(0), t
            for j in range(lane, min(end, lanes * each), lanes):
                xhat, d = (x[i, j] - mean) * rstd, dout[i, j]
                along_shift += d * gamma[j]
                along_scale += d * gamma[j] * xhat
                dgammas[at] += d * xhat
                dbetas[at] += d
                at += threads
            for j in range(lane + lanes * each, end, lanes):
                xhat, d = (x[i, j] - mean) * rstd, dout[i, j]
                along_shift += d * gamma[j]
                along_scale += d * gamma[j] * xhat
                partial[0, block, j] += d * xhat
                partial[1, block, j] += d
            along_shift = add_up(along_shift, lanes, slots) / features
            along_scale = add_up(along_scale, lanes, other_slots) / features
            for j in range(lane, end, lanes):
                xhat, dxhat = (x[i, j] - mean) * rstd, dout[i, j] * gamma[j]
                dx[i, j] = (dxhat - along_shift - xhat * along_scale) * rstd
        cuda.syncthreads()
        for j in range(t, min(size, lanes * each), threads):
            products, total = real(0), real(0)
            first = j // lanes * threads + j % lanes
            for at in range(first, first + threads, lanes):
                products += dgammas[at]
                total += dbetas[at]
            partial[0, block, j], partial[1, block, j] = products, total

    return backward


@kernel(threads=THREADS)
def _add_up(real, threads):
    add_up = sum_by_lane(real, threads)

    def sum_partials(partial, dgamma, dbeta):
        """A block has WARP columns, and each of its warps some of the rows."""
        slots, other_slots = cuda.shared.array(threads, real), cuda.shared.array(threads, real)
        j = cuda.blockIdx.x * WARP + cuda.threadIdx.x % WARP
        products = total = real(0)
        if j < dgamma.size:
            for row in range(cuda.threadIdx.x // WARP, partial.shape[1], threads // WARP):
                products += partial[0, row, j]
                total += partial[1, row, j]
        products, total = add_up(products, WARP, slots), add_up(total, WARP, other_slots)
        if j < dgamma.size and cuda.threadIdx.x < WARP:
            dgamma[j], dbeta[j] = products, total

    return sum_partials
