"""Templates in parallel, each of which lies in one piece, so that its extremes are found in vectors."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.reference.n01_classification.weights_to_images import _pixels


def weights_to_images(w, shape):
    D = _pixels(w, shape)
    templates = np.ascontiguousarray(w[:D].T)
    images = np.empty(templates.shape, np.uint8)
    _scale[4 * images.size](*contiguous(templates), images)
    return images.reshape(-1, *shape)


@kernel
def _scale(templates, images):
    real, zero = templates.dtype.type(255), templates.dtype.type(0)
    for c in prange(len(templates)):
        row, here = templates[c], images[c]
        low = high = row[0]
        for j in range(len(row)):
            low, high = min(low, row[j]), max(high, row[j])
        spread = high - low
        for j in range(len(row)):
            here[j] = int(real * ((row[j] - low) / spread)) if spread > zero else 0
