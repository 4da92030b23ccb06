"""How a normalization becomes fast on a GPU. `nnspec bench ladder layernorm --backend cuda` times the rungs.

It has little to compute, so what counts is how often an array of the size of x goes through memory, and in which
pieces: the 32 threads of a warp load together, and memory is read in sectors of 32 bytes.

    rung    sectors of a load by a warp   passes of forward and backward
    rows    32                            13
    warps   4                             13
    final   4                             5, and what a cache does not keep

The passes of the first two are x three times, out and xhat in the forward; dout and xhat twice and dx in the backward;
dout and xhat for dgamma, dout for dbeta. A row that is read again may still be in the first-level cache; with a thread
for each row, 256 rows of a block are at work at once, and hardly ever fit.
"""

import math as standard_math

from nnspec.accelerated.cuda._kernel import blocks, inlined, kernel
from nnspec.accelerated.cuda._sums import column_sums, column_sums_of_products, group_sum
from nnspec.accelerated.cuda._target import WARP, cuda, empty, empty_like, math
from nnspec.accelerated.cuda.n07_residual_networks import layernorm

THREADS = (256, 8)


def _layernorm(lanes):
    """Both functions, with so many threads to a row. dgamma and dbeta are the twin's sums over rows in every rung."""

    def layernorm_forward(x, gamma, beta, *, eps=1e-5):
        rows = _rows(x)
        out, xhat, rstd = empty_like(x), empty(rows.shape, x.dtype), empty(len(rows), x.dtype)
        many = blocks(len(rows) * lanes, _forward.threads)
        _forward(many, rows, gamma, beta, float(eps), _rows(out), xhat, rstd, lanes=lanes)
        return out, (xhat, rstd, gamma)

    def layernorm_backward(dout, cache):
        xhat, rstd, gamma = cache
        dx, rows = empty_like(dout), _rows(dout)
        _backward(blocks(len(rows) * lanes, _backward.threads), rows, xhat, rstd, gamma, _rows(dx), lanes=lanes)
        return dx, column_sums_of_products(rows, xhat), column_sums(rows)

    return layernorm_forward, layernorm_backward


def _rows(x):
    """(…, D) -> (rows, D)."""
    return x.reshape(standard_math.prod(x.shape[:-1]), x.shape[-1])


def _added_up(lanes):
    @inlined
    def add_up(value):
        """The sum over the threads of a row, for each of them."""
        return group_sum(value, lanes) if lanes > 1 else value

    return add_up


@kernel(threads=THREADS)
def _forward(real, threads, lanes):
    add_up = _added_up(lanes)

    def forward(x, gamma, beta, eps, out, xhat, rstd):
        n, size = x.shape
        lane = cuda.threadIdx.x % lanes
        for i in range(cuda.grid(1) // lanes, n, cuda.gridsize(1) // lanes):
            total = real(0)
            for j in range(lane, size, lanes):
                total += x[i, j]
            mean, total = add_up(total) / real(size), real(0)
            for j in range(lane, size, lanes):
                total += (x[i, j] - mean) * (x[i, j] - mean)
            scale = real(1) / math.sqrt(add_up(total) / real(size) + eps)
            for j in range(lane, size, lanes):
                xhat[i, j] = (x[i, j] - mean) * scale
                out[i, j] = gamma[j] * xhat[i, j] + beta[j]
            if lane == 0:
                rstd[i] = scale

    return forward


@kernel(threads=THREADS)
def _backward(real, threads, lanes):
    add_up = _added_up(lanes)

    def backward(dout, xhat, rstd, gamma, dx):
        n, size = dx.shape
        lane = cuda.threadIdx.x % lanes
        for i in range(cuda.grid(1) // lanes, n, cuda.gridsize(1) // lanes):
            along_shift, along_scale = real(0), real(0)
            for j in range(lane, size, lanes):
                along_shift += dout[i, j] * gamma[j]
                along_scale += dout[i, j] * gamma[j] * xhat[i, j]
            along_shift, along_scale = add_up(along_shift) / real(size), add_up(along_scale) / real(size)
            for j in range(lane, size, lanes):
                dx[i, j] = (dout[i, j] * gamma[j] - along_shift - xhat[i, j] * along_scale) * rstd[i]

    return backward


class rows:
    """A thread for each row.

    As on a CPU. Threads need nothing from each other; but neighbours read numbers that are a row apart, so that each
    load of a warp touches 32 places, and fetches 8 numbers from each for the one that is wanted now.
    """

    layernorm_forward, layernorm_backward = _layernorm(lanes=1)


class warps:
    """A warp for each row.

    The same kernels. Neighbouring threads take neighbouring numbers, so that a load is four whole sectors; the sums of
    the threads are added in 5 shuffles, which exchange registers within a warp and need no memory. And 32 times as many
    threads are at work, which is what hides the time that memory takes, where there are few rows.
    """

    layernorm_forward, layernorm_backward = _layernorm(lanes=WARP)


class final:
    """Threads fitted; sums fused.

    The twin. A row gets so many threads, from 8 to a block, that the rows at work stay in the first-level cache, where
    they are read again. xhat is computed from x again instead of written and read, and dgamma and dbeta are summed in
    shared memory by the kernel that has dout and xhat at hand.
    """

    layernorm_forward, layernorm_backward = layernorm.layernorm_forward, layernorm.layernorm_backward
