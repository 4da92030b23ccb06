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

from nnspec.accelerated.cpu._jit import contiguous, flat, kernel
from nnspec.accelerated.cpu._math import flushed_exp
from nnspec.accelerated.cpu._product import TILE_SPEED, copy, multiply_panels, pack_panels, panels_size
from nnspec.accelerated.cpu._tile import ROWS, columns, copy_exactly, whole_lines
from nnspec.accelerated.cpu.n10_attention._masks import broadcast_index

LONGEST_BLOCK = 64  # queries; a multiple of a tile's columns
BLOCK_BYTES = 1 << 19  # of their scores
STEP = 16  # numbers that a loop over vectors takes at a time, at most
CHUNK = 64  # keys that are summed before their sum is added to that of all: so the last ones lose no digits
PARTS = 8  # sums of dk and dv at least, over all heads: fixed, so that bits do not depend on the number of threads


def sdpa_forward(q, k, v, *, mask=None, scale=None):
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    attending = None
    if mask is not None:
        attending, attended = mask.any(axis=-1), mask.any(axis=-2)
        q, k, v = _rows_of(attending, q), _rows_of(attended, k), _rows_of(attended, v)
    shape, masking = _sizes(q, v), _masking(mask, q, k)
    heads, queries, keys, _, size = shape
    out = np.empty(heads * queries * size, q.dtype)
    softmax = np.zeros((heads, 2, queries), q.dtype)  # the largest score of a query, and 1 / sum
    if out.size and keys:
        given = (*_placed(q), *_placed(k), *_placed(v), *contiguous(*masking))
        _forward[_work(shape)](shape, *given, scale, out, _place(q, size), softmax, numba.get_num_threads())
    else:
        out[...] = 0
    return _laid(out, q, size), (q, k, v, scale, attending, masking, softmax)


def sdpa_backward(dout, cache):
    q, k, v, scale, attending, masking, softmax = cache
    dout = dout if attending is None else _rows_of(attending, dout)
    shape = _sizes(q, v)
    heads, queries, keys, _, _ = shape
    parts = max(1, min(-(-PARTS // max(1, heads)), -(-queries // ROWS)))
    dq, dk, dv = (np.zeros((each, x.size), q.dtype) for each, x in ((1, q), (parts, k), (parts, v)))
    if dout.size and keys:
        given = (*_placed(q), *_placed(k), *_placed(v), *_placed(dout), *contiguous(*masking, softmax))
        _backward[3 * _work(shape)](shape, *given, scale, dq[0], dk, dv, numba.get_num_threads())
    summed = (x[0] if len(x) == 1 else x.sum(axis=0) for x in (dq, dk, dv))
    return tuple(_laid(x, like, like.shape[-1]) for x, like in zip(summed, (q, k, v), strict=True))


def _sizes(q, v):
    """heads of all sequences, Tq, Tk, d and dv."""
    return math.prod(q.shape[:-2]), q.shape[-2], v.shape[-2], q.shape[-1], v.shape[-1]


def _is_merged(x):
    """Whether the heads of a token (N, heads, T, d) are neighbours in memory, as projections leave them: they are read
    where they stand, and what comes out lies like that as well."""
    return x.ndim == 4 and not x.flags.c_contiguous and x.swapaxes(1, 2).flags.c_contiguous


def _place(x, size):
    """Where a head begins and how far apart its rows of `size` numbers are, if they lie as those of x: the heads of a
    sequence, and the steps from sequence to sequence, from head to head and from row to row."""
    *batch, T, _ = x.shape
    if _is_merged(x):
        return batch[1], T * batch[1] * size, size, batch[1] * size
    return max(1, math.prod(batch)), 0, T * size, size


def _placed(x):
    return *flat(x.swapaxes(1, 2) if _is_merged(x) else x), _place(x, x.shape[-1])


def _laid(vector, x, size):
    """The array with rows of `size` numbers whose heads lie in the vector as those of x."""
    if _is_merged(x):
        N, heads, T, _ = x.shape
        return vector.reshape(N, T, heads, size).swapaxes(1, 2)
    return vector.reshape(*x.shape[:-1], size)


def _rows_of(taking_part, x):
    """x, unless some other row holds what times 0 is not 0: then that row is 0 in a copy."""
    idle = np.broadcast_to(~taking_part, x.shape[:-1])
    if np.isfinite(x[idle]).all():
        return x
    x = x.copy()
    x[idle] = 0
    return x


def _masking(mask, q, k):
    """masks (n, Tk, Tq or 1), which of them belongs to each head, and the keys that each of its queries can reach."""
    if mask is None:
        return np.empty((0, 0, 0), np.bool_), np.empty(0, np.int64), np.empty((0, 0, 0), np.int64)
    batch, queries, keys = mask.shape[:-2], mask.shape[-2], k.shape[-2]
    masks = np.broadcast_to(mask, (*batch, queries, keys)).reshape(math.prod(batch), queries, keys)
    reach = np.empty((*masks.shape[:2], 2), np.int64)
    _find_reach[masks.size](*contiguous(masks), reach)
    return masks.swapaxes(1, 2), broadcast_index(mask.shape[:-2], q.shape[:-2]), reach


def _work(shape):
    heads, queries, keys, d, size = shape
    return heads * queries * keys * (8 + (d + size) // TILE_SPEED)


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
def _forward(shape, q, of_q, k, of_k, v, of_v, masks, which, reach, scale, out, of_out, softmax, slices):
    heads, queries, keys, d, size = shape
    width, scale = columns(q.itemsize), q.dtype.type(scale)
    block = _block(queries, keys, q.itemsize)
    blocks, apart = (queries + block - 1) // block, _apart(block)
    for s in prange(slices):
        k_rows, packed_q = np.zeros((keys + ROWS) * d, q.dtype), whole_lines(panels_size(block, d, q.itemsize), q)
        packed_v, p = whole_lines(panels_size(size, keys, q.itemsize), q), np.zeros((keys + ROWS) * apart, q.dtype)
        top, total, part = np.empty(apart, q.dtype), np.empty(apart, q.dtype), np.empty(apart, q.dtype)
        packed = -1
        for task in range(heads * blocks * s // slices, heads * blocks * (s + 1) // slices):
            head, start = task // blocks, task % blocks * block
            rows, to = min(block, queries - start), _row(of_out, head, start)
            first, end = _reached(reach, which, head, start, rows, keys)
            if first >= end:
                _scale_rows(out, to, of_out[3], rows, size, softmax[head, 1])  # by 0, which still stands there
                continue
            if packed != head:
                _copy_rows(k, _row(of_k, head, 0), of_k[3], keys, d, k_rows)
                pack_panels(v, _row(of_v, head, 0), of_v[3], 1, size, keys, packed_v)
                packed = head
            _scores(q, _row(of_q, head, start), of_q[3], rows, d, scale, k_rows, first, end, packed_q, p, apart)
            _mask_columns(p, rows, apart, masks, which, head, start, first, end)
            here = end - first
            _exp_columns(p[: here * apart], _whole(rows), apart, top, total, part)
            copy(top[:rows], softmax[head, 0, start:])
            copy(total[:rows], softmax[head, 1, start:])
            multiply_panels(rows, size, here, p, 0, 1, apart, packed_v, first * width, keys, out, to, of_out[3], False)
            _scale_rows(out, to, of_out[3], rows, size, total)


@kernel
def _backward(shape, q, of_q, k, of_k, v, of_v, dout, of_dout, masks, which, reach, softmax, scale, dq, dk, dv, slices):
    heads, queries, keys, d, size = shape
    parts, width, scale = len(dk), columns(q.itemsize), q.dtype.type(scale)
    block = _block(queries, keys, q.itemsize)
    blocks, apart = (queries + block - 1) // block, _apart(block)
    for s in prange(slices):
        k_rows, v_rows = np.zeros((keys + ROWS) * d, q.dtype), np.zeros((keys + ROWS) * size, q.dtype)
        turned_k = whole_lines(panels_size(d, keys, q.itemsize), q)
        packed_columns = whole_lines(panels_size(block, max(d, size), q.itemsize), q)
        packed_rows = whole_lines(panels_size(max(d, size), block, q.itemsize), q)
        p, ds = np.zeros((keys + ROWS) * apart, q.dtype), np.zeros((keys + ROWS) * apart, q.dtype)
        top, inverse = np.zeros(apart, q.dtype), np.zeros(apart, q.dtype)
        along, part_along = np.empty(apart, q.dtype), np.empty(apart, q.dtype)
        packed = -1
        for task in range(heads * parts * s // slices, heads * parts * (s + 1) // slices):
            head, part = task // parts, task % parts
            if packed != head:
                _copy_rows(k, _row(of_k, head, 0), of_k[3], keys, d, k_rows)
                _copy_rows(v, _row(of_v, head, 0), of_v[3], keys, size, v_rows)
                pack_panels(k_rows, 0, d, 1, d, keys, turned_k)
                packed = head
            for b in range(blocks * part // parts, blocks * (part + 1) // parts):
                start = b * block
                rows = min(block, queries - start)
                first, end = _reached(reach, which, head, start, rows, keys)
                if first >= end:
                    continue
                q_at, dout_at, one = _row(of_q, head, start), _row(of_dout, head, start), q.dtype.type(1)
                copy(softmax[head, 0, start : start + rows], top)
                copy(softmax[head, 1, start : start + rows], inverse)
                _scores(q, q_at, of_q[3], rows, d, scale, k_rows, first, end, packed_columns, p, apart)
                _scores(dout, dout_at, of_dout[3], rows, size, one, v_rows, first, end, packed_columns, ds, apart)
                _mask_columns(p, rows, apart, masks, which, head, start, first, end)
                here, used = end - first, (end - first) * apart
                _softmax_columns(p[:used], ds[:used], _whole(rows), apart, top, inverse, along, part_along, scale)
                to = _row(of_v, head, first)
                _add_products(p, here, apart, dout, dout_at, of_dout[3], rows, size, packed_rows, dv[part], to, of_v[3])
                to = _row(of_k, head, first)
                _add_products(ds, here, apart, q, q_at, of_q[3], rows, d, packed_rows, dk[part], to, of_k[3])
                to = _row(of_q, head, start)
                multiply_panels(rows, d, here, ds, 0, 1, apart, turned_k, first * width, keys, dq, to, of_q[3], False)


@register_jitable
def _add_products(weights, keys, apart, x, at, x_row, rows, size, packed, sums, to, sums_row):
    """sums += weights x, for some keys, over the queries of a block: x (rows, size)."""
    pack_panels(x, at, x_row, 1, size, rows, packed)
    multiply_panels(keys, size, rows, weights, 0, apart, 1, packed, 0, rows, sums, to, sums_row, True)


@register_jitable
def _row(place, head, row):
    """Where a row of a head begins: see `_place`."""
    heads, of_sequence, of_head, of_row = place
    return head // heads * of_sequence + head % heads * of_head + row * of_row


@register_jitable
def _copy_rows(x, at, apart, rows, size, to):
    for i in range(rows):
        copy_exactly(x, at + i * apart, to, i * size, size)


@register_jitable
def _scale_rows(x, at, apart, rows, size, factors):
    """A factor of 0 makes 0 of whatever stands there."""
    zero = x.dtype.type(0)
    for i in range(rows):
        row, factor = x[at + i * apart : at + i * apart + size], factors[i]
        for j in range(len(row)):
            row[j] = row[j] * factor if factor != zero else zero


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
def _scores(x, at, x_row, rows, d, scale, rows_of_keys, first, end, packed, scores, apart):
    """The keys from `first` to `end` times scale x (rows, d): for each key a row, with a column for each of x."""
    pack_panels(x, at, 1, x_row, rows, d, packed)
    scaled = packed[: panels_size(rows, d, x.itemsize)]
    for j in range(len(scaled)):
        scaled[j] *= scale
    multiply_panels(end - first, rows, d, rows_of_keys, first * d, d, 1, packed, 0, d, scores, 0, apart, False)


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
