"""Monte-Carlo marginalisation: a random network, averaged. Gal and Ghahramani 2016, arXiv:1506.02142, eq. 6 and 7;
CS231n lectures, regularization at test time.

    y = E_z f(x, z)        mean = 1/n sum_i y_i        var = 1/n sum_i (y_i - mean)^2        y_i = f(x, z_i)

x: any shape    y_i, mean, var: the shape of what f gives    z_i: what f draws in pass i, from rng

network(x, rng) is f, one stochastic pass: a network whose dropout is left on, for instance. Dropout's own rule for test
time, no mask and the expected scale, is a single pass that only approximates the mean over all masks. Here the mean is
estimated itself, the better the larger n, and var tells how much the passes disagree. What f gives should be
probabilities or scores: a mean of class numbers is no class. Every pass has a copy of x and draws anew from rng.

A composite: the mean is `reduce_mean` of `ops` (None: the reference).
"""

from collections.abc import Callable

import numpy as np

from nnspec.shapes import Array, Between, Float


def mc_predict(
    network: Callable, x: Float[Array, "*shape"], n: Between[1, None], *, rng: np.random.Generator, ops=None
):
    """(mean, var) of n passes."""
    if ops is None:
        from nnspec import reference as ops
    passes = [np.array(network(x.copy(), rng)) for _ in range(n)]
    if len({y.shape for y in passes}) > 1 or any(y.dtype.kind != "f" for y in passes):
        raise ValueError("mc_predict: network must return floats, of one shape in every pass")
    y = np.stack(passes)  # (n, …)
    mean, _ = ops.reduce_mean_forward(y, axis=0)
    off = y - mean  # (n, …)
    var, _ = ops.reduce_mean_forward(off * off, axis=0)
    return mean, var
