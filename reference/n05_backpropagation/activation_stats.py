"""Statistics of a layer's activations: whether it is alive. CS231n notes "Neural networks part 3", activation and
gradient distributions per layer; Glorot and Bengio 2010, section 3.

    mean, std     of all activations
    zeros         the share of them that are exactly 0: what a ReLU has cut
    saturated     the share with |h| >= bound: where a tanh has no slope
    dead          the share of units that are 0 for every sample: ReLUs that no longer learn
    nans          the share of NaN, which nothing else counts

h (N, …): samples, and units of any axes    std: divided by the number, not one less

Where every activation is NaN, mean and std are NaN as well. There must be an activation to look at.
"""

import numpy as np

from nnspec.shapes import Array, Float


def activation_stats(h: Float[Array, "N *units"], *, bound: float = 0.99):
    """mean, std, zeros, saturated, dead, nans: six numbers of the dtype of h."""
    if h.size == 0:
        raise ValueError(f"activation_stats: h must hold at least one activation, got shape {h.shape}")
    known = ~np.isnan(h)  # (N, …)
    n = known.sum()
    told = h[known]
    mean = told.sum() / h.dtype.type(n) if n else h.dtype.type(np.nan)
    std = np.sqrt(((told - mean) ** 2).sum() / h.dtype.type(n)) if n else h.dtype.type(np.nan)
    dead = (h == 0).all(axis=0)  # (…)
    shares = (h == 0).mean(), (abs(h) >= bound).mean(), dead.mean(), 1 - known.mean()
    return mean, std, *map(h.dtype.type, shares)
