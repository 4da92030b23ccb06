"""Weights of a linear classifier as images: the template of each class. CS231n notes "Linear classification",
interpreting a linear classifier as template matching; assignment 1, `visualize_grid` and `softmax.ipynb`.

    image_c = 255 (w_c - low_c) / (high_c - low_c), rounded down        low_c, high_c: the extremes of template c

w (D, C), or (D + 1, C) with the bias trick: the last row is left out    D = H W channels    images (C, H, W, channels)

w_c is reshaped as the images were flattened that it was trained on, here (H, W, channels). A template that is constant
has nothing to show, and is black.
"""

from collections.abc import Sequence

import numpy as np

from nnspec.shapes import Array, Float


def weights_to_images(w: Float[Array, "D C"], shape: Sequence[int]):
    D = _pixels(w, shape)
    templates = w[:D].T  # (C, D)
    low, high = (extreme(axis=1, keepdims=True) for extreme in (templates.min, templates.max))  # (C, 1)
    shares = (templates - low) / np.where(high > low, high - low, 1)  # (C, D) from 0 to 1
    return (255 * shares).astype(np.uint8).reshape(-1, *shape)


def _pixels(w, shape):
    """How many rows of w are pixels."""
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(f"weights_to_images: shape must be (H, W, channels), each at least 1, got {tuple(shape)}")
    D = shape[0] * shape[1] * shape[2]
    if w.shape[0] not in (D, D + 1):
        raise ValueError(f"weights_to_images: w must have {D} rows, or one more of biases, got shape {tuple(w.shape)}")
    return D
