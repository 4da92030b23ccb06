"""A template belongs to a warp, whose lanes find its extremes together, and then scale it."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import warp_max
from nnspec.accelerated.cuda._target import WARP, cuda, empty
from nnspec.reference.n01_classification.weights_to_images import _pixels

THREADS = (256, 8)


def weights_to_images(w, shape):
    D = _pixels(w, shape)
    images = empty((w.shape[1], D), np.uint8)
    _scale(blocks(w.shape[1] * WARP, _scale.threads), w, images)
    return images.reshape(w.shape[1], *shape)


@kernel(threads=THREADS)
def _scale(real, threads):
    def scale(w, images):
        lane, size = cuda.threadIdx.x % WARP, images.shape[1]
        for c in range(cuda.grid(1) // WARP, images.shape[0], cuda.gridsize(1) // WARP):
            high, below = w[0, c], -w[0, c]
            for j in range(lane, size, WARP):
                high, below = max(high, w[j, c]), max(below, -w[j, c])
            high, low = warp_max(high), -warp_max(below)
            spread = high - low
            for j in range(lane, size, WARP):
                images[c, j] = int(real(255) * ((w[j, c] - low) / spread)) if spread > real(0) else 0

    return scale
