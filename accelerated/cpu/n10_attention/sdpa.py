"""A block of queries at a time, by one thread: their scores stay in the cache between the two products, and the
backward takes them again instead of reading them back; what it needs of the softmax is two numbers a query. Scores lie
key after key, with the queries side by side: the maximum and the sum over the keys are then those of whole vectors, and
nothing is ever added up within one. All products run on the register tile, which reads probabilities where they stand,
also transposed. Keys before the first and after the last that a block can reach are left out, so that a causal mask
costs half. dk and dv of a head are summed by one thread in order; where heads are few, parts of the queries have sums
of their own, added at the end."""

import math

import numba
import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu import _tile
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._math import flushed_exp
from nnspec.accelerated.cpu._product import TILE_SPEED, copy, multiply_panels, pack_panels, panels_size
from nnspec.accelerated.cpu._tile import ROWS, columns
from nnspec.accelerated.cpu.n10_attention._masks import broadcast_index

LONGEST_BLOCK = 64  # queries; a multiple of a tile's columns
BLOCK_BYTES = 1 << 19  # of their scores
STEP = 32  # numbers that a loop over vectors takes at a time, at most
CHUNK = 64  # keys that are summed before their sum is added to that of all: so the last ones lose no digits
PARTS = 8  # sums of dk and dv at least, over all heads: fixed, so that bits do not depend on the number of threads


def sdpa_forward(q, k, v, *, mask=None, scale=None):
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    out = np.empty((*q.shape[:-1], v.shape[-1]), q.dtype)
    attending = None
    if mask is not None:
        attending, attended = mask.any(axis=-1), mask.any(axis=-2)
        q, k, v = _rows_of(attending, q), _rows_of(attended, k), _rows_of(attended, v)
    heads = [_heads(x) for x in (q, k, v)]
    masking = _masking(mask, q, k)
    softmax = np.zeros((len(heads[0]), 2, q.shape[-2]), q.dtype)  # the largest score of a query, and 1 / sum
    if out.size and k.shape[-2]:
        _forward[_work(q, v)](*contiguous(*heads, *masking), scale, _heads(out), softmax, numba.get_num_threads())
    else:
        out[...] = 0
    return out, (q, k, v, scale, attending, masking, softmax)


def sdpa_backward(dout, cache):
    q, k, v, scale, attending, masking, softmax = cache
    dout = dout if attending is None else _rows_of(attending, dout)
    heads = [_heads(x) for x in (q, k, v, dout)]
    parts = max(1, min(-(-PARTS // max(1, len(heads[0]))), -(-q.shape[-2] // ROWS)))
    dq = np.zeros(heads[0].shape, q.dtype)
    dk, dv = (np.zeros((parts, *x.shape), q.dtype) for x in heads[1:3])
    if dout.size and k.shape[-2]:
        _backward[3 * _work(q, v)](*contiguous(*heads, *masking, softmax), scale, dq, dk, dv, numba.get_num_threads())
    dk, dv = (x[0] if parts == 1 else x.sum(axis=0) for x in (dk, dv))
    return dq.reshape(q.shape), dk.reshape(k.shape), dv.reshape(v.shape)


def _rows_of(taking_part, x):
    """x, unless some other row holds what times 0 is not 0: then that row is 0 in a copy."""
    idle = np.broadcast_to(~taking_part, x.shape[:-1])
    if np.isfinite(x[idle]).all():
        return x
    x = x.copy()
    x[idle] = 0
    return x


def _heads(x):
    """(…, T, d) with one axis in front."""
    return x.reshape(math.prod(x.shape[:-2]), *x.shape[-2:])


def _masking(mask, q, k):
    """masks (n, Tk, Tq or 1), which of them belongs to each head, and the keys that each of its queries can reach."""
    if mask is None:
        return np.empty((0, 0, 0), np.bool_), np.empty(0, np.int64), np.empty((0, 0, 0), np.int64)
    masks = _heads(np.broadcast_to(mask, (*mask.shape[:-1], k.shape[-2])))
    reach = np.empty((*masks.shape[:2], 2), np.int64)
    _find_reach[masks.size](*contiguous(masks), reach)
    return masks.swapaxes(1, 2), broadcast_index(mask.shape[:-2], q.shape[:-2]), reach


def _work(q, v):
    return q.size // max(1, q.shape[-1]) * v.shape[-2] * (8 + (q.shape[-1] + v.shape[-1]) // TILE_SPEED)


@kernel
def _find_reach(masks, reach):
    """From the first allowed key to behind the last; (Tk, 0) if there is none."""
    keys = masks.shape[2]
    for m in prange(len(masks)):
        for i in range(masks.shape[1]):
            first, end = 0, keys
            while first < keys and not masks[m, i, first]:
                first += 1
            while end > first and not masks[m, i, end - 1]:
                end -= 1
            reach[m, i, 0], reach[m, i, 1] = first, end if end > first else 0


@kernel
def _forward(q, k, v, masks, which, reach, scale, out, softmax, slices):
    heads, queries, d = q.shape
    keys, size = v.shape[1:]
    width, scale = columns(q.itemsize), q.dtype.type(scale)
    block = _block(queries, keys, q.itemsize)
    blocks, apart = (queries + block - 1) // block, _apart(block)
    for s in prange(slices):
        k_rows, packed_q = np.zeros((keys + ROWS) * d, q.dtype), np.empty(panels_size(block, d, q.itemsize), q.dtype)
        packed_v, p = np.empty(panels_size(size, keys, q.itemsize), q.dtype), np.zeros((keys + ROWS) * apart, q.dtype)
        top, total, part = np.empty(apart, q.dtype), np.empty(apart, q.dtype), np.empty(apart, q.dtype)
        edge = np.empty(ROWS * width, q.dtype)
        packed = -1
        for task in range(heads * blocks * s // slices, heads * blocks * (s + 1) // slices):
            head, start = task // blocks, task % blocks * block
            rows = min(block, queries - start)
            first, end = _reached(reach, which, head, start, rows, keys)
            if first >= end:
                out[head, start : start + rows] = 0
                continue
            if packed != head:
                copy(k[head].reshape(-1), k_rows[: keys * d])
                pack_panels(v[head].reshape(-1), size, 1, size, keys, packed_v)
                packed = head
            _scores(q[head, start : start + rows], scale, k_rows, first, end, packed_q, p, apart)
            _mask_columns(p, rows, apart, masks, which, head, start, first, end)
            _exp_columns(p[: (end - first) * apart], _whole(rows), apart, top, total, part)
            softmax[head, 0, start : start + rows] = top[:rows]
            softmax[head, 1, start : start + rows] = total[:rows]
            here, to = end - first, out[head].reshape(-1)
            multiply_panels(
                rows, size, here, p, 0, 1, apart, packed_v, first * width, keys, to, start * size, size, False, edge
            )
            for i in range(rows):
                row, inverse = to[(start + i) * size : (start + i + 1) * size], total[i]
                for j in range(len(row)):
                    row[j] *= inverse


@kernel
def _backward(q, k, v, dout, masks, which, reach, softmax, scale, dq, dk, dv, slices):
    heads, queries, d = q.shape
    keys, size = v.shape[1:]
    parts, width, scale = len(dk), columns(q.itemsize), q.dtype.type(scale)
    block = _block(queries, keys, q.itemsize)
    blocks, apart = (queries + block - 1) // block, _apart(block)
    for s in prange(slices):
        k_rows, v_rows = np.zeros((keys + ROWS) * d, q.dtype), np.zeros((keys + ROWS) * size, q.dtype)
        turned_k = np.empty(panels_size(d, keys, q.itemsize), q.dtype)
        packed_columns = np.empty(panels_size(block, max(d, size), q.itemsize), q.dtype)
        packed_rows = np.empty(panels_size(max(d, size), block, q.itemsize), q.dtype)
        p, ds = np.zeros((keys + ROWS) * apart, q.dtype), np.zeros((keys + ROWS) * apart, q.dtype)
        top, inverse = np.zeros(apart, q.dtype), np.zeros(apart, q.dtype)
        along, part_along = np.empty(apart, q.dtype), np.empty(apart, q.dtype)
        edge = np.empty(ROWS * width, q.dtype)
        packed = -1
        for task in range(heads * parts * s // slices, heads * parts * (s + 1) // slices):
            head, part = task // parts, task % parts
            if packed != head:
                copy(k[head].reshape(-1), k_rows[: keys * d])
                copy(v[head].reshape(-1), v_rows[: keys * size])
                pack_panels(k[head].reshape(-1), d, 1, d, keys, turned_k)
                packed = head
            for b in range(blocks * part // parts, blocks * (part + 1) // parts):
                start = b * block
                rows = min(block, queries - start)
                first, end = _reached(reach, which, head, start, rows, keys)
                if first >= end:
                    continue
                q_here, dout_here = q[head, start : start + rows], dout[head, start : start + rows]
                top[:rows] = softmax[head, 0, start : start + rows]
                inverse[:rows] = softmax[head, 1, start : start + rows]
                _scores(q_here, scale, k_rows, first, end, packed_columns, p, apart)
                _scores(dout_here, q.dtype.type(1), v_rows, first, end, packed_columns, ds, apart)
                _mask_columns(p, rows, apart, masks, which, head, start, first, end)
                here = (end - first) * apart
                _softmax_columns(p[:here], ds[:here], _whole(rows), apart, top, inverse, along, part_along, scale)
                _add_products(p, first, end, apart, dout_here, packed_rows, dv[part, head, first:], edge)
                _add_products(ds, first, end, apart, q_here, packed_rows, dk[part, head, first:], edge)
                here, to = end - first, dq[head, start:].reshape(-1)
                multiply_panels(rows, d, here, ds, 0, 1, apart, turned_k, first * width, keys, to, 0, d, False, edge)


@register_jitable
def _add_products(weights, first, end, apart, x, packed, sums, edge):
    """sums += weights x: for the keys from `first` to `end`, over the queries of a block."""
    rows, d = x.shape
    pack_panels(x.reshape(-1), d, 1, d, rows, packed)
    multiply_panels(end - first, d, rows, weights, 0, apart, 1, packed, 0, rows, sums.reshape(-1), 0, d, True, edge)


@register_jitable
def _block(queries, keys, itemsize):
    """Queries of a block: as many as keep their scores in the second-level cache."""
    width = columns(itemsize)
    fitting = min(LONGEST_BLOCK, BLOCK_BYTES // (keys * itemsize), queries + width - 1)
    return max(width, fitting // width * width)


@register_jitable
def _whole(size):
    """Rows are filled up to this: what is left over from the whole steps of a vector loop would be done one by one."""
    return (size + STEP - 1) // STEP * STEP


@register_jitable
def _apart(size):
    """The distance of two rows: room for a tile or a whole step from any place on, and no power of two."""
    return _whole(size) + 16


@register_jitable
def _reached(reach, which, head, start, rows, keys):
    """The keys that a block of queries can reach: from the first to behind the last."""
    if not reach.size:
        return 0, keys
    first, end = keys, 0
    for i in range(start, start + rows):
        here = reach[which[head], i if reach.shape[1] > 1 else 0]
        first, end = min(first, here[0]), max(end, here[1])
    return first, end


@register_jitable
def _scores(x, scale, rows_of_keys, first, end, packed, scores, apart):
    """The keys from `first` to `end` times scale x (rows, d): for each key a row, with a column for each of x.

    As many keys as fill whole tiles, and as many columns: there is room for them, and nobody reads them.
    """
    rows, d = x.shape
    width = columns(x.itemsize)
    pack_panels(x.reshape(-1), 1, d, rows, d, packed)
    scaled = packed[: panels_size(rows, d, x.itemsize)]
    for j in range(len(scaled)):
        scaled[j] *= scale
    for left in range(0, rows, width):
        panel, narrow = left * d, rows - left <= width // _tile.VECTORS
        for i in range(0, end - first, ROWS):
            at, to = (first + i) * d, i * apart + left
            if narrow:
                _tile.dot_narrow(d, rows_of_keys, at, d, 1, packed, panel, scores, to, apart, False)
            else:
                _tile.dot(d, rows_of_keys, at, d, 1, packed, panel, scores, to, apart, False)


@register_jitable
def _mask_columns(scores, rows, apart, masks, which, head, start, first, end):
    """-inf where a query of the head, from `start` on, may not attend to a key."""
    nothing = scores.dtype.type(-np.inf)
    for key in range(first, end if masks.size else first):
        allowed, row = masks[which[head], key], scores[(key - first) * apart : (key - first) * apart + rows]
        if len(allowed) > 1:
            here = allowed[start : start + rows]
            for j in range(len(row)):
                row[j] = row[j] if here[j] else nothing
        elif not allowed[0]:
            row[:] = nothing


@register_jitable
def _exp_columns(scores, size, apart, top, inverse, part):
    """exp(score - top), in place; top of each column, and the inverse of its sum: 0 and 0 where nothing is allowed."""
    zero, one, nothing = scores.dtype.type(0), scores.dtype.type(1), scores.dtype.type(-np.inf)
    top, inverse, part = top[:size], inverse[:size], part[:size]
    top[:] = nothing
    for at in range(0, len(scores), apart):
        row = scores[at : at + size]
        for j in range(size):
            top[j] = row[j] if row[j] > top[j] else top[j]  # NaN is passed over: exp sees it again
    for j in range(size):
        top[j] = zero if top[j] == nothing else top[j]
    inverse[:] = zero
    for start in range(0, len(scores), CHUNK * apart):
        part[:] = zero
        for at in range(start, min(len(scores), start + CHUNK * apart), apart):
            row = scores[at : at + size]
            for j in range(size):
                e = flushed_exp(row[j] - top[j])
                row[j] = e
                part[j] += e
        for j in range(size):
            inverse[j] += part[j]
    for j in range(size):
        inverse[j] = zero if inverse[j] == zero else one / inverse[j]


@register_jitable
def _softmax_columns(p, ds, size, apart, top, inverse, along, part, scale):
    """From scores to probabilities p, and from their gradients to those of the scores before they were scaled."""
    zero = p.dtype.type(0)
    top, inverse, along, part = top[:size], inverse[:size], along[:size], part[:size]
    along[:] = zero
    for start in range(0, len(p), CHUNK * apart):
        part[:] = zero
        for at in range(start, min(len(p), start + CHUNK * apart), apart):
            row, upstream = p[at : at + size], ds[at : at + size]
            for j in range(size):
                e = flushed_exp(row[j] - top[j])
                share = e * inverse[j] if e != 0 else zero  # the inverse is NaN where a score is
                from_above = upstream[j] if share != 0 else zero
                row[j], upstream[j] = share, from_above
                part[j] += share * from_above
        for j in range(size):
            along[j] += part[j]
    for at in range(0, len(p), apart):
        row, upstream = p[at : at + size], ds[at : at + size]
        for j in range(size):
            upstream[j] = row[j] * (upstream[j] - along[j]) * scale if row[j] != 0 else zero
