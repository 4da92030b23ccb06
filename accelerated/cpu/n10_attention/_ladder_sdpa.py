"""How attention becomes fast. `nnspec bench ladder sdpa` times the rungs, one after another.

Of Tq queries and Tk keys with d features, each head has Tq Tk scores. Seven products make them, use them, and take
their gradients back, of Tq Tk d multiply-adds each; all other steps are Tq Tk. With d = 64 the products are what is to
be made fast, and the scores what is to be kept out of memory:

    rung      arrays of Tq Tk   lanes of a product   moved for each multiply-add
    scores    4                 1                    8 bytes, or 68 where it goes down a column
    rows      0                 16                   12 bytes
    tiles     0                 16                   6 bytes, from the first-level cache
    threads   0                 16                   the same on every core
    final     0                 16                   0.5 bytes

Every rung has both functions. What stands at masked places must be finite, but for the twin.
"""

import math

import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu._fold import fold_max, fold_products, fold_sum
from nnspec.accelerated.cpu._intrinsics import fma
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._math import flushed_exp
from nnspec.accelerated.cpu.n10_attention import sdpa

QUERIES, KEYS = 32, 256  # of a tile


def _attention(forward, backward, keeps_scores=False):
    """Both functions around a kernel each, on arrays with one axis in front: the heads.

    Between them are kept the probabilities, or of each query the largest score and one over the sum.
    """

    def sdpa_forward(q, k, v, *, mask=None, scale=None):
        scale = 1 / math.sqrt(q.shape[-1]) if scale is None else float(scale)
        masks = np.empty((0, 0, 0), np.bool_)
        if mask is not None:
            masks = _heads(np.broadcast_to(mask, (*q.shape[:-1], k.shape[-2])))
        arrays = contiguous(*map(_heads, (q, k, v)), masks)
        heads, queries = arrays[0].shape[:2]
        kept = np.zeros((heads, queries, k.shape[-2] if keeps_scores else 2), q.dtype)
        out = np.zeros((heads, queries, v.shape[-1]), q.dtype)
        forward(*arrays, scale, out, kept)
        return out.reshape(*q.shape[:-1], v.shape[-1]), (q, k, v, arrays, scale, out, kept)

    def sdpa_backward(dout, cache):
        q, k, v, arrays, scale, out, kept = cache
        dq, dk, dv = (np.zeros(x.shape, x.dtype) for x in arrays[:3])
        backward(*arrays, scale, *contiguous(out, kept, _heads(dout)), dq, dk, dv)
        return dq.reshape(q.shape), dk.reshape(k.shape), dv.reshape(v.shape)

    return sdpa_forward, sdpa_backward


def _heads(x):
    """(…, T, d) with one axis in front."""
    return x.reshape(math.prod(x.shape[:-2]), *x.shape[-2:])


@register_jitable
def _multiply(a, b, c):
    """c += a b, an entry at a time; all three may be turned."""
    for i in range(len(a)):
        for j in range(b.shape[1]):
            total = c[i, j]
            for k in range(len(b)):
                total += a[i, k] * b[k, j]
            c[i, j] = total


class scores:
    """All scores in memory.

    As the equation says it, one product after the other: scores, probabilities, out, and back. Each of the four arrays
    is 1 MiB a head at Tq = Tk = 512, and is written and read again; every product sums along one chain; where a factor
    is read down a column, one number of a cache line is used; and math.exp is a call for each score.
    """

    @kernel
    def _forward(q, k, v, masks, scale, out, p):
        scores, scale, zero = np.zeros_like(p), q.dtype.type(scale), q.dtype.type(0)
        for h in range(len(q)):
            _multiply(q[h], k[h].T, scores[h])
        for h in range(len(q)):
            for i in range(p.shape[1]):
                top, total = -np.inf, zero
                for j in range(p.shape[2]):
                    allowed = masks.size == 0 or masks[h, i, j]
                    scores[h, i, j] = scale * scores[h, i, j] if allowed else -np.inf
                    top = max(top, scores[h, i, j])
                for j in range(p.shape[2] if top > -np.inf else 0):
                    p[h, i, j] = math.exp(scores[h, i, j] - top)
                    total += p[h, i, j]
                for j in range(p.shape[2] if top > -np.inf else 0):
                    p[h, i, j] /= total
        for h in range(len(q)):
            _multiply(p[h], v[h], out[h])

    @kernel
    def _backward(q, k, v, masks, scale, out, p, dout, dq, dk, dv):
        dp, dscores, scale = np.zeros_like(p), np.zeros_like(p), q.dtype.type(scale)
        for h in range(len(q)):
            _multiply(dout[h], v[h].T, dp[h])
        for h in range(len(q)):
            for i in range(p.shape[1]):
                along = q.dtype.type(0)
                for j in range(p.shape[2]):
                    along += p[h, i, j] * dp[h, i, j]
                for j in range(p.shape[2]):
                    dscores[h, i, j] = scale * p[h, i, j] * (dp[h, i, j] - along)
        for h in range(len(q)):
            _multiply(dscores[h], k[h], dq[h])
            _multiply(dscores[h].T, q[h], dk[h])
            _multiply(p[h].T, dout[h], dv[h])

    sdpa_forward, sdpa_backward = _attention(_forward.serial, _backward.serial, keeps_scores=True)


@register_jitable
def _turned(x):
    turned = np.empty((x.shape[1], x.shape[0]), x.dtype)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            turned[j, i] = x[i, j]
    return turned


@register_jitable
def _add(x, line, row):
    for j in range(len(row)):
        row[j] += x * line[j]


@register_jitable
def _mask(row, masks, h, i, first):
    nothing = row.dtype.type(-np.inf)
    for j in range(len(row) if masks.size else 0):
        row[j] = row[j] if masks[h, i, first + j] else nothing


@register_jitable
def _exp(row, top):
    for j in range(len(row)):
        row[j] = flushed_exp(row[j] - top)


@register_jitable
def _gradient_of_scores(p, ds, inverse, along, scale):
    """From exponentials to probabilities, and from the gradients of these to those of the scores."""
    for j in range(len(p)):
        p[j] *= inverse
        ds[j] = scale * p[j] * (ds[j] - along)


class rows:
    """A query at a time, vectors.

    The scores of a query need nothing of the other queries: 2 KiB, used while they are in the first-level cache and
    then forgotten. The backward takes them again, from two numbers a query, since to compute them costs less than to
    fetch them. In every product the innermost loop runs along a line, as in the ladder of affine, for which keys and
    values are turned once a head; exp is a polynomial that the compiler makes vectors of (`_math.py`).
    """

    @kernel
    def _forward(q, k, v, masks, scale, out, softmax):
        row, scale = np.empty(k.shape[1], q.dtype), q.dtype.type(scale)
        for h in range(len(q)):
            keys = _turned(k[h])
            for i in range(q.shape[1]):
                row[:] = 0
                for c in range(len(keys)):
                    _add(scale * q[h, i, c], keys[c], row)
                _mask(row, masks, h, i, 0)
                top = fold_max(row, 0, len(row))
                top = top if top > -np.inf else q.dtype.type(0)
                _exp(row, top)
                total = fold_sum(row, 0, len(row))
                inverse = q.dtype.type(1) / total if total > 0 else total
                softmax[h, i, 0], softmax[h, i, 1] = top, inverse
                for j in range(len(row)):
                    _add(row[j] * inverse, v[h, j], out[h, i])

    @kernel
    def _backward(q, k, v, masks, scale, out, softmax, dout, dq, dk, dv):
        p, ds, scale = np.empty(k.shape[1], q.dtype), np.empty(k.shape[1], q.dtype), q.dtype.type(scale)
        for h in range(len(q)):
            keys, values = _turned(k[h]), _turned(v[h])
            douts, outs = dout[h].reshape(-1), out[h].reshape(-1)
            for i in range(q.shape[1]):
                p[:] = 0
                ds[:] = 0
                for c in range(len(keys)):
                    _add(scale * q[h, i, c], keys[c], p)
                for c in range(len(values)):
                    _add(dout[h, i, c], values[c], ds)
                _mask(p, masks, h, i, 0)
                _exp(p, softmax[h, i, 0])
                along = fold_products(douts, i * len(values), outs, i * len(values), len(values))
                _gradient_of_scores(p, ds, softmax[h, i, 1], along, scale)
                for j in range(len(p)):
                    _add(ds[j], k[h, j], dq[h, i])
                    _add(ds[j], q[h, i], dk[h, j])
                    _add(p[j], dout[h, i], dv[h, j])

    sdpa_forward, sdpa_backward = _attention(_forward.serial, _backward.serial)


@register_jitable
def _add_lines(x, lines, left, row):
    """row += x lines[:, left:], four lines at a time, as in the ladder of affine."""
    right = left + len(row)
    fourth = len(x) - len(x) % 4
    for k in range(0, fourth, 4):
        a, b, c, d = x[k], x[k + 1], x[k + 2], x[k + 3]
        first, second = lines[k, left:right], lines[k + 1, left:right]
        third, last = lines[k + 2, left:right], lines[k + 3, left:right]
        for j in range(len(row)):
            row[j] = fma(d, last[j], fma(c, third[j], fma(b, second[j], fma(a, first[j], row[j]))))
    for k in range(fourth, len(x)):
        _add(x[k], lines[k, left:right], row)


@register_jitable
def _scale_rows(x, scale, scaled):
    for i in range(len(x)):
        for c in range(x.shape[1]):
            scaled[i, c] = scale * x[i, c]


@register_jitable
def _take_in(scores, out, softmax):
    """softmax: the largest score and the sum of the exponentials of the keys so far."""
    top, total = softmax[0], softmax[1]
    highest = max(top, fold_max(scores, 0, len(scores)))
    offset = highest if highest > -np.inf else scores.dtype.type(0)
    _exp(scores, offset)
    shrink = math.exp(top - offset)
    for c in range(len(out) if shrink < 1 else 0):
        out[c] *= shrink
    softmax[0], softmax[1] = highest, total * shrink + fold_sum(scores, 0, len(scores))


@register_jitable
def _conclude(out, softmax):
    """From sums to the average; softmax becomes what the backward needs, 0 and 0 for a query without a key."""
    inverse = out.dtype.type(1) / softmax[1] if softmax[1] > 0 else out.dtype.type(0)
    for c in range(len(out)):
        out[c] *= inverse
    softmax[0], softmax[1] = softmax[0] if softmax[1] > 0 else out.dtype.type(0), inverse


@register_jitable
def _forward_head(q, k, v, masks, h, scale, out, softmax):
    keys, scaled, row = _turned(k), np.empty(q.shape, q.dtype), np.empty(KEYS, q.dtype)
    _scale_rows(q, scale, scaled)
    softmax[:, 0] = -np.inf
    for start in range(0, len(q), QUERIES):
        end = min(len(q), start + QUERIES)
        for first in range(0, len(k), KEYS):
            last = min(len(k), first + KEYS)
            for i in range(start, end):
                scores = row[: last - first]
                scores[:] = 0
                _add_lines(scaled[i], keys, first, scores)
                _mask(scores, masks, h, i, first)
                _take_in(scores, out[i], softmax[i])
                _add_lines(scores, v[first:last], 0, out[i])
        for i in range(start, end):
            _conclude(out[i], softmax[i])


@register_jitable
def _backward_head(q, k, v, masks, h, scale, out, softmax, dout, dq, dk, dv):
    keys, values, scaled, size = _turned(k), _turned(v), np.empty(q.shape, q.dtype), v.shape[1]
    p, ds, douts, outs = (
        np.empty((QUERIES, KEYS), q.dtype),
        np.empty((QUERIES, KEYS), q.dtype),
        dout.ravel(),
        out.ravel(),
    )
    _scale_rows(q, scale, scaled)
    for first in range(0, len(k), KEYS):
        last = min(len(k), first + KEYS)
        for start in range(0, len(q), QUERIES):
            end = min(len(q), start + QUERIES)
            for i in range(start, end):
                p_row, ds_row = p[i - start, : last - first], ds[i - start, : last - first]
                p_row[:] = 0
                ds_row[:] = 0
                _add_lines(scaled[i], keys, first, p_row)
                _add_lines(dout[i], values, first, ds_row)
                _mask(p_row, masks, h, i, first)
                _exp(p_row, softmax[i, 0])
                along = fold_products(douts, i * size, outs, i * size, size)
                _gradient_of_scores(p_row, ds_row, softmax[i, 1], along, scale)
                _add_lines(ds_row, k[first:last], 0, dq[i])
            for j in range(first, last):
                _add_lines(ds[: end - start, j - first], q[start:end], 0, dk[j])
                _add_lines(p[: end - start, j - first], dout[start:end], 0, dv[j])


class tiles:
    """Tiles, and the online softmax.

    Keys and values of a tile stay in the first two levels of the cache for QUERIES queries, where rows read all of them
    anew for each query; and lines are added four at a time, which halves loads and stores. dk and dv get the queries of
    a tile together. Since a query meets the keys tile by tile, it keeps the largest score so far, and out and the sum
    shrink where a larger one turns up (Dao et al. 2022, FlashAttention, algorithm 1).
    """

    @kernel
    def _forward(q, k, v, masks, scale, out, softmax):
        for h in prange(len(q)):
            _forward_head(q[h], k[h], v[h], masks, h, q.dtype.type(scale), out[h], softmax[h])

    @kernel
    def _backward(q, k, v, masks, scale, out, softmax, dout, dq, dk, dv):
        for h in prange(len(q)):
            _backward_head(
                q[h], k[h], v[h], masks, h, q.dtype.type(scale), out[h], softmax[h], dout[h], dq[h], dk[h], dv[h]
            )

    sdpa_forward, sdpa_backward = _attention(_forward.serial, _backward.serial)


class threads:
    """Heads on all cores.

    The same kernels, with their `prange` taken seriously: heads have nothing in common, not even a gradient. With
    --threads 1 there is nothing to gain.
    """

    sdpa_forward, sdpa_backward = _attention(tiles._forward.parallel, tiles._backward.parallel)


class final:
    """Register tile, whole rows.

    The twin. All seven products run on the tile of 12 x 32 numbers that stay in registers (`_tile.py`). It has no
    online softmax: the second-level cache of a core has room for the scores of 60 queries with thousands of keys, so
    that their largest is known before the first is used, and nothing has to shrink. On a GPU there is no such room.
    Queries are shared out, not only heads, and keys that a mask lets nobody of a block reach are left out.
    """

    sdpa_forward, sdpa_backward = sdpa.sdpa_forward, sdpa.sdpa_backward
