"""Affine layer and ReLU in one. CS231n, assignment 1, `layer_utils.py`.

    a = flat(x) w + b        out = max(0, a)
    da = dout [a > 0]        dx = da w^T        dw = flat(x)^T da        db = sum_n da_n

x (N, d1, …, dk)    w (D, M) with D = d1 … dk    b (M,)    a, out (N, M)

A block: it is written once, and `ops` is the implementation of its parts (None: the reference). The mask of the ReLU is
where a is positive, which its own cache knows; gradients go back in the reverse order of the layers.
"""

from nnspec.shapes import Array, Float


def affine_relu_forward(x: Float[Array, "N *d"], w: Float[Array, "prod(d) M"], b: Float[Array, "M"], *, ops=None):
    if ops is None:
        from nnspec import reference as ops
    a, affine_cache = ops.affine_forward(x, w, b)  # (N, M)
    out, relu_cache = ops.relu_forward(a)  # (N, M)
    return out, (ops, affine_cache, relu_cache)


def affine_relu_backward(dout, cache):
    ops, affine_cache, relu_cache = cache
    da = ops.relu_backward(dout, relu_cache)  # (N, M)
    return ops.affine_backward(da, affine_cache)
