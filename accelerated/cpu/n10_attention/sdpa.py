"""A block of queries at a time, by one thread: their scores stay in the cache between the two products, and the
backward takes them again instead of reading them back; what it needs of the softmax is two numbers a query. All
products run on the register tile, which reads the probabilities where they stand, also transposed. Keys before the
first and after the last that a block can reach are left out, so that a causal mask costs half. dk and dv of a head are
summed by one thread in order; where heads are few, parts of the queries have sums of their own, added at the end."""

import math

import numba
import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu._fold import fold_max, fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._math import flushed_exp
from nnspec.accelerated.cpu._product import TILE_SPEED, multiply_panels, pack_panels, panels_size
from nnspec.accelerated.cpu._tile import ROWS, columns
from nnspec.accelerated.cpu.n10_attention._masks import broadcast_index

LONGEST_BLOCK = 60  # queries; a multiple of ROWS
BLOCK_BYTES = 1 << 19  # of their scores
STEP = 32  # numbers that a loop over vectors takes at a time, at most
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
    softmax = np.zeros((*heads[0].shape[:2], 2), q.dtype)
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
    """masks (n, Tq or 1, Tk), which of them belongs to each head, and the keys that each of its queries can reach."""
    if mask is None:
        return np.empty((0, 0, 0), np.bool_), np.empty(0, np.int64), np.empty((0, 0, 0), np.int64)
    masks = _heads(np.broadcast_to(mask, (*mask.shape[:-1], k.shape[-2])))
    reach = np.empty((*masks.shape[:2], 2), np.int64)
    _find_reach[masks.size](*contiguous(masks), reach)
    return masks, broadcast_index(mask.shape[:-2], q.shape[:-2]), reach


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
    block, apart = _block(queries, keys, q.itemsize), _apart(keys)
    blocks = (queries + block - 1) // block
    for s in prange(slices):
        packed_k = np.empty(panels_size(keys, d, q.itemsize), q.dtype)
        packed_v = np.empty(panels_size(size, keys, q.itemsize), q.dtype)
        p, x = np.empty(block * apart, q.dtype), np.zeros(block * _apart(d), q.dtype)
        edge = np.empty(ROWS * width, q.dtype)
        packed = -1
        for task in range(heads * blocks * s // slices, heads * blocks * (s + 1) // slices):
            head, start = task // blocks, task % blocks * block
            rows = min(block, queries - start)
            first, end = _reached(reach, which, head, start, rows, keys, width)
            if first >= end:
                out[head, start : start + rows] = 0
                continue
            if packed != head:
                pack_panels(k[head].reshape(-1), 1, d, keys, d, packed_k)
                pack_panels(v[head].reshape(-1), size, 1, size, keys, packed_v)
                packed = head
            _scores(q[head, start : start + rows], scale, packed_k, first, end, apart, x, p, edge)
            for i in range(rows):
                row = p[i * apart + first : i * apart + first + _whole(end - first)]
                _mask_row(row, end - first, masks, which, head, start + i, first)
                softmax[head, start + i, 0], softmax[head, start + i, 1] = _exp_row(row)
            here, to = end - first, out[head].reshape(-1)
            multiply_panels(
                rows, size, here, p, first, apart, 1, packed_v, first * width, keys, to, start * size, size, False, edge
            )
            for i in range(start, start + rows):
                for j in range(size):
                    out[head, i, j] *= softmax[head, i, 1]


@kernel
def _backward(q, k, v, dout, masks, which, reach, softmax, scale, dq, dk, dv, slices):
    heads, queries, d = q.shape
    keys, size = v.shape[1:]
    parts, width, scale = len(dk), columns(q.itemsize), q.dtype.type(scale)
    block, apart = _block(queries, keys, q.itemsize), _apart(keys)
    blocks = (queries + block - 1) // block
    for s in prange(slices):
        packed_k = np.empty(panels_size(keys, d, q.itemsize), q.dtype)
        packed_v = np.empty(panels_size(keys, size, q.itemsize), q.dtype)
        turned_k = np.empty(panels_size(d, keys, q.itemsize), q.dtype)
        packed_rows = np.empty(panels_size(max(d, size), block, q.itemsize), q.dtype)
        p, ds = np.empty(block * apart, q.dtype), np.empty(block * apart, q.dtype)
        x, products = np.zeros(block * _apart(max(d, size)), q.dtype), np.empty(_whole(keys), q.dtype)
        edge = np.empty(ROWS * width, q.dtype)
        packed = -1
        for task in range(heads * parts * s // slices, heads * parts * (s + 1) // slices):
            head, part = task // parts, task % parts
            if packed != head:
                pack_panels(k[head].reshape(-1), 1, d, keys, d, packed_k)
                pack_panels(v[head].reshape(-1), 1, size, keys, size, packed_v)
                pack_panels(k[head].reshape(-1), d, 1, d, keys, turned_k)
                packed = head
            for b in range(blocks * part // parts, blocks * (part + 1) // parts):
                start = b * block
                rows = min(block, queries - start)
                first, end = _reached(reach, which, head, start, rows, keys, width)
                if first >= end:
                    continue
                q_here, dout_here = q[head, start : start + rows], dout[head, start : start + rows]
                softmax_here = softmax[head, start : start + rows]
                _scores(q_here, scale, packed_k, first, end, apart, x, p, edge)
                _scores(dout_here, q.dtype.type(1), packed_v, first, end, apart, x, ds, edge)
                _softmax_block(p, ds, first, end, apart, masks, which, head, start, softmax_here, products, scale)
                _add_products(p, first, end, apart, dout_here, packed_rows, dv[part, head, first:], edge)
                _add_products(ds, first, end, apart, q_here, packed_rows, dk[part, head, first:], edge)
                here, to = end - first, dq[head, start:].reshape(-1)
                multiply_panels(
                    rows, d, here, ds, first, apart, 1, turned_k, first * width, keys, to, 0, d, False, edge
                )


@register_jitable
def _softmax_block(p, ds, first, end, apart, masks, which, head, start, softmax, products, scale):
    """From scores to probabilities p, and ds from their gradients to those of the scores, for a block of queries."""
    keys, whole = end - first, _whole(end - first)
    for i in range(len(softmax)):
        at = i * apart + first
        p_row, ds_row = p[at : at + whole], ds[at : at + whole]
        ds_row[keys:] = 0
        _mask_row(p_row, keys, masks, which, head, start + i, first)
        _softmax_row(p_row, ds_row, products, softmax[i], scale)


@register_jitable
def _add_products(weights, first, end, apart, x, packed, sums, edge):
    """sums += weights^T x: for the keys from `first` to `end`, over the queries of a block."""
    rows, d = x.shape
    pack_panels(x.reshape(-1), d, 1, d, rows, packed)
    multiply_panels(end - first, d, rows, weights, first, 1, apart, packed, 0, rows, sums.reshape(-1), 0, d, True, edge)


@register_jitable
def _block(queries, keys, itemsize):
    """Queries of a block: as many as keep their scores in the second-level cache."""
    fitting = min(LONGEST_BLOCK, BLOCK_BYTES // (keys * itemsize), queries + ROWS - 1)
    return max(ROWS, fitting // ROWS * ROWS)


@register_jitable
def _whole(size):
    """Rows are filled up to this: what is left over from the whole steps of a vector loop would be done one by one."""
    return (size + STEP - 1) // STEP * STEP


@register_jitable
def _apart(size):
    """The distance of two rows: room for a tile or a whole step from any place on, and no power of two."""
    return (size + STEP + 15) // 16 * 16 + 16


@register_jitable
def _reached(reach, which, head, start, rows, keys, width):
    """The keys that a block of queries can reach: from the first, at the border of a panel, to behind the last."""
    if not reach.size:
        return 0, keys
    first, end = keys, 0
    for i in range(start, start + rows):
        here = reach[which[head], i if reach.shape[1] > 1 else 0]
        first, end = min(first, here[0]), max(end, here[1])
    return first // width * width, end


@register_jitable
def _scores(x, scale, packed, first, end, apart, scaled, scores, edge):
    """scale x (rows, d) times the keys from `first` to `end`, at their places in rows of `scores`."""
    rows, d = x.shape
    step = _apart(d)
    for i in range(rows):
        row = scaled[i * step : i * step + d]
        for j in range(d):
            row[j] = x[i, j] * scale
    multiply_panels(rows, end - first, d, scaled, 0, step, 1, packed, first * d, d, scores, first, apart, False, edge)


@register_jitable
def _mask_row(row, keys, masks, which, head, i, first):
    """-inf for keys from `first` on that query i of the head may not attend to, and behind the last of them."""
    nothing = row.dtype.type(-np.inf)
    row[keys:] = nothing
    if masks.size:
        allowed = masks[which[head], i if masks.shape[1] > 1 else 0, first:]
        for j in range(keys):
            row[j] = row[j] if allowed[j] else nothing


@register_jitable
def _exp_row(row):
    """exp(row - top), in place. Returns top and the inverse of the sum; 0 and 0 where nothing is allowed."""
    zero, one = row.dtype.type(0), row.dtype.type(1)
    top = fold_max(row, 0, len(row))
    top = zero if top == -np.inf else top
    for j in range(len(row)):
        row[j] = flushed_exp(row[j] - top)
    total = fold_sum(row, 0, len(row))
    return top, zero if total == 0 else one / total


@register_jitable
def _softmax_row(p, ds, products, softmax, scale):
    """From scores to probabilities p, and from their gradients to those of the scores before they were scaled."""
    top, inverse, zero = softmax[0], softmax[1], p.dtype.type(0)
    for j in range(len(p)):
        e = flushed_exp(p[j] - top)
        p[j] = e * inverse if e != 0 else zero  # the inverse is NaN where a score is
    for j in range(len(p)):
        ds[j] = ds[j] if p[j] != 0 else zero
        products[j] = p[j] * ds[j]
    along = fold_sum(products, 0, len(p))
    for j in range(len(p)):
        ds[j] = p[j] * (ds[j] - along) * scale if p[j] != 0 else zero
