"""Rows in parallel, each with counts of its own, which are added up at the end."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel


def color_histogram_hsv(im, *, nbin=10, normalized=True):
    if im.size == 0:
        raise ValueError(f"color_histogram_hsv: im must hold at least one pixel, got shape {im.shape}")
    im = im if im.dtype.kind == "f" else im.astype(np.float64)
    rows = np.zeros((len(im), nbin), np.int64)
    _count_hues[8 * im.size](*contiguous(im), rows)
    counts = rows.sum(axis=0)
    return (counts / (im.size // 3) if normalized else counts).astype(im.dtype)


@kernel
def _count_hues(im, rows):
    nbin, zero = rows.shape[1], im.dtype.type(0)
    bins, two, four, six = im.dtype.type(nbin), im.dtype.type(2), im.dtype.type(4), im.dtype.type(6)
    for i in prange(len(im)):
        here = rows[i]
        for j in range(im.shape[1]):
            r, g, b = im[i, j, 0], im[i, j, 1], im[i, j, 2]
            largest = max(r, max(g, b))
            spread = largest - min(r, min(g, b))
            if largest == r:
                sixths = g - b
            elif largest == g:
                sixths = (b - r) + two * spread
            else:
                sixths = (r - g) + four * spread
            if sixths < zero:
                sixths += six * spread
            place = bins * sixths / (six * spread) if spread > zero else zero
            here[min(int(place), nbin - 1)] += 1
