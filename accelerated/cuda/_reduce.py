"""Sums and maxima over any axes, where they stand. A line, what goes into one output, is cut into chunks if there are
few lines. A chunk belongs to a warp, whose lanes read neighbours; where the last axis stays, neighbours are of other
lines, and each thread has a chunk of its own. What the chunks give is combined in order."""

from math import prod

import numpy as np

from nnspec.accelerated.cuda._index import place, route, strides
from nnspec.accelerated.cuda._kernel import blocks, inlined, kernel
from nnspec.accelerated.cuda._sums import ALL, group_sum
from nnspec.accelerated.cuda._target import WARP, cuda, empty, flat, math
from nnspec.reference.n05_backpropagation._axes import kept, reduced

THREADS = (256, 8)
LINES, CHUNK = (1 << 14, 4), (1 << 10, 16)  # of fewer lines than that, chunks of so many entries


def summed(x, axes):
    """One entry for each line."""
    return _reduced(x, axes, largest=False)[0]


def largest(x, axes):
    """The first maximum of each line, and the place in its line. NaN is the largest."""
    return _reduced(x, axes, largest=True)


def _reduced(x, axes, largest):
    lines, n = prod(reduced(x.shape, axes)), prod(x.shape[a] for a in axes)
    few, chunk = _reduce.sizes["lines"], _reduce.sizes["chunk"]
    chunks = max(1, (n + chunk - 1) // chunk) if lines < few else 1
    lanes = WARP if len(x.shape) - 1 in axes else 1
    values, winners = empty(lines * chunks, x.dtype), empty(lines * chunks if largest else 0, np.int64)
    steps, others = strides(x.shape), [i for i in range(len(x.shape)) if i not in axes]
    to_line = route([x.shape[i] for i in others], [steps[i] for i in others])
    to_entry = route([x.shape[a] for a in axes], [steps[a] for a in axes])
    sizes = (np.int64(n), np.int64(chunks), np.int64((n + chunks - 1) // chunks), np.int64(lanes))
    count = blocks(values.size * lanes, _reduce.threads)
    _reduce(count, flat(x), *to_line, *to_entry, *sizes, values, winners, largest=largest)
    if chunks == 1:
        return values, winners
    out, winner = empty(lines, x.dtype), empty(lines if largest else 0, np.int64)
    _combine(blocks(lines, _combine.threads), values, winners, np.int64(chunks), out, winner, largest=largest)
    return out, winner


def spread(dout, shape, axes, scale=1.0, winner=None):
    """What each entry of x gets: that of its line times the scale, and of winners the others nothing."""
    dx, steps = empty(shape, dout.dtype), strides(kept(shape, axes))
    to_line = route(shape, [0 if i in axes else steps[i] for i in range(len(shape))])
    within = strides([shape[a] for a in axes])
    to_entry = route(shape, [within[axes.index(i)] if i in axes else 0 for i in range(len(shape))])
    where = dx if winner is None else winner
    count = blocks(dx.size, _spread.threads)
    _spread(count, flat(dout), flat(where), *to_line, *to_entry, float(scale), flat(dx), routed=winner is not None)
    return dx


def spread_to(x, shape):
    """x, broadcast to that shape."""
    if x.shape == tuple(shape):
        return x
    axes = (1,) * (len(shape) - len(x.shape)) + tuple(x.shape)
    return spread(x, tuple(shape), tuple(i for i, size in enumerate(axes) if size != shape[i]))


@kernel(threads=THREADS, lines=LINES, chunk=CHUNK)
def _reduce(real, threads, lines, chunk, largest):
    def reduce(x, line_below, line_sizes, line_steps, below, sizes, steps, n, chunks, chunk, lanes, values, winners):
        lane = cuda.threadIdx.x % lanes
        for c in range(cuda.grid(1) // lanes, values.size, cuda.gridsize(1) // lanes):
            start = place(c // chunks, line_below, line_sizes, line_steps)
            first, end = c % chunks * chunk, min(n, (c % chunks + 1) * chunk)
            if largest:
                best, best_at = -real(math.inf), n
                for j in range(first + lane, end, lanes):
                    entry = x[start + place(j, below, sizes, steps)]
                    if _beats(entry, j, best, best_at):
                        best, best_at = entry, j
                step = lanes // 2
                while step > 0:
                    other, other_at = cuda.shfl_xor_sync(ALL, best, step), cuda.shfl_xor_sync(ALL, best_at, step)
                    if _beats(other, other_at, best, best_at):
                        best, best_at = other, other_at
                    step //= 2
                if lane == 0:
                    values[c], winners[c] = best, best_at
            else:
                total = real(0)
                for j in range(first + lane, end, lanes):
                    total += x[start + place(j, below, sizes, steps)]
                total = group_sum(total, lanes)
                if lane == 0:
                    values[c] = total

    return reduce


@kernel(threads=THREADS)
def _combine(real, threads, largest):
    def combine(values, winners, chunks, out, winner):
        for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
            total = values[i * chunks]
            at = winners[i * chunks] if largest else i
            for c in range(i * chunks + 1, (i + 1) * chunks):
                if largest:
                    if _beats(values[c], winners[c], total, at):
                        total, at = values[c], winners[c]
                else:
                    total += values[c]
            out[i] = total
            if largest:
                winner[i] = at

    return combine


@kernel(threads=THREADS)
def _spread(real, threads, routed):
    def spread(dout, winner, line_below, line_sizes, line_steps, below, sizes, steps, scale, dx):
        for i in range(cuda.grid(1), dx.size, cuda.gridsize(1)):
            line = place(i, line_below, line_sizes, line_steps)
            if routed:
                dx[i] = dout[line] if winner[line] == place(i, below, sizes, steps) else real(0)
            else:
                dx[i] = scale * dout[line]

    return spread


@inlined
def _beats(entry, at, best, best_at):
    """Whether an entry is taken for the largest: of equal ones the first, and NaN before all numbers."""
    if best != best:
        return entry != entry and at < best_at
    return entry != entry or entry > best or (entry == best and at < best_at)
