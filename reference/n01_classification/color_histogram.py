"""Colour histogram: how much there is of each hue. CS231n, assignment 1, `features.py`, `color_histogram_hsv`; Smith
1978, "Color gamut transform pairs".

    h = 0 where max = min, else 1/6 of  (g - b) / (max - min)       where r is the largest, modulo 6
                                        (b - r) / (max - min) + 2   where g is
                                        (r - g) / (max - min) + 4   where b is
    hist_i = share of the pixels with i <= nbin h < i + 1

im (H, W, 3): red, green, blue, on any scale    hist (nbin,)    normalized=False: counts instead of shares

Hue alone: neither how bright nor how strong a colour is. Grey has the hue 0, and so falls into the bin of red. Of equal
channels red comes first, then green. A bin includes its lower edge. nbin h is one quotient of products, whose rounding
moves no integer image across an edge.
"""

import numpy as np

from nnspec.shapes import Array, Between, Real


def color_histogram_hsv(im: Real[Array, "H W 3"], *, nbin: Between[1, None] = 10, normalized: bool = True):
    if im.size == 0:
        raise ValueError(f"color_histogram_hsv: im must hold at least one pixel, got shape {im.shape}")
    im = im if im.dtype.kind == "f" else im.astype(np.float64)
    r, g, b = np.moveaxis(im, 2, 0)  # (H, W) each
    largest = im.max(axis=2)
    spread = largest - im.min(axis=2)
    third = np.where(largest == r, 0, np.where(largest == g, 1, 2))  # (H, W) of the colour wheel
    ahead = np.choose(third, [g - b, b - r, r - g])  # (H, W)
    sixths = ahead + 2 * third * spread  # (H, W) 6 h (max - min)
    sixths = np.where(sixths < 0, sixths + 6 * spread, sixths)
    place = nbin * sixths / np.where(spread > 0, 6 * spread, 1)  # (H, W) nbin h
    bins = np.minimum(place.astype(np.int64), nbin - 1)  # (H, W)
    counts = (bins.ravel()[:, None] == np.arange(nbin)).sum(axis=0)  # (nbin,)
    return (counts / bins.size if normalized else counts).astype(im.dtype)
