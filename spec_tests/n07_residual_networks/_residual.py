"""Batch normalization in sympy, for blocks that consist of it, and parameters as they are drawn for these."""

import numpy as np

from nnspec.spec_tests._truth import named, sqrt

EPS, MOMENTUM = 1e-5, 0.9


def normalized(a, gamma, beta, running_mean, running_var, train):
    """z, the new running_mean and running_var: each channel by its mean and variance over the batch and the image."""
    mean, var = running_mean, running_var
    if train:
        channels = [a[:, f].ravel() for f in range(a.shape[1])]
        mean = np.array([named(sum(one) / len(one)) for one in channels])
        var = np.array([named(sum((one - m) ** 2) / len(one)) for one, m in zip(channels, mean, strict=True)])
        running_mean = MOMENTUM * running_mean + (1 - MOMENTUM) * mean
        running_var = MOMENTUM * running_var + (1 - MOMENTUM) * var
    std = np.array([named(sqrt(v + EPS)) for v in var])
    across = (slice(None), None, None)
    z = named(gamma[across] * (a - mean[across]) / std[across] + beta[across])
    return z, running_mean, running_var
