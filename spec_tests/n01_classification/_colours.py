"""Colours and their hues."""

from fractions import Fraction

import numpy as np

WHEEL = [[255, 0, 0], [255, 255, 0], [0, 255, 0], [0, 255, 255], [0, 0, 255], [255, 0, 255]]


def hue(r, g, b):
    """From 0 to 1, exactly. Smith 1978."""
    largest, smallest = max(r, g, b), min(r, g, b)
    if largest == smallest:
        return Fraction(0)
    ahead = {r: (g - b, 0), g: (b - r, 2), b: (r - g, 4)}
    of, sixths = ahead[r] if largest == r else ahead[g] if largest == g else ahead[b]
    return (Fraction(of) / (largest - smallest) + sixths) / 6 % 1


def colours(nbin=10):
    """Draws images none of whose hues lies on the edge of a bin, where the last digit decides."""

    def draw(rng, shape):
        im = rng.integers(0, 256, shape).astype(np.uint8)
        for pixel in im.reshape(-1, 3):
            while (place := nbin * hue(*map(int, pixel))) == int(place):
                pixel[:] = rng.integers(0, 256, 3)
        return im

    return draw


def next_to_edges(nbin=10, off=1e-4):
    """Draws shares of light whose hues lie that part of a bin beside the edge of one, now above it, now below."""

    def draw(rng, shape):
        im = np.empty(shape)
        for i, pixel in enumerate(im.reshape(-1, 3)):
            sixths = (i % nbin + (off if i % 2 else 1 - off)) * 6 / nbin
            low, spread = rng.uniform(0, 0.4), rng.uniform(0.3, 0.6)
            shares = [abs((sixths - ahead) % 6 - 3) - 1 for ahead in (0, 2, 4)]  # 2 at the colour itself, -1 opposite
            pixel[:] = [low + spread * min(max(share, 0), 1) for share in shares]
        return im

    return draw
