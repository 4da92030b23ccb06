"""As layer normalization, whose threads to a row these are: the rows at work stay in the first-level cache, and a block
sums dgamma in shared entries, each of one thread, before it writes it once."""

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import sum_partials
from nnspec.accelerated.cuda._target import WARP, cuda, empty, empty_like, math
from nnspec.accelerated.cuda.n07_residual_networks.layernorm import EACH, MOST_BLOCKS, THREADS, _lanes, _row_sum, _rows


def rmsnorm_forward(x, gamma, *, eps=1e-6):
    out, rows = empty_like(x), _rows(x)
    inverse, lanes = empty((len(rows),), x.dtype), _lanes(rows)
    _forward(blocks(len(rows) * lanes, _forward.threads), rows, gamma, float(eps), lanes, _rows(out), inverse)
    return out, (x, inverse, gamma)


def rmsnorm_backward(dout, cache):
    x, inverse, gamma = cache
    dx, rows = empty_like(x), _rows(x)
    lanes = _lanes(rows)
    n_blocks = min(MOST_BLOCKS, blocks(len(rows) * lanes, _backward.threads) or 1)
    partial = empty((n_blocks, len(gamma)), x.dtype)
    _backward(n_blocks, _rows(dout), rows, inverse, gamma, lanes, _rows(dx), partial)
    return dx, sum_partials(partial)


@kernel(threads=THREADS)
def _forward(real, threads):
    add_up, warps = _row_sum(real), threads // WARP

    def forward(x, gamma, eps, lanes, out, inverse):
        slots = cuda.shared.array(warps, real)
        n, size = x.shape
        features, lane, rows = real(size), cuda.threadIdx.x % lanes, threads // lanes
        for start in range(cuda.blockIdx.x * rows, n, cuda.gridDim.x * rows):
            i = start + cuda.threadIdx.x // lanes
            end = size if i < n else 0  # beyond the last row a thread only takes part in the sums
            total = real(0)
            for j in range(lane, end, lanes):
                total += x[i, j] * x[i, j]
            scale = real(1) / math.sqrt(add_up(total, lanes, slots) / features + eps)
            for j in range(lane, end, lanes):
                out[i, j] = x[i, j] * scale * gamma[j]
            if i < n and lane == 0:
                inverse[i] = scale
            cuda.syncthreads()  # a slower thread still reads the slots

    return forward


@kernel(threads=THREADS, each=EACH)
def _backward(real, threads, each):
    add_up, warps, room = _row_sum(real), threads // WARP, threads * each

    def backward(dout, x, inverse, gamma, lanes, dx, partial):
        slots, dgammas = cuda.shared.array(warps, real), cuda.shared.array(room, real)
        n, size = x.shape
        block, t = cuda.blockIdx.x, cuda.threadIdx.x
        features, lane, rows = real(size), t % lanes, threads // lanes
        for at in range(t, room, threads):
            dgammas[at] = real(0)
        for j in range(room + t, size, threads):
            partial[block, j] = real(0)
        for start in range(block * rows, n, cuda.gridDim.x * rows):
            i = start + t // lanes
            end = size if i < n else 0
            scale = inverse[i] if i < n else real(0)
            along, at = real(0), t
            for j in range(lane, min(end, lanes * each), lanes):
                along += dout[i, j] * gamma[j] * x[i, j]
                dgammas[at] += dout[i, j] * x[i, j] * scale
                at += threads
            for j in range(lane + lanes * each, end, lanes):
                along += dout[i, j] * gamma[j] * x[i, j]
                partial[block, j] += dout[i, j] * x[i, j] * scale
            along = add_up(along, lanes, slots) * scale / features
            for j in range(lane, end, lanes):
                dx[i, j] = (dout[i, j] * gamma[j] - x[i, j] * scale * along) * scale
            cuda.syncthreads()  # a slower thread still reads the slots
        cuda.syncthreads()
        for j in range(t, min(size, lanes * each), threads):
            total, first = real(0), j // lanes * threads + j % lanes
            for at in range(first, first + threads, lanes):
                total += dgammas[at]
            partial[block, j] = total

    return backward
