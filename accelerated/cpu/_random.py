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
