"""Draws in pieces that stay in the cache: the same numbers as drawn at once, without their way to memory."""

import numpy as np

PIECE = 1 << 14  # draws at a time, 128 KiB


def drawn_below(rng, shape, p):
    """rng.random(shape) < p."""
    mask = np.empty(shape, np.bool_)
    entries, draws = mask.reshape(-1), np.empty(PIECE)
    for start in range(0, len(entries), PIECE):
        piece = entries[start : start + PIECE]
        np.less(rng.random(out=draws[: len(piece)]), p, out=piece)
    return mask


def drawn_normal(rng, shape, dtype):
    """rng.standard_normal(shape) in that dtype."""
    noise = np.empty(shape, dtype)
    entries, draws = noise.reshape(-1), np.empty(PIECE)
    for start in range(0, len(entries), PIECE):
        piece = entries[start : start + PIECE]
        piece[:] = rng.standard_normal(out=draws[: len(piece)])
    return noise
