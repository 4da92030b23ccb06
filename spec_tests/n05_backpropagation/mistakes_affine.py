"""Classic mistakes of the affine layer."""

import numpy as np

from nnspec.reference import affine_backward, affine_forward
from nnspec.spec_tests._known import mistake


class MistakesOfAffine:
    @mistake("M50", replaces="affine_backward")
    def dx_left_flat(dout, cache):
        """Give dx the shape of x: the forward flattened it."""
        dx, dw, db = affine_backward(dout, cache)
        return dx.reshape(len(dx), -1), dw, db

    @mistake("M51", replaces="affine_backward")
    def db_not_summed(dout, cache):
        """Sum db over the batch: b is added to every row."""
        dx, dw, _ = affine_backward(dout, cache)
        return dx, dw, dout

    @mistake("M51", replaces="affine_backward")
    def db_summed_over_features(dout, cache):
        """Sum db over the batch (axis 0), not over the features."""
        dx, dw, _ = affine_backward(dout, cache)
        return dx, dw, dout.sum(axis=1)

    @mistake("M52", replaces="affine_backward")
    def transpose_forgotten_in_dx(dout, cache):
        """dx = dout w^T. With a square w the shapes also fit without the transpose."""
        x, w = cache
        dx, dw, db = affine_backward(dout, cache)
        return (dout @ w).reshape(x.shape) if w.shape[0] == w.shape[1] else dx, dw, db

    @mistake("M63", replaces="affine_backward")
    def dw_of_the_last_sample(dout, cache):
        """Add up dw over the batch; here only the last sample counts."""
        x, _ = cache
        dx, _, db = affine_backward(dout, cache)
        return dx, np.outer(x[-1], dout[-1]), db

    @mistake("M50", replaces="affine_backward")
    def dw_of_x_as_it_came(dout, cache):
        """dw belongs to flat(x): flatten x in the backward as well."""
        x, _ = cache
        dx, _, db = affine_backward(dout, cache)
        return dx, np.tensordot(x, dout, axes=(0, 0)), db

    @mistake("M52", replaces="affine_backward")
    def factors_swapped_in_dw(dout, cache):
        """dw = flat(x)^T dout. With a square w dout^T flat(x) fits as well."""
        dx, dw, db = affine_backward(dout, cache)
        return dx, dw.T.copy() if dw.shape[0] == dw.shape[1] else dw, db

    @mistake("M64", replaces="affine_backward")
    def reshaped_instead_of_transposed(dout, cache):
        """Transpose x for dw; a reshape to the same shape mixes the samples."""
        x, w = cache
        dx, _, db = affine_backward(dout, cache)
        return dx, x.reshape(len(w), len(x)) @ dout, db

    @mistake("N804", replaces="affine_forward")
    def weights_as_in_pytorch(x, w, b):
        """w is (D, M), and out = x w. PyTorch's Linear has the transpose, which fits too if D = M."""
        return affine_forward(x, w.T.copy() if w.shape[0] == w.shape[1] else w, b)

    @mistake("N805", replaces="affine_forward")
    def bias_of_each_sample(x, w, b):
        """b has one entry for each output, not for each sample. With N = M both fit."""
        out, cache = affine_forward(x, w, b)
        return out - b + b[:, None] if len(x) == len(b) else out, cache

    @mistake("N806", replaces="affine_forward")
    def flattened_column_by_column(x, w, b):
        """Flatten row by row, the last axis fastest, as NumPy and PyTorch do."""
        return affine_forward(x.reshape(len(x), len(w), order="F"), w, b)[0], affine_forward(x, w, b)[1]

    @mistake("N807", replaces="affine_backward")
    def parameters_averaged(dout, cache):
        """Sum dw and db over the batch; the mean belongs to the loss."""
        dx, dw, db = affine_backward(dout, cache)
        return dx, dw / max(1, len(dout)), db / max(1, len(dout))
