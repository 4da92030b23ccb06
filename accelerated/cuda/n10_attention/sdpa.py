"""The scores never reach memory (Dao et al. 2022, FlashAttention). A block owns a tile of queries, walks over the keys
tile by tile and keeps, of what it has seen, the weighted sum of the values and for each query the largest score and the
sum of the exponentials; where a larger score turns up, both sums shrink. The backward takes each tile of the scores
again, once for every gradient: a block owns a tile of queries for dq, of keys for dk and dv, so that nothing is added
up across blocks. Tiles in which the mask allows nothing are left out: a causal mask costs half. Values that are wider
than a block's columns are shared out over several blocks, which all take the scores."""

from math import prod, sqrt

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, inlined, kernel
from nnspec.accelerated.cuda._sums import group_max, group_sum, warp_sum
from nnspec.accelerated.cuda._target import WARP, cuda, empty, empty_like, math
from nnspec.accelerated.cuda.n10_attention._masks import meeting, place

TILE = (64, 4)  # queries, and keys
VECTOR = 16  # bytes that a thread reads from shared memory at once
SIZES = {"threads": (256, 8), "tile": TILE, "depth": (16, 2), "high": (4, 1), "wide": (4, 2)}  # a thread: high x wide


def sdpa_forward(q, k, v, *, mask=None, scale=None):
    scale = 1 / sqrt(q.shape[-1]) if scale is None else float(scale)
    out = empty((*q.shape[:-1], v.shape[-1]), q.dtype)
    tops, inverses = (empty((prod(q.shape[:-2]), q.shape[-2]), q.dtype) for _ in range(2))
    masking = _masking(mask, q)
    heads = map(_heads, (q, k, v))
    attended = _attended_keys(mask, k)
    _launch(_forward, *heads, attended, *masking, scale, tops, inverses, _heads(out), masked=mask is not None)
    return out, (q, k, v, out, mask is not None, attended, masking, scale, tops, inverses)


def sdpa_backward(dout, cache):
    q, k, v, out, masked, attended, masking, scale, tops, inverses = cache
    dq, dk, dv = empty_like(q), empty_like(k), empty_like(v)
    alongs = empty_like(tops)
    q_, k_, v_, out_, dout_ = map(_heads, (q, k, v, out, dout))
    _along(blocks(alongs.size * WARP, _along.threads), dout_, out_, alongs)
    softmax = (*masking, scale, tops, inverses, alongs)
    keys, queries = (attended, *softmax), (inverses, *softmax)  # the inverse of a query that attends to nothing is 0
    _launch(_backward, q_, k_, dout_, v_, k_, *keys, _heads(dq), masked=masked, of_queries=True, of_scores=True)
    _launch(_backward, k_, q_, v_, dout_, q_, *queries, _heads(dk), masked=masked, of_queries=False, of_scores=True)
    _launch(_backward, k_, q_, v_, dout_, dout_, *queries, _heads(dv), masked=masked, of_queries=False, of_scores=False)
    return dq, dk, dv


def _heads(x):
    """(…, T, d) with one axis in front."""
    return x.reshape(prod(x.shape[:-2]), *x.shape[-2:])


def _masking(mask, q):
    """masks (n, Tq or 1, Tk or 1), in which of their tiles something is allowed, and which one belongs to a head."""
    where = meeting(() if mask is None else mask.shape[:-2], q.shape[:-2])
    if mask is None:
        return _heads(q), _heads(q), *where  # which nobody reads
    masks, tile = _heads(mask), _live.sizes["tile"]
    live = empty((len(masks), *((size + tile - 1) // tile for size in masks.shape[1:])), np.bool_)
    _live(blocks(live.size * WARP, _live.threads), masks, live)
    return masks, live, *where


def _attended_keys(mask, k):
    """(n, Tk or 1) whether some query may attend to the key. Of others 0 times what stands there could be NaN."""
    if mask is None:
        return k.reshape(prod(k.shape[:-1]), k.shape[-1])  # which nobody reads
    masks = _heads(mask)
    attended = empty((len(masks), masks.shape[2]), np.bool_)
    _attended(blocks(attended.size, _attended.threads), masks, attended)
    return attended


def _launch(step, *arrays, **static):
    """A block for each tile of rows of the result, and for each slab of its columns."""
    heads, rows, size = arrays[-1].shape
    tile = step.sizes["tile"]
    span = 2 if size > tile and arrays[-1].dtype == np.float32 else 1  # a slab is as wide as so many tiles
    step(heads * -(-rows // tile) * -(-size // (span * tile)), *arrays, span=span, **static)


@inlined
def _allowed(masks, entry, query, key):
    return masks[entry, min(query, masks.shape[1] - 1), min(key, masks.shape[2] - 1)] != 0


@inlined
def _alive(live, entry, query, key):
    return live[entry, min(query, live.shape[1] - 1), min(key, live.shape[2] - 1)] != 0


@kernel(threads=(128, 8), tile=TILE)
def _live(threads, tile):
    def find_live(masks, live):
        """A warp for each tile."""
        lane, warps = cuda.threadIdx.x % WARP, cuda.gridsize(1) // WARP
        down, across = live.shape[1:]
        for at in range(cuda.grid(1) // WARP, live.size, warps):
            entry, row, column = at // across // down, at // across % down * tile, at % across * tile
            found = 0
            for p in range(lane, tile * tile, WARP):
                i, j = row + p // tile, column + p % tile
                if i < masks.shape[1] and j < masks.shape[2] and masks[entry, i, j]:
                    found += 1
            found = warp_sum(found)
            if lane == 0:
                live[entry, row // tile, column // tile] = found > 0

    return find_live


@kernel(threads=(128, 8))
def _attended(threads):
    def find_attended(masks, attended):
        for at in range(cuda.grid(1), attended.size, cuda.gridsize(1)):
            entry, key = at // attended.shape[1], at % attended.shape[1]
            found = False
            for query in range(masks.shape[1]):
                found = found or masks[entry, query, key] != 0
            attended[entry, key] = found

    return find_attended


@kernel(threads=(128, 8))
def _along(real, threads):
    def mean_of_dout(dout, out, alongs):
        """sum_j p_ij dp_ij is out_i dout_i. A warp for each query."""
        lane, warps = cuda.threadIdx.x % WARP, cuda.gridsize(1) // WARP
        for at in range(cuda.grid(1) // WARP, alongs.size, warps):
            head, i = at // alongs.shape[1], at % alongs.shape[1]
            along = real(0)
            for j in range(lane, out.shape[2], WARP):
                along += dout[head, i, j] * out[head, i, j]
            along = warp_sum(along)
            if lane == 0:
                alongs[head, i] = along

    return mean_of_dout


def _products(real, threads, tile, depth, high, wide, span, masked):
    """What a block does with a tile: where a thread stands in it, and two products on pieces in shared memory."""
    across, slab = tile // wide, span * tile

    @inlined
    def corner():
        """The first row and column of this thread. With `max` the compiler sees that they are not negative, and reads
        neighbours in shared memory together."""
        return max(0, cuda.threadIdx.x // across * high), max(0, cuda.threadIdx.x % across * wide)

    @inlined
    def multiply(a, b, head, row, first, a_piece, b_piece, totals):
        """totals = a[head, row:] b[head, first:]^T, of a tile of each."""
        size = a.shape[2]
        my_row, my_column = corner()
        for i in range(high):
            for j in range(wide):
                totals[i, j] = real(0)
        for start in range(0, size, depth):
            for p in range(cuda.threadIdx.x, tile * depth, threads):
                r, d = p // depth, p % depth
                inside = start + d < size
                a_piece[d, r] = a[head, row + r, start + d] if inside and row + r < a.shape[1] else real(0)
                b_piece[d, r] = b[head, first + r, start + d] if inside and first + r < b.shape[1] else real(0)
            cuda.syncthreads()
            for d in range(depth):
                for i in range(high):
                    for j in range(wide):
                        totals[i, j] += a_piece[d, my_row + i] * b_piece[d, my_column + j]
            cuda.syncthreads()

    @inlined
    def add(weights, x, used, entry, head, first, column, x_piece, sums):
        """sums += weights^T x[head, first: , column:], of a tile of weights and a slab of columns. Rows that nobody
        uses count as 0, whatever stands there."""
        my_row, my_column = corner()
        for start in range(0, min(tile, x.shape[1] - first), depth):
            for p in range(cuda.threadIdx.x, slab * depth, threads):
                r, c = start + p // slab, p % slab
                inside = first + r < x.shape[1] and column + c < x.shape[2]
                if masked and inside:
                    inside = used[entry, min(first + r, used.shape[1] - 1)] != 0
                x_piece[p // slab, c] = x[head, first + r, column + c] if inside else real(0)
            cuda.syncthreads()
            for d in range(depth):
                for i in range(high):
                    for s in range(span):
                        for j in range(wide):
                            sums[i, s, j] += weights[start + d, my_row + i] * x_piece[d, s * tile + my_column + j]
            cuda.syncthreads()

    return corner, multiply, add


def _resident(real, span):
    return 2 if real is np.float32 and span == 1 else 1


def _where(tile, span):
    @inlined
    def where(shape, last_first):
        """Head, first row and first column of what a block owns of a result of this shape."""
        heads, rows, size = shape
        slabs = (size + span * tile - 1) // (span * tile)
        column = cuda.blockIdx.x % slabs * (span * tile)
        head = cuda.blockIdx.x // slabs % heads
        row = cuda.blockIdx.x // slabs // heads * tile
        if last_first:
            row = ((rows + tile - 1) // tile - 1) * tile - row
        return max(0, head), max(0, row), max(0, column)

    return where


@kernel(**SIZES)
def _forward(real, threads, tile, depth, high, wide, span, masked):
    depth = depth if real is np.float32 else depth // 2
    corner, multiply, add = _products(real, threads, tile, depth, high, wide, span, masked)
    where, across = _where(tile, span), tile // wide
    padded, padded_slab = tile + 4, span * tile + 4  # still whole vectors, and less often in one bank

    @inlined
    def exponentials(scores, scale, masks, entry, row, first, keys, highest, totals, sums, weights):
        """weights = exp(scale scores - the highest so far)^T; where that is a new one, what was summed shrinks."""
        nothing = -real(math.inf)
        my_row, my_column = corner()
        for i in range(high):
            top = highest[i]
            for j in range(wide):
                key = first + my_column + j
                reached = key < keys
                if masked and reached:
                    reached = _allowed(masks, entry, row + my_row + i, key)
                scores[i, j] = scale * scores[i, j] if reached else nothing
                top = scores[i, j] if scores[i, j] > top else top
            top = group_max(top, across)
            offset = top if top > nothing else real(0)
            shrink = math.exp(highest[i] - offset)
            highest[i], totals[i] = top, totals[i] * shrink
            for j in range(wide):
                e = math.exp(scores[i, j] - offset)
                totals[i] += e
                weights[my_column + j, my_row + i] = e
            for s in range(span):
                for j in range(wide):
                    sums[i, s, j] *= shrink

    @inlined
    def divide(sums, highest, totals, head, row, column, tops, inverses, out):
        """Divide by the sum of the exponentials, and keep what the backward needs of a softmax."""
        _, queries, size = out.shape
        my_row, my_column = corner()
        for i in range(high):
            query, total = row + my_row + i, group_sum(totals[i], across)
            inverse = real(0) if total == real(0) else real(1) / total
            if query < queries:
                if my_column == 0 and column == 0:
                    tops[head, query] = highest[i] if highest[i] > -real(math.inf) else real(0)
                    inverses[head, query] = inverse
                for s in range(span):
                    for j in range(wide):
                        c = column + s * tile + my_column + j
                        if c < size:
                            out[head, query, c] = sums[i, s, j] * inverse

    def forward(q, k, v, attended, masks, live, below, sizes, steps, scale, tops, inverses, out):
        q_piece = cuda.shared.array((depth, padded), real, alignment=VECTOR)
        x_piece = cuda.shared.array((depth, padded_slab), real, alignment=VECTOR)
        weights = cuda.shared.array((tile, padded), real, alignment=VECTOR)
        scores = cuda.local.array((high, wide), real)
        sums = cuda.local.array((high, span, wide), real)
        highest = cuda.local.array(high, real)
        totals = cuda.local.array(high, real)
        head, row, column = where(out.shape, True)  # those with most keys first
        entry, keys = max(0, place(head, below, sizes, steps)), k.shape[1]
        for i in range(high):
            highest[i], totals[i] = -real(math.inf), real(0)
            for s in range(span):
                for j in range(wide):
                    sums[i, s, j] = real(0)
        for first in range(0, keys, tile):
            if _alive(live, entry, row // tile, first // tile) if masked else True:
                multiply(q, k, head, row, first, q_piece, x_piece, scores)
                exponentials(scores, scale, masks, entry, row, first, keys, highest, totals, sums, weights)
                add(weights, v, attended, entry, head, first, column, x_piece, sums)
        divide(sums, highest, totals, head, row, column, tops, inverses, out)

    forward.resident = _resident(real, span)
    return forward


@kernel(**SIZES)
def _backward(real, threads, tile, depth, high, wide, span, masked, of_queries, of_scores):
    depth = depth if real is np.float32 else depth // 2
    corner, multiply, add = _products(real, threads, tile, depth, high, wide, span, masked)
    where = _where(tile, span)
    padded, padded_slab = tile + 4, span * tile + 4

    @inlined
    def probabilities(scores, scale, masks, entry, head, row, first, rows, others, tops, inverses, weights):
        """weights = p^T, from what the forward kept of the softmax."""
        my_row, my_column = corner()
        for i in range(high):
            for j in range(wide):
                here, there = row + my_row + i, first + my_column + j
                query, key = (here, there) if of_queries else (there, here)
                reached = here < rows and there < others
                if masked and reached:
                    reached = _allowed(masks, entry, query, key)
                p = real(0)
                if reached:
                    p = math.exp(scale * scores[i, j] - tops[head, query]) * inverses[head, query]
                weights[my_column + j, my_row + i] = p

    @inlined
    def gradients(dp, scale, head, row, first, rows, others, alongs, weights):
        """weights = (p (dp - sum_j p_j dp_j))^T, times the scale."""
        my_row, my_column = corner()
        for i in range(high):
            for j in range(wide):
                here, there = min(row + my_row + i, rows - 1), first + my_column + j
                query = here if of_queries else there
                p = weights[my_column + j, my_row + i]
                if there < others and p != real(0):  # 0 times infinity would be NaN
                    weights[my_column + j, my_row + i] = p * scale * (dp[i, j] - alongs[head, query])

    def backward(a, b, a_pair, b_pair, x, used, masks, live, below, sizes, steps, scale, tops, inverses, alongs, dx):
        """dx = w x, with rows of q or of k. w: gradients of the scores, or probabilities; a b^T: scores;
        a_pair b_pair^T: gradients of the probabilities, which are the products of dout and v."""
        a_piece = cuda.shared.array((depth, padded), real, alignment=VECTOR)
        x_piece = cuda.shared.array((depth, padded_slab), real, alignment=VECTOR)
        weights = cuda.shared.array((tile, padded), real, alignment=VECTOR)
        totals = cuda.local.array((high, wide), real)
        sums = cuda.local.array((high, span, wide), real)
        _, rows, size = dx.shape
        others, (my_row, my_column) = b.shape[1], corner()
        head, row, column = where(dx.shape, of_queries)  # of queries, those with most keys first
        entry = max(0, place(head, below, sizes, steps))
        for i in range(high):
            for s in range(span):
                for j in range(wide):
                    sums[i, s, j] = real(0)
        for first in range(0, others, tile):
            query_tile, key_tile = (row // tile, first // tile) if of_queries else (first // tile, row // tile)
            if _alive(live, entry, query_tile, key_tile) if masked else True:
                multiply(a, b, head, row, first, a_piece, x_piece, totals)
                probabilities(totals, scale, masks, entry, head, row, first, rows, others, tops, inverses, weights)
                if of_scores:
                    multiply(a_pair, b_pair, head, row, first, a_piece, x_piece, totals)
                    gradients(totals, scale, head, row, first, rows, others, alongs, weights)
                add(weights, x, used, entry if of_queries else head, head, first, column, x_piece, sums)
        for i in range(high):
            here = row + my_row + i
            for s in range(span):
                for j in range(wide):
                    c = column + s * tile + my_column + j
                    if here < rows and c < size:
                        dx[head, here, c] = sums[i, s, j]

    backward.resident = _resident(real, span)
    return backward
