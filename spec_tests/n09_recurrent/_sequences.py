"""Inputs and lengths for the cases of recurrent layers."""

import numpy as np


def some_lengths(dims, dtype):
    """T, 0, 1, 2, … steps, and so on: the longest, nothing at all, and what lies between."""
    return (dims["T"] + np.arange(dims["N"])) % (dims["T"] + 1)


def one_step(dims, dtype):
    return np.ones(dims["N"], np.int64)


def large(rng, shape):
    return 1000 * rng.standard_normal(shape)


def tiny(rng, shape):
    return 1e-12 * rng.standard_normal(shape)


def bias_of(gate, value):
    """The bias of one of four gates, counted from 0: 50 opens it for good, -50 shuts it."""
    return lambda rng, shape: value * (np.arange(shape[0]) // (shape[0] // 4) == gate)
