"""Affine (fully connected) layer. CS231n, assignment 1, `layers.py`; notes "Optimization-2", vectorized operations.

    out_nm = sum_d flat(x)_nd w_dm + b_m

x (N, d1, …, dk)    flat(x) (N, D) with D = d1 … dk    w (D, M)    b (M,)    out (N, M)

Each sample is a row. The weights are (D, M), so that out = x w + b; PyTorch's Linear stores the transpose.
"""

from nnspec.shapes import Array, Float


def affine_forward(x: Float[Array, "N *d"], w: Float[Array, "prod(d) M"], b: Float[Array, "M"]):
    flat = x.reshape(len(x), len(w))  # (N, D)
    return flat @ w + b, (x, w)  # (N, M)


def affine_backward(dout, cache):
    x, w = cache
    flat = x.reshape(len(x), len(w))  # (N, D)
    dx = (dout @ w.T).reshape(x.shape)  # (N, d1, …, dk)
    dw = flat.T @ dout  # (D, M) every sample adds its outer product
    db = dout.sum(axis=0)  # (M,)
    return dx, dw, db
