"""Histogram of oriented gradients. Dalal and Triggs 2005, sections 4 and 6; CS231n, assignment 1, `features.py`.

    gx_ij = x_i,j+1 - x_ij      gy_ij = x_i+1,j - x_ij      0 in the last column of gx, and the last row of gy
    magnitude = sqrt(gx^2 + gy^2)        angle = atan2(gy, gx) + 90 degrees, modulo 180
    hist_rco = 1/cell^2 sum of the magnitudes in cell (r, c) whose angle lies in the o-th of the equal parts of 180

im (H, W), or (H, W, 3) in red, green, blue: then x = 0.299 r + 0.587 g + 0.114 b    hist: rows * columns * orientations

An edge and the same edge from light to dark are alike: the sign of a gradient does not matter. Straight up and down is
the angle 0. What is left over beyond the last whole cell is not looked at. Blocks of cells are not normalized together
here, which Dalal and Triggs add.

compat=True gives what the assignment's code gives, which differs in three ways: it weights blue with 0.144, it leaves
out gradients of half of all directions (all with gx < 0) instead of taking them modulo 180, and it counts cells column
by column.
"""

import numpy as np

from nnspec.shapes import Array, Between, Real

WEIGHTS, COMPAT_WEIGHTS = (0.299, 0.587, 0.114), (0.299, 0.587, 0.144)


def hog_feature(
    im: Real[Array, "H W *rgb"], *, orientations: Between[1, None] = 9, cell: Between[1, None] = 8, compat: bool = False
):
    rows, columns = _cells("hog_feature", im.shape, cell)
    im = im if im.dtype.kind == "f" else im.astype(np.float64)
    x = im if im.ndim == 2 else _grey(im, COMPAT_WEIGHTS if compat else WEIGHTS)  # (H, W)
    gx, gy = np.zeros_like(x), np.zeros_like(x)
    gx[:, :-1] = x[:, 1:] - x[:, :-1]  # (H, W)
    gy[:-1] = x[1:] - x[:-1]  # (H, W)
    magnitude = np.sqrt(gx * gx + gy * gy)  # (H, W)
    part = _part(gx, gy, orientations, compat)  # (H, W)

    hist = np.empty((rows, columns, orientations), x.dtype)
    for o in range(orientations):
        chosen = np.where(part == o, magnitude, 0)[: rows * cell, : columns * cell]
        hist[:, :, o] = chosen.reshape(rows, cell, columns, cell).mean(axis=(1, 3))
    return (hist.transpose(1, 0, 2) if compat else hist).ravel()


def _cells(op, shape, cell):
    H, W, *channels = shape
    if channels not in ([], [3]):
        raise ValueError(f"{op}: im must have shape (H, W) or (H, W, 3), got {tuple(shape)}")
    if min(H, W) < cell:
        raise ValueError(f"{op}: im must hold a cell of {cell} x {cell} pixels, got {H} x {W}")
    return H // cell, W // cell


def _grey(im, weights):
    r, g, b = weights
    return r * im[:, :, 0] + g * im[:, :, 1] + b * im[:, :, 2]


def _part(gx, gy, orientations, compat):
    """Which part of 180 degrees the angle lies in; orientations for one that is left out."""
    if compat:
        angle = np.arctan2(gy, gx + 1e-15) * (180 / np.pi) + 90  # from -90 to 270
        within = (angle > 0) & (angle < 180)
        return np.where(within, np.floor(angle * (orientations / 180)), orientations)
    sign = np.where((gx > 0) | ((gx == 0) & (gy < 0)), 1, -1).astype(gx.dtype)  # that makes it an angle from 0 to 180
    angle = np.arctan2(sign * gy, sign * gx) * (180 / np.pi) + 90
    return np.floor(angle * (orientations / 180)).clip(0, orientations - 1)
