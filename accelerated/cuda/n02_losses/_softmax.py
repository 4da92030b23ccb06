"""Softmax, its logarithm and logsumexp along any axis, in one reading for the largest score and the sum at once and a
second one for what is written.

A line along the last axis belongs to a warp, whose lanes read neighbours. Along another axis neighbours are in other
lines, so that each thread has a line of its own.
"""

from math import prod

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import group_max, group_sum
from nnspec.accelerated.cuda._target import WARP, cuda, empty, empty_like, flat, math

THREADS = (128, 8)
PROBABILITIES, LOGS, SUMS = range(3)


def forward(x, axis, what):
    """What is asked for along the axis, of the shape of x; and for SUMS beside the probabilities the logs of the sums,
    (n,)."""
    out, (n, *steps) = empty_like(x), steps_of(x.shape, axis)
    sums = empty(n if what == SUMS else 0, x.dtype)
    _forward(blocks(n * steps[-1], _forward.threads), flat(x), *steps, flat(out), sums, n, what=what)
    return out, sums


def backward(dout, out, axis, what):
    dx, (n, *steps) = empty_like(out), steps_of(out.shape, axis)
    _backward(blocks(n * steps[-1], _backward.threads), flat(dout), flat(out), *steps, flat(dx), n, what=what)
    return dx


def steps_of(shape, axis):
    """How many lines there are, how long they are, the step from entry to entry, and how many lanes share one."""
    axis %= len(shape)
    inner = prod(shape[axis + 1 :])
    return prod(shape[:axis]) * inner, shape[axis], inner, WARP if inner == 1 else 1


@kernel(threads=THREADS)
def _forward(real, threads, what):
    def forward(x, size, inner, lanes, out, sums, n):
        lane, lines, nothing = cuda.threadIdx.x % lanes, cuda.gridsize(1) // lanes, -real(math.inf)
        for i in range(cuda.grid(1) // lanes, n, lines):
            start = i // inner * size * inner + i % inner
            top, total = nothing, real(0)
            for j in range(lane, size, lanes):
                score = x[start + j * inner]
                if score != nothing:
                    e = math.exp(-abs(score - top)) if score != top else real(1)  # inf - inf is NaN
                    if score > top:  # all that was added up so far was too large by that factor
                        top, total = score, total * e + real(1)
                    else:
                        total += e
            highest = group_max(top, lanes)
            if top != highest and total > real(0):
                total *= math.exp(top - highest)
            total = group_sum(total, lanes)
            endless = abs(highest) == -nothing
            if what == SUMS:
                if lane == 0:
                    sums[i] = highest if endless and total == total else highest + math.log(total)
            else:
                total += highest - highest  # NaN where that is infinite
            log_total = math.log(total) if what == LOGS else real(0)
            for j in range(lane, size, lanes):
                at = start + j * inner
                if what == LOGS:
                    out[at] = (x[at] - highest) - log_total
                elif what == SUMS and endless:
                    out[at] = real(0)
                else:
                    out[at] = math.exp(x[at] - highest) / total

    return forward


@kernel(threads=THREADS)
def _backward(real, threads, what):
    def backward(dout, out, size, inner, lanes, dx, n):
        lane, lines = cuda.threadIdx.x % lanes, cuda.gridsize(1) // lanes
        for i in range(cuda.grid(1) // lanes, n, lines):
            start = i // inner * size * inner + i % inner
            along = real(0)
            for j in range(lane, size, lanes):
                at = start + j * inner
                along += dout[at] if what == LOGS else dout[at] * out[at]
            along = group_sum(along, lanes)
            for j in range(lane, size, lanes):
                at = start + j * inner
                if what == LOGS:
                    dx[at] = dout[at] - math.exp(out[at]) * along
                else:
                    dx[at] = out[at] * (dout[at] - along)

    return backward
