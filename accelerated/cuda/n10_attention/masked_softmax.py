"""A warp owns a row, and reads it twice: first for its maximum and its sum at once, then for the probabilities."""

from math import prod

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import warp_max, warp_sum
from nnspec.accelerated.cuda._target import WARP, cuda, empty_like, math
from nnspec.accelerated.cuda.n10_attention._masks import meeting, place

THREADS = (128, 8)


def masked_softmax_forward(x, *, mask=None):
    out, masked = empty_like(x), mask is not None
    where = meeting(mask.shape[:-1] if masked else (), x.shape[:-1])
    masks = _rows(mask if masked else x)
    _forward(blocks(prod(x.shape[:-1]) * WARP, _forward.threads), _rows(x), masks, *where, _rows(out), masked=masked)
    return out, (out,)


def masked_softmax_backward(dout, cache):
    (out,) = cache
    dx = empty_like(out)
    _backward(blocks(prod(out.shape[:-1]) * WARP, _backward.threads), _rows(dout), _rows(out), _rows(dx))
    return dx


def _rows(x):
    return x.reshape(prod(x.shape[:-1]), x.shape[-1])


@kernel(threads=THREADS)
def _forward(real, threads, masked):
    def forward(x, masks, below, sizes, steps, out):
        lane, warps, nothing = cuda.threadIdx.x % WARP, cuda.gridsize(1) // WARP, -real(math.inf)
        for i in range(cuda.grid(1) // WARP, x.shape[0], warps):
            row = place(i, below, sizes, steps) if masked else 0
            top, total = nothing, real(0)
            for j in range(lane, x.shape[1], WARP):
                if (masks[row, j] if masked else True) and x[i, j] != nothing:
                    e = math.exp(-abs(x[i, j] - top))
                    if x[i, j] > top:  # all that was added up so far was too large by that factor
                        top, total = x[i, j], total * e + real(1)
                    else:
                        total += e
            highest = warp_max(top)
            total = warp_sum(total * math.exp(top - highest) if total > real(0) else total)
            for j in range(lane, x.shape[1], WARP):
                out[i, j] = real(0)
                if masks[row, j] if masked else total != real(0):
                    out[i, j] = math.exp(x[i, j] - highest) / total

    return forward


@kernel(threads=THREADS)
def _backward(real, threads):
    def backward(dout, out, dx):
        lane, warps = cuda.threadIdx.x % WARP, cuda.gridsize(1) // WARP
        for i in range(cuda.grid(1) // WARP, out.shape[0], warps):
            along = real(0)
            for j in range(lane, out.shape[1], WARP):
                if out[i, j] != real(0):  # 0 times infinity would be NaN
                    along += dout[i, j] * out[i, j]
            along = warp_sum(along)
            for j in range(lane, out.shape[1], WARP):
                dx[i, j] = real(0)
                if out[i, j] != real(0):
                    dx[i, j] = out[i, j] * (dout[i, j] - along)

    return backward
