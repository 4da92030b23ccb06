"""Affine layer and ReLU in one: definition, cases, a law and classic mistakes."""

import numpy as np

from nnspec.reference import affine_backward, affine_forward, affine_relu_backward, affine_relu_forward, relu_backward
from nnspec.spec_tests._kinds import Case, Layer, mistake, variant
from nnspec.spec_tests._truth import named, where_positive


class TestAffineRelu(Layer):
    rows = ("05.18",)

    def definition(self, x, w, b):
        """out_nm = max(0, sum_d x_nd w_dm + b_m). CS231n, assignment 1, `affine_relu_forward`."""
        a = named(np.array([row.ravel() for row in x]) @ w + b)
        return where_positive(a, a)

    cases = (
        Case("image input", {"N": 2, "d": (2, 2, 3), "M": 2}),
        Case("D equals M", {"N": 2, "d": (3,), "M": 3}),
    )
    ties = (
        Case("a of 0", inputs={"x": lambda rng, shape: np.zeros(shape), "b": lambda rng, shape: np.zeros(shape)}),
        Case("empty batch", {"N": 0}),
    )

    def law_never_negative(self, run, problem):
        """out is a ReLU's: its size is itself."""
        out = run()["out"]
        return abs(out), out

    @mistake("M53", "Mask by the input of the ReLU, a > 0; out >= 0 holds everywhere.", replaces="affine_relu_backward")
    def mask_from_out(dout, cache):
        _, affine_cache, _ = cache
        return affine_backward(dout, affine_cache)

    @mistake("M53", "Mask by a > 0; the sign of dout says nothing about it.", replaces="affine_relu_backward")
    def mask_from_dout(dout, cache):
        _, affine_cache, _ = cache
        return affine_backward(dout * (dout > 0), affine_cache)

    @mistake("M53", "Write a new array: the caller still needs dout.", replaces="affine_relu_backward")
    def dout_changed_in_place(dout, cache):
        _, affine_cache, relu_cache = cache
        dout[:] = relu_backward(dout, relu_cache)
        return affine_backward(dout, affine_cache)

    @mistake("M50", "Give dx the shape of x: the forward flattened it.", replaces="affine_relu_backward")
    def dx_left_flat(dout, cache):
        dx, dw, db = affine_relu_backward(dout, cache)
        return dx.reshape(len(dx), -1), dw, db

    @mistake("N826", "The ReLU comes last: out = max(0, x w + b).", replaces="affine_relu_forward")
    def relu_of_x(x, w, b):
        return affine_forward(np.maximum(x, 0), w, b)[0], affine_relu_forward(x, w, b)[1]

    @mistake("N826", "Take back the ReLU first, then the affine layer: the reverse of the forward.",
             replaces="affine_relu_backward")  # fmt: skip
    def gradients_of_the_affine_layer_unmasked(dout, cache):
        _, affine_cache, _ = cache
        dx, _, _ = affine_relu_backward(dout, cache)
        _, dw, db = affine_backward(dout, affine_cache)
        return dx, dw, db

    @variant("slope 1 at 0", "At the kink the derivative from the right is taken.",
             source="Goodfellow et al. 2016, section 6.3: software returns one of the one-sided derivatives",
             replaces="affine_relu_backward")  # fmt: skip
    def slope_1_at_0(dout, cache):
        _, affine_cache, (a,) = cache
        return affine_backward(dout * (a >= 0), affine_cache)
