"""Draws are made on the host, where the generator is, and go to the device as bytes or in the dtype of x."""

import numpy as np

from nnspec.accelerated.cuda._target import to_device


def drawn_below(rng, shape, p):
    """rng.random(shape) < p."""
    return to_device(np.asarray(rng.random(shape) < p))


def drawn_normal(rng, shape, dtype):
    """rng.standard_normal(shape) in that dtype."""
    return to_device(np.asarray(rng.standard_normal(shape), dtype))
