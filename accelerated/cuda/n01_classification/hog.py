"""A thread for each orientation of each cell, which reads the pixels of the cell: neighbours of the same cell, which
they find in the cache, and nothing is shared."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty, flat, math
from nnspec.accelerated.cuda.n01_classification.mean_image import _floating
from nnspec.reference.n01_classification.hog import COMPAT_WEIGHTS, WEIGHTS, _cells

THREADS = (256, 8)


def hog_feature(im, *, orientations=9, cell=8, compat=False):
    rows, columns = _cells("hog_feature", im.shape, cell)
    im = _floating(im)
    x = im
    if len(im.shape) == 3:
        x = empty(im.shape[:2], im.dtype)
        weights = COMPAT_WEIGHTS if compat else WEIGHTS
        _grey(blocks(x.size, _grey.threads), flat(im), *map(float, weights), flat(x))
    parts = np.int64(orientations)
    part, magnitude = empty(x.size, np.int32), empty(x.size, x.dtype)
    _gradients(blocks(x.size, _gradients.threads), x, parts, part, magnitude, compat=compat)
    hist = empty(rows * columns * orientations, x.dtype)
    sizes = (np.int64(cell), np.int64(rows), np.int64(columns), np.int64(x.shape[1]))
    _histograms(blocks(hist.size, _histograms.threads), part, magnitude, parts, *sizes, hist, compat=compat)
    return hist


@kernel(threads=THREADS)
def _grey(real, threads):
    def grey(im, r, g, b, x):
        for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            x[i] = r * im[3 * i] + g * im[3 * i + 1] + b * im[3 * i + 2]

    return grey


@kernel(threads=THREADS)
def _gradients(real, threads, compat):
    def gradients(x, orientations, part, magnitude):
        zero, turn = real(0), real(180)
        for at in range(cuda.grid(1), part.size, cuda.gridsize(1)):
            i, j = at // x.shape[1], at % x.shape[1]
            gx = x[i, j + 1] - x[i, j] if j + 1 < x.shape[1] else zero
            gy = x[i + 1, j] - x[i, j] if i + 1 < x.shape[0] else zero
            if compat:
                gx += real(1e-15)
            elif gx < zero or (gx == zero and gy > zero):
                gx, gy = -gx, -gy
            angle = math.atan2(gy, gx) * real(180 / math.pi) + real(90)
            chosen = min(max(int(math.floor(angle * (real(orientations) / turn))), 0), orientations - 1)
            if compat and not (angle > zero and angle < turn):
                chosen = orientations
            part[at], magnitude[at] = chosen, math.sqrt(gx * gx + gy * gy)

    return gradients


@kernel(threads=THREADS)
def _histograms(real, threads, compat):
    def histograms(part, magnitude, orientations, cell, rows, columns, width, hist):
        for at in range(cuda.grid(1), hist.size, cuda.gridsize(1)):
            o, which = at % orientations, at // orientations
            r, c = (which % rows, which // rows) if compat else (which // columns, which % columns)
            total = real(0)
            for i in range(r * cell, (r + 1) * cell):
                for j in range(c * cell, (c + 1) * cell):
                    if part[i * width + j] == o:
                        total += magnitude[i * width + j]
            hist[at] = total / real(cell * cell)

    return histograms
