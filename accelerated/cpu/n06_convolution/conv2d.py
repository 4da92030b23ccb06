"""Products of the weights with patches of the image that are never written out as a whole.

Each task lays a band of one image out in memory so that patches become rows: with the columns that lie `stride` apart
side by side (forward, dx), or with the channels of a pixel side by side (dw). The entries that one tap of the kernel
meets in successive windows, or one window in successive taps, are then successive numbers, and the register tile reads
them where they stand, through a table of offsets: see `_taps`. dx is such a product of dout, one for each of the
phases that a stride leaves. A task owns its rows of out or dx; dw is summed in a number of parts that has nothing to do
with the threads.
"""

import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu import _tile
from nnspec.accelerated.cpu._fold import fold_sum
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._product import DEPTH, TILE_SPEED, copy, even_share
from nnspec.accelerated.cpu._sums import column_sums
from nnspec.accelerated.cpu.n06_convolution._taps import (
    FEW,
    MANY,
    ROWS,
    VECTORS_OF_FEW,
    dot_few_taps,
    dot_many_taps,
    dot_taps,
    dot_windows,
)
from nnspec.accelerated.cpu.n06_convolution._windows import copy_from, inside
from nnspec.reference.n06_convolution._windows import output_size

BAND = 1 << 19  # bytes of an image that are laid out at a time: half of a second-level cache
TASKS = 8  # at least, if the bands do not become too low
BLOCK = 1024  # columns, about, whose sums are made before they are written where they belong
PARTS = 16  # of the sum over samples that dw is, at most
LARGEST_PARTS = 1 << 24  # entries of all of them


def conv2d_forward(x, w, b=None, *, stride=1, pad=0):
    size = output_size("conv2d_forward", "w", x, w.shape[2:], stride, pad)
    return _correlation(x, w, b, stride, (pad, pad), size), (x, w, b, stride, pad)


def conv2d_backward(dout, cache):
    return _dx(dout, *cache), *_dw_db(dout, cache)


def _dw_db(dout, cache):
    x, w, b, stride, pad = cache
    dw, (dout, x) = np.empty(w.shape, w.dtype), contiguous(dout, x)
    *_, parts, size = _division(x.shape, w.shape, dout.shape, stride, x.itemsize)
    sums = np.empty((parts, size), x.dtype)
    _backward_w[_work(dout, w)](dout, x, w.shape, stride, pad, sums)
    _put_filters[sums.size](sums, dw)
    return dw, None if b is None else _sums_of_maps(dout)


def _correlation(x, w, b, stride, pads, size):
    out = np.empty((len(x), len(w), *size), x.dtype)
    taps = np.zeros((-(-len(w) // MANY) * MANY, w[:1].size + 1), x.dtype)  # rows for whole tiles
    taps[: len(w), :-1] = w.reshape(len(w), w[:1].size)
    if b is not None:
        taps[: len(w), -1] = b  # one more tap, which meets a 1 everywhere
    _forward[_work(out, w)](*contiguous(x, taps), *w.shape[2:], stride, *pads, out)
    return out


def _dx(dout, x, w, b, stride, pad):
    """Pixels that lie `stride` apart meet the same taps: dx of each phase is a correlation of dout with these, turned
    round."""
    found = {}
    for down in range(min(stride, w.shape[2])):
        for right in range(min(stride, w.shape[3])):
            taps = w[:, :, down::stride, right::stride]
            rows, above = _phase(x.shape[2], taps.shape[2], down, stride, pad)
            across, before = _phase(x.shape[3], taps.shape[3], right, stride, pad)
            turned, size = taps[:, :, ::-1, ::-1].swapaxes(0, 1), (len(rows), len(across))
            found[rows.start, across.start] = _correlation(dout, turned, None, 1, (above, before), size)
    if stride == 1:
        return found[0, 0]
    if len(found) == 4 and stride == 2:
        dx = np.empty(x.shape, x.dtype)
        _weave[dx.size](found[0, 0], found[0, 1], found[1, 0], found[1, 1], dx)
        return dx
    dx = np.zeros(x.shape, x.dtype)
    for (top, left), phase in found.items():
        dx[:, :, top::stride, left::stride] = phase
    return dx


def _phase(size, taps, first, stride, pad):
    """The pixels along an axis that taps first, first + stride, … meet, and how far the first of them lies beyond the
    first window that is whole in dout."""
    start = (first - pad) % stride
    return range(start, size, stride), taps - 1 - (start + pad - first) // stride


@kernel
def _weave(first, second, third, fourth, dx):
    """Rows of the first two phases in turn with those of the others, and so in each row."""
    N, C, H, W = dx.shape
    above, right = first.reshape(-1), second.reshape(-1)
    below, last, flat = third.reshape(-1), fourth.reshape(-1), dx.reshape(-1)
    for channel in prange(N * C):
        for y in range(H):
            row, to = channel * ((H + 1 - y % 2) // 2) + y // 2, (channel * H + y) * W
            if y % 2 == 0:
                _in_turn(above, right, row, flat, to, W)
            else:
                _in_turn(below, last, row, flat, to, W)


@register_jitable
def _in_turn(evens, odds, row, target, at, count):
    """Row of the even and of the odd columns into one of so many numbers."""
    lanes, pairs = _tile.width_of(target) // _tile.VECTORS, count // 2
    even_at, odd_at, whole = row * (count - pairs), row * pairs, pairs if pairs >= lanes else 0
    for k in range(0, whole, lanes):
        j = min(k, whole - lanes)  # the last vector may overlap the one before
        _tile.take_in_turn(evens, even_at + j, odds, odd_at + j, target, at + 2 * j)
    for j in range(whole, pairs):
        target[at + 2 * j], target[at + 2 * j + 1] = evens[even_at + j], odds[odd_at + j]
    if count > 2 * pairs:
        target[at + count - 1] = evens[even_at + pairs]


def _work(out, w):
    return out.size * w[:1].size // TILE_SPEED


def _sums_of_maps(dout):
    sums = np.empty(dout.shape[:2], dout.dtype)
    _sum_maps[dout.size](dout, sums)
    return column_sums(sums)


@kernel
def _forward(x, taps, KH, KW, stride, above, before, out):
    (N, C, _, _), (_, F, HO, WO), row = x.shape, out.shape, taps.shape[1]
    taps_flat, out_flat, columns = taps.reshape(-1), out.reshape(-1), WO + (KW - 1) // stride
    width = _tile.width_of(x) * (VECTORS_OF_FEW if F <= FEW else _tile.VECTORS) // _tile.VECTORS
    band = _band(N, HO, C, KH, KW, WO, stride, x.itemsize)
    bands, block = (HO + band - 1) // band, even_share(band, (BLOCK + columns - 1) // columns)  # rows
    apart, pitch, line = _lines_of_windows(block, columns, WO, width)
    strips = (F + MANY - 1) // MANY
    long = strips - min(strips, -F % MANY // max(1, MANY - ROWS))
    for task in prange(N * bands):
        n, first = task // bands, task % bands * band
        rows = min(band, HO - first)
        offsets = _tap_offsets(C, KH, KW, rows, WO, stride)
        image = np.zeros(_laid_out_size(C, KH, KW, rows, WO, stride) + KW + width, x.dtype)
        sums = np.empty(MANY * line, x.dtype)
        _lay_out(x[n], first, KH, KW, rows, WO, stride, above, before, image, 0)
        for top in range(0, rows, block):
            here, f = min(block, rows - top), 0
            lines, long_line = (here, WO) if apart else (1, here * columns)
            for s in range(strips):
                for r in range(lines):
                    for j in range(0, long_line, width):
                        at, to = (top + r) * columns + j, r * pitch + j
                        if F <= FEW:
                            dot_few_taps(row - 1, taps_flat, f * row, row, image, at, offsets, sums, to, line)
                        elif s < long:
                            dot_many_taps(row - 1, taps_flat, f * row, row, image, at, offsets, sums, to, line)
                        else:
                            dot_taps(row - 1, taps_flat, f * row, row, image, at, offsets, sums, to, line)
                after = min(F, f + (MANY if s < long else ROWS))
                for i in range(f, after):
                    to = (((n * F + i) * HO) + first + top) * WO
                    for r in range(here):
                        _tile.copy_exactly(sums, (i - f) * line + r * pitch, out_flat, to + r * WO, WO)
                f = after


@register_jitable
def _lines_of_windows(rows, columns, WO, width):
    """(whether each row of windows is a line of its own, from row to row in the sums, entries of all rows).

    Rows that tiles fill are taken apart. Others are one line with what lies between them, which costs as many sums that
    nobody reads as there are columns beyond a row.
    """
    together, own = (rows * columns + width - 1) // width * width, (WO + width - 1) // width * width
    return (True, own, rows * own) if rows * own <= together else (False, columns, together)


@register_jitable
def _division(x_shape, w_shape, dout_shape, stride, itemsize):
    """How the sum over samples is divided: (rows of a band, small samples that are summed over at once, tasks, parts of
    the sum, entries of a part). A part is tiles of dw, (strips, ROWS, line of taps)."""
    (N, C, _, _), (F, _, KH, KW), (_, _, HO, WO) = x_shape, w_shape, dout_shape
    width = _tile.columns(itemsize)
    band = _band(N, HO, C, KH, KW, WO, stride, itemsize)
    bands = (HO + band - 1) // band
    together = max(1, DEPTH // (HO * WO)) if bands == 1 else 1
    tasks = (N + together - 1) // together * bands
    size = (F + ROWS - 1) // ROWS * ROWS * _line_of_taps(C, KH, KW, width)
    parts = max(1, min(PARTS, tasks, N * HO * WO // (2 * DEPTH), LARGEST_PARTS // max(1, size)))
    return band, together, tasks, parts, size


@kernel
def _backward_w(dout, x, shape, stride, pad, sums):
    (N, C, _, _), (F, _, KH, KW), (_, _, HO, WO) = x.shape, shape, dout.shape
    P, width, strips, maps = HO * WO, _tile.columns(x.itemsize), (F + ROWS - 1) // ROWS, dout.reshape(-1)
    band, together, tasks, parts, _ = _division(x.shape, shape, dout.shape, stride, x.itemsize)
    bands = (HO + band - 1) // band
    height, columns = (band - 1) * stride + KH, (WO - 1) * stride + KW  # of x that the windows of a band meet
    windows = _window_offsets(together, band, WO, height * columns * C, stride * columns * C, stride * C)
    for part in prange(parts):
        total, packed, add = sums[part], np.empty(strips * DEPTH * ROWS, x.dtype), False
        if tasks == 0:
            total[:] = 0
        image = _tile.whole_lines(together * height * columns * C + width, x)
        square = _tile.whole_lines(width * width, x)
        for task in range(part * tasks // parts, (part + 1) * tasks // parts):
            n, first = task // bands * together, task % bands * band
            samples, rows = min(together, N - n), min(band, HO - first)
            for i in range(samples):
                at = i * height * columns * C
                _lay_out_pixels(x[n + i], first * stride - pad, height, columns, pad, image, at, square)
            depth = even_share(samples * rows * WO, DEPTH)
            for p in range(0, samples * rows * WO, depth):
                deep = min(depth, samples * rows * WO - p)
                start = n * F * P + first * WO + p
                in_place = F // ROWS if together == 1 else 0  # strips of dout that the tile reads where they stand
                _pack_strips(maps, start, P, F, in_place, samples, deep, packed)
                shown = windows[p : p + deep]
                _add_products(maps, start, P, in_place, packed, image, shown, columns * C, shape, total, add)
                add = True


@kernel
def _put_filters(sums, dw):
    line = _line_of_taps(*dw.shape[1:], _tile.columns(dw.itemsize))
    for f in prange(len(dw)):
        _put_filter(sums, f * line, dw[f])


@register_jitable
def _pack_strips(dout, start, P, F, first, samples, deep, packed):
    """Strips of maps of dout, from strip `first` on: `deep` places of one sample, or all of several."""
    for s in range(first, (F + ROWS - 1) // ROWS):
        for i in range(samples):
            share, at = deep if samples == 1 else P, start + i * F * P
            _pack_rows(dout, at, P, 1, s * ROWS, F, share, packed, (s * DEPTH + i * P) * ROWS)


@register_jitable
def _add_products(dout, start, P, in_place, packed, image, windows, line, shape, total, add):
    """Strips of dout times what `windows` show of the image, into tiles of dw."""
    (F, C, KH, KW), deep, width = shape, len(windows), _tile.width_of(image)
    vectors, lanes = _vectors_of_taps(C, KW, width), width // _tile.VECTORS
    row = _line_of_taps(C, KH, KW, width)
    for left in range(0, row, width):
        one, other = left // lanes, min(left // lanes + 1, KH * vectors - 1)  # of an odd number the last stands twice
        first = one // vectors * line + one % vectors * lanes
        second = other // vectors * line + other % vectors * lanes
        for s in range((F + ROWS - 1) // ROWS):
            to = s * ROWS * row + left
            if s < in_place:
                at = start + s * ROWS * P
                dot_windows(deep, dout, at, P, 1, image, windows, first, second, total, to, row, add)
            else:
                dot_windows(deep, packed, s * DEPTH * ROWS, 1, ROWS, image, windows, first, second, total, to, row, add)


@register_jitable
def _vectors_of_taps(C, KW, width):
    """How many vectors the taps of a row of the kernel take."""
    return (KW * C * _tile.VECTORS + width - 1) // width


@register_jitable
def _line_of_taps(C, KH, KW, width):
    """How many entries the taps of a filter take, in whole tiles."""
    return (KH * _vectors_of_taps(C, KW, width) + _tile.VECTORS - 1) // _tile.VECTORS * width


@register_jitable
def _put_filter(sums, at, dw):
    """dw (C, KH, KW) of a filter: all parts of the sum over samples, which begin at `at`, added up."""
    (C, KH, KW), width = dw.shape, _tile.columns(dw.itemsize)
    row, of_u = (
        sums[0, at : at + _line_of_taps(C, KH, KW, width)],
        _vectors_of_taps(C, KW, width) * width // _tile.VECTORS,
    )
    for part in range(1, len(sums)):
        more = sums[part, at : at + len(row)]
        for k in range(len(row)):
            row[k] += more[k]
    for u in range(KH):
        for v in range(KW):
            for c in range(C):
                dw[c, u, v] = row[u * of_u + v * C + c]


@kernel
def _sum_maps(dout, sums):
    maps, P = dout.reshape(-1), dout.shape[2] * dout.shape[3]
    for n in prange(len(dout)):
        for f in range(dout.shape[1]):
            sums[n, f] = fold_sum(maps, (n * dout.shape[1] + f) * P, P)


@register_jitable
def _band(samples, rows, C, KH, KW, WO, stride, itemsize):
    """How many rows a task takes at a time: as many as fit the cache, fewer if there are few samples."""
    row_bytes = C * min(stride, KH) * min(stride, KW) * (WO + (KW - 1) // stride) * itemsize
    bands = max((rows * row_bytes + BAND - 1) // BAND, (TASKS + samples - 1) // max(1, samples), 1)
    return min(rows, max((rows + bands - 1) // bands, 4 * ((KH - 1) // stride), 1))


@register_jitable
def _laid_out_size(C, KH, KW, rows, WO, stride):
    return C * min(stride, KH) * min(stride, KW) * (rows + (KH - 1) // stride) * (WO + (KW - 1) // stride)


@register_jitable
def _lay_out(x, first, KH, KW, rows, WO, stride, above, before, image, at):
    """What windows in `rows` rows from `first` on meet of x, (C, stride, stride, rows, columns), into zeros."""
    (C, H, W), flat = x.shape, x.reshape(-1)
    height, columns = rows + (KH - 1) // stride, WO + (KW - 1) // stride
    for c in range(C):
        for u in range(min(stride, KH)):
            top = first * stride + u - above
            if stride == 2:  # of a row, every number is one phase's or the other's
                _lay_out_both(flat, c * H * W, H, W, top, before, height, columns, min(2, KW), image, at)
                at += min(2, KW) * height * columns
                continue
            for v in range(min(stride, KW)):
                left, right = inside(W, v - before, stride, columns)
                for i in range(height):
                    y = top + i * stride
                    if 0 <= y < H:
                        source = (c * H + y) * W + left * stride + v - before
                        copy_from(flat, source, stride, image, at + left, right - left)  # row after row
                    at += columns


@register_jitable
def _lay_out_both(x, x_at, H, W, top, before, height, columns, phases, image, at):
    """Every second row from `top` on: numbers of even and of odd columns apart, or of the first of two phases alone."""
    even, lanes = before % 2, _tile.width_of(x) // _tile.VECTORS
    first, end = inside(W, even - before, 2, columns)
    evens, even_at = end - first if even < phases else 0, at + even * height * columns + first
    first, end = inside(W, 1 - even - before, 2, columns)
    odds, odd_at = end - first if 1 - even < phases else 0, at + (1 - even) * height * columns + first
    both = min(evens, odds)
    for i in range(height):
        y, row, done = top + 2 * i, i * columns, both if both >= lanes else 0
        if 0 <= y < H:
            for k in range(0, done, lanes):
                j = min(k, done - lanes)  # the last vector may overlap the one before
                _tile.share_out_whole(x, x_at + y * W + 2 * j, image, even_at + row + j, odd_at + row + j)
            for j in range(done, max(evens, odds), lanes):
                here = x_at + y * W + 2 * j
                _tile.share_out(x, here, W - 2 * j, image, even_at + row + j, evens - j, odd_at + row + j, odds - j)


@register_jitable
def _lay_out_pixels(x, top, height, width, pad, image, start, square):
    """Rows from `top` on, columns from -pad on, of x: (height, width, C). square: room for a part of it."""
    C, H, W = x.shape
    flat, lanes = x.reshape(-1), _tile.columns(x.itemsize) // _tile.VECTORS
    for i in range(height):
        for j in range(width):
            if not (0 <= top + i < H and 0 <= j - pad < W):
                image[start + (i * width + j) * C : start + (i * width + j + 1) * C] = 0
    first, end = max(0, top) * W, min(H, top + height) * W
    squares = max(0, end - first) // lanes * lanes
    for c in range(0, C, lanes):
        for p in range(first, end, lanes):
            whole = c + lanes <= C and p < first + squares
            if whole:
                _tile.transpose(flat, c * H * W + p, H * W, square, 0, lanes)
            for pixel in range(p, min(p + lanes, end)):
                i, j = pixel // W - top, pixel % W + pad
                to = start + (i * width + j) * C + c
                if j >= width:
                    continue
                if whole:
                    copy(square[(pixel - p) * lanes : (pixel - p + 1) * lanes], image[to : to + lanes])
                else:
                    for channel in range(min(lanes, C - c)):
                        image[to + channel] = flat[(c + channel) * H * W + pixel]


@register_jitable
def _tap_offsets(C, KH, KW, rows, WO, stride):
    """Where each tap (u, v, c) of the first window stands in what `_laid_out` makes."""
    height, columns = rows + (KH - 1) // stride, WO + (KW - 1) // stride
    offsets = np.empty((C, KH, KW), np.intp)
    channel = min(stride, KH) * min(stride, KW) * height * columns
    for u in range(KH):
        for v in range(KW):
            phase = u % stride * min(stride, KW) + v % stride
            first = (phase * height + u // stride) * columns + v // stride
            for c in range(C):  # no division here: every task makes its offsets
                offsets[c, u, v] = first + c * channel
    return offsets.reshape(-1)


@register_jitable
def _window_offsets(samples, rows, columns, sample, down, right):
    """Where each window starts, given the distances in memory from one to the next."""
    offsets = np.empty(samples * rows * columns, np.intp)
    for p in range(len(offsets)):
        offsets[p] = p // (rows * columns) * sample + p // columns % rows * down + p % columns * right
    return offsets


@register_jitable
def _pack_rows(a, a_at, a_row, a_column, first, m, depth, packed, at):
    """ROWS rows of A from `first` on, column after column; 0 beyond the last row."""
    here = min(ROWS, m - first)
    if a_row == 1 and here == ROWS:
        for k in range(depth):
            for i in range(ROWS):
                packed[at + k * ROWS + i] = a[a_at + first + i + k * a_column]
        return
    for i in range(here):
        for k in range(depth):
            packed[at + k * ROWS + i] = a[a_at + (first + i) * a_row + k * a_column]
    for i in range(here, ROWS):
        for k in range(depth):
            packed[at + k * ROWS + i] = 0
