"""The bias trick: a one at the end of every sample, and the bias as the last row of the weights. CS231n notes "Linear
classification"; assignment 1, `softmax.ipynb`.

    [x, 1] [w; b] = x w + b

x (N, D)    append_ones(x) (N, D + 1)    w (D, C)    b (C,)    fold_bias(w, b) (D + 1, C)

So a classifier has one array of parameters. Whoever penalizes it should leave out its last row.
"""

import numpy as np

from nnspec.shapes import Array, Float


def append_ones(x: Float[Array, "N D"]):
    """(N, D + 1): the ones stand in the last column."""
    return np.concatenate([x, np.ones((len(x), 1), x.dtype)], axis=1)


def append_ones_backward(dout: Float[Array, "N (D+1)"], x: Float[Array, "N D"]):
    """dx: the ones have no gradient."""
    return dout[:, : x.shape[1]].copy()


def fold_bias(w: Float[Array, "D C"], b: Float[Array, "C"]):
    """(D + 1, C): the bias is the last row."""
    return np.concatenate([w, b[None]])
