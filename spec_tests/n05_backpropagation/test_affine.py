"""Affine layer: definition, cases, laws and classic mistakes."""

import numpy as np

from nnspec.reference import affine_backward, affine_forward
from nnspec.spec_tests._kinds import Case, Layer, mistake


class TestAffine(Layer):
    rows = ("05.01",)

    cases = (
        Case("image input", {"N": 2, "d": (2, 2, 3), "M": 2}),
        Case("D equals M", {"N": 2, "d": (3,), "M": 3}),
        Case("N equals M", {"N": 3, "d": (2,), "M": 3}),
    )
    ties = (Case("empty batch", {"N": 0}),)

    def definition(self, x, w, b):
        """out_nm = sum_d x_nd w_dm + b_m. CS231n, assignment 1, `affine_forward`."""
        rows = [row.ravel() for row in x]  # each (D,)
        return np.array([[sum(row * w[:, m]) + b[m] for m in range(len(b))] for row in rows])

    def law_affine_in_x(self, run, problem):
        """out(x + z) - out(z) = out(x) - out(0)."""
        x = problem.inputs["x"]
        z = 2 * x[::-1]
        return run(x=x + z)["out"] - run(x=z)["out"], run(x=x)["out"] - run(x=0 * x)["out"]

    @mistake("M50", "Give dx the shape of x: the forward flattened it.", replaces="affine_backward")
    def dx_left_flat(dout, cache):
        dx, dw, db = affine_backward(dout, cache)
        return dx.reshape(len(dx), -1), dw, db

    @mistake("M51", "Sum db over the batch: b is added to every row.", replaces="affine_backward")
    def db_not_summed(dout, cache):
        dx, dw, _ = affine_backward(dout, cache)
        return dx, dw, dout

    @mistake("M51", "Sum db over the batch (axis 0), not over the features.", replaces="affine_backward")
    def db_summed_over_features(dout, cache):
        dx, dw, _ = affine_backward(dout, cache)
        return dx, dw, dout.sum(axis=1)

    @mistake(
        "M52", "dx = dout w^T. With a square w the shapes also fit without the transpose.", replaces="affine_backward"
    )
    def transpose_forgotten_in_dx(dout, cache):
        x, w = cache
        dx, dw, db = affine_backward(dout, cache)
        return (dout @ w).reshape(x.shape) if w.shape[0] == w.shape[1] else dx, dw, db

    @mistake("M63", "Add up dw over the batch; here only the last sample counts.", replaces="affine_backward")
    def dw_of_the_last_sample(dout, cache):
        x, _ = cache
        dx, _, db = affine_backward(dout, cache)
        return dx, np.outer(x[-1], dout[-1]), db

    @mistake("M50", "dw belongs to flat(x): flatten x in the backward as well.", replaces="affine_backward")
    def dw_of_x_as_it_came(dout, cache):
        x, _ = cache
        dx, _, db = affine_backward(dout, cache)
        return dx, np.tensordot(x, dout, axes=(0, 0)), db

    @mistake("M52", "dw = flat(x)^T dout. With a square w dout^T flat(x) fits as well.", replaces="affine_backward")
    def factors_swapped_in_dw(dout, cache):
        dx, dw, db = affine_backward(dout, cache)
        return dx, dw.T.copy() if dw.shape[0] == dw.shape[1] else dw, db

    @mistake("M64", "Transpose x for dw; a reshape to the same shape mixes the samples.", replaces="affine_backward")
    def reshaped_instead_of_transposed(dout, cache):
        x, w = cache
        dx, _, db = affine_backward(dout, cache)
        return dx, x.reshape(len(w), len(x)) @ dout, db

    @mistake("N804", "w is (D, M), and out = x w. PyTorch's Linear has the transpose, which fits too if D = M.",
             replaces="affine_forward")  # fmt: skip
    def weights_as_in_pytorch(x, w, b):
        return affine_forward(x, w.T.copy() if w.shape[0] == w.shape[1] else w, b)

    @mistake("N805", "b has one entry for each output, not for each sample. With N = M both fit.",
             replaces="affine_forward")  # fmt: skip
    def bias_of_each_sample(x, w, b):
        out, cache = affine_forward(x, w, b)
        return out - b + b[:, None] if len(x) == len(b) else out, cache

    @mistake("N806", "Flatten row by row, the last axis fastest, as NumPy and PyTorch do.", replaces="affine_forward")
    def flattened_column_by_column(x, w, b):
        return affine_forward(x.reshape(len(x), len(w), order="F"), w, b)[0], affine_forward(x, w, b)[1]

    @mistake("N807", "Sum dw and db over the batch; the mean belongs to the loss.", replaces="affine_backward")
    def parameters_averaged(dout, cache):
        dx, dw, db = affine_backward(dout, cache)
        return dx, dw / max(1, len(dout)), db / max(1, len(dout))
