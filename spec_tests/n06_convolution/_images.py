"""Images (N, C, H, W) for the cases of pooling."""

import numpy as np


def negative(rng, shape):
    return -1 - rng.random(shape)


def below_any_filler(rng, shape):
    return -1e30 * (1 + rng.random(shape))


def minus_infinity(rng, shape):
    return np.full(shape, -np.inf)


def of_few_values(rng, shape):
    return rng.integers(0, 2, shape)


def one_large_entry(rng, shape):
    """In the middle."""
    x = rng.random(shape)
    x[..., shape[2] // 2, shape[3] // 2] += 2
    return x


def with_an_entry(value, *index):
    def draw(rng, shape):
        x = rng.standard_normal(shape)
        x[(0, 0, *index)] = value
        return x

    return draw
