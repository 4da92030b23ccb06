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

    def law_never_negative(self, run, problem):
        """out is a ReLU's: its size is itself."""
        out = run()["out"]
        return abs(out), out

    cases = (
        Case("image input", {"N": 2, "d": (2, 2, 3), "M": 2}),
        Case("D equals M", {"N": 2, "d": (3,), "M": 3}),
    )
    ties = (
        Case("a of 0", inputs={"x": lambda rng, shape: np.zeros(shape), "b": lambda rng, shape: np.zeros(shape)}),
        Case("empty batch", N=0),
    )

    @mistake("M53", replaces="affine_relu_backward")
    def mask_from_out(dout, cache):
        """Mask by the input of the ReLU, a > 0; out >= 0 holds everywhere."""
        _, affine_cache, _ = cache
        return affine_backward(dout, affine_cache)

    @mistake("M53", replaces="affine_relu_backward")
    def mask_from_dout(dout, cache):
        """Mask by a > 0; the sign of dout says nothing about it."""
        _, affine_cache, _ = cache
        return affine_backward(dout * (dout > 0), affine_cache)

    @mistake("M53", replaces="affine_relu_backward")
    def dout_changed_in_place(dout, cache):
        """Write a new array: the caller still needs dout."""
        _, affine_cache, relu_cache = cache
        dout[:] = relu_backward(dout, relu_cache)
        return affine_backward(dout, affine_cache)

    @mistake("M50", replaces="affine_relu_backward")
    def dx_left_flat(dout, cache):
        """Give dx the shape of x: the forward flattened it."""
        dx, dw, db = affine_relu_backward(dout, cache)
        return dx.reshape(len(dx), -1), dw, db

    @mistake("N826", replaces="affine_relu_forward")
    def relu_of_x(x, w, b):
        """The ReLU comes last: out = max(0, x w + b)."""
        return affine_forward(np.maximum(x, 0), w, b)[0], affine_relu_forward(x, w, b)[1]

    @mistake("N826", replaces="affine_relu_backward")
    def gradients_of_the_affine_layer_unmasked(dout, cache):
        """Take back the ReLU first, then the affine layer: the reverse of the forward."""
        _, affine_cache, _ = cache
        dx, _, _ = affine_relu_backward(dout, cache)
        _, dw, db = affine_backward(dout, affine_cache)
        return dx, dw, db

    @variant(
        "slope 1 at 0",
        source="Goodfellow et al. 2016, section 6.3: software returns one of the one-sided derivatives",
        replaces="affine_relu_backward",
    )
    def slope_1_at_0(dout, cache):
        """At the kink the derivative from the right is taken."""
        _, affine_cache, (a,) = cache
        return affine_backward(dout * (a >= 0), affine_cache)
