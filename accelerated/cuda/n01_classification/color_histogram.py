"""The bins of all pixels, a thread for each; then a block for each bin, which counts its pixels. No atomics."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import block_sum
from nnspec.accelerated.cuda._target import cuda, empty, flat
from nnspec.accelerated.cuda.n01_classification.mean_image import _floating

THREADS = (256, 8)


def color_histogram_hsv(im, *, nbin=10, normalized=True):
    if im.size == 0:
        raise ValueError(f"color_histogram_hsv: im must hold at least one pixel, got shape {im.shape}")
    im, pixels = _floating(im), im.size // 3
    bins, hist = empty(pixels, np.int32), empty(nbin, im.dtype)
    _find_bins(blocks(pixels, _find_bins.threads), flat(im), np.int32(nbin), bins)
    _count(nbin, bins, float(pixels if normalized else 1), hist)
    return hist


@kernel(threads=THREADS)
def _find_bins(real, threads):
    def find_bins(im, nbin, bins):
        zero = real(0)
        for i in range(cuda.grid(1), bins.size, cuda.gridsize(1)):
            r, g, b = im[3 * i], im[3 * i + 1], im[3 * i + 2]
            largest, smallest = max(r, max(g, b)), min(r, min(g, b))
            spread = largest - smallest
            if largest == r:
                sixths = g - b
            elif largest == g:
                sixths = (b - r) + real(2) * spread
            else:
                sixths = (r - g) + real(4) * spread
            if sixths < zero:
                sixths += real(6) * spread
            place = real(nbin) * sixths / (real(6) * spread) if spread > zero else zero
            bins[i] = min(int(place), nbin - 1)

    return find_bins


@kernel(threads=THREADS)
def _count(real, threads):
    add_up = block_sum(real, threads)

    def count(bins, pixels, hist):
        total = real(0)
        for i in range(cuda.threadIdx.x, bins.size, threads):
            if bins[i] == cuda.blockIdx.x:
                total += real(1)
        add_up(total, hist)
        if cuda.threadIdx.x == 0:
            hist[cuda.blockIdx.x] /= pixels

    return count
