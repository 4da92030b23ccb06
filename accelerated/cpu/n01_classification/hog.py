"""Cells in parallel: each thread takes the gradients of its own pixels, a row of a cell at a time, and has counts of
its own; no array of gradients, angles or masks is made."""

import math

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._math import atan2
from nnspec.reference.n01_classification.hog import COMPAT_WEIGHTS, WEIGHTS, _cells, _grey


def hog_feature(im, *, orientations=9, cell=8, compat=False):
    rows, columns = _cells("hog_feature", im.shape, cell)
    im = im if im.dtype.kind == "f" else im.astype(np.float64)
    x = im if im.ndim == 2 else _grey(im, COMPAT_WEIGHTS if compat else WEIGHTS)
    hist = np.zeros((rows * columns, orientations), x.dtype)
    _histograms[32 * x.size](*contiguous(x), cell, columns, compat, hist)
    hist = hist.reshape(rows, columns, orientations)
    return (hist.transpose(1, 0, 2) if compat else hist).ravel()


@kernel
def _histograms(x, cell, columns, compat, hist):
    (H, W), (cells, orientations), real = x.shape, hist.shape, x.dtype.type
    zero, half, turn, nudge = real(0), real(90), real(180), real(1e-15 if compat else 0)
    degrees, parts, area = real(180 / math.pi), real(orientations / 180), real(cell * cell)
    across, down = np.empty(cell, x.dtype), np.empty(cell, x.dtype)
    angles, lengths = np.empty(cell, x.dtype), np.empty(cell, x.dtype)
    for at in prange(cells):
        top, left, here = at // columns * cell, at % columns * cell, hist[at]
        for i in range(top, top + cell):
            for j in range(cell):
                across[j] = x[i, left + j + 1] - x[i, left + j] if left + j + 1 < W else zero
                down[j] = x[i + 1, left + j] - x[i, left + j] if i + 1 < H else zero
            for j in range(cell):
                gx, gy = across[j], down[j]
                up = compat or gx > zero or (gx == zero and gy < zero)
                angles[j] = atan2(gy if up else -gy, (gx if up else -gx) + nudge) * degrees + half
                lengths[j] = math.sqrt(gx * gx + gy * gy)
            for j in range(cell):
                if compat and not (angles[j] > zero and angles[j] < turn):
                    continue
                part = math.floor(angles[j] * parts)
                here[min(max(part, 0), orientations - 1)] += lengths[j]
        for o in range(orientations):
            here[o] /= area
