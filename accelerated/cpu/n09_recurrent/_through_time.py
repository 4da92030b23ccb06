"""What waits for the step before: a product with the same weights in every step, by the slice of sequences of a thread.
The weights are packed once, and nothing has to wait for other threads."""

import numba
import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu._product import pack_panels, panels_size
from nnspec.accelerated.cpu._tile import ROWS, SHORT_ROWS, columns, dot, dot_short, whole_lines

APART = 16  # numbers between the rows of a buffer, so that rows do not compete for one place in the cache


def without_what_follows(lengths, x):
    """x, unless it holds behind an end what times 0 is not 0: then a copy with 0 there."""
    over = np.arange(x.shape[1]) >= lengths[:, None]
    return x if np.isfinite(x[over]).all() else np.where(over[..., None], x.dtype.type(0), x)


def slices_of(sequences):
    """As many as there are threads, if each gets a tile."""
    return max(1, min(numba.get_num_threads(), sequences // ROWS))


@register_jitable
def packed_weights(b, b_row, b_column, n, k):
    """B (k, n) in panels of a tile's width, and how wide these are together."""
    width = columns(b.itemsize)
    packed = whole_lines(panels_size(n, k, b.itemsize), b)
    panels = (n + width - 1) // width
    for p in prange(panels):
        here = min(width, n - p * width)
        of_panel = packed[p * k * width : (p + 1) * k * width]
        pack_panels(b, p * width * b_column, b_row, b_column, here, k, of_panel)
    return packed, panels * width


@register_jitable
def multiply_slice(rows, k, a, b, c):
    """C = A B, of packed B; A and C have room for a whole tile behind their rows. Short tiles where they fit better."""
    width = columns(a.itemsize)
    tiles = (rows + ROWS - 1) // ROWS
    long = tiles - min(tiles, -rows % ROWS // (ROWS - SHORT_ROWS))
    a_row, c_row, a, c = a.shape[1], c.shape[1], a.reshape(-1), c.reshape(-1)
    for column in range(0, c_row, width):
        for tile in range(tiles):
            if tile < long:
                i = tile * ROWS
                dot(k, a, i * a_row, a_row, 1, b, column * k, c, i * c_row + column, c_row, False)
            else:
                i = long * ROWS + (tile - long) * SHORT_ROWS
                dot_short(k, a, i * a_row, a_row, 1, b, column * k, c, i * c_row + column, c_row, False)
