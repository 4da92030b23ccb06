"""Masks that broadcast, without a copy for each head."""

import math

import numpy as np


def broadcast_index(shape, batch):
    """For each entry of `batch`, in order, the position of the entry of `shape` that it meets when these broadcast."""
    places = np.arange(math.prod(shape))
    return places if shape == batch else np.broadcast_to(places.reshape(shape), batch).reshape(-1)
