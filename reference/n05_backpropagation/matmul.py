"""Batched matrix product. CS231n notes "Optimization-2", gradients for vectorized operations.

    out_nm = sum_k a_nk b_km        da = dout b^T        db = a^T dout

a (…, N, K)    b (…, K, M)    out (…, N, M)

Each matrix of the batch, which is the axes in front, is a product by itself. The axes in front broadcast: what is
missing or of size 1 serves all of the others, and its gradient is the sum over them.
"""

from nnspec.shapes import Array, Float


def matmul_forward(a: Float[Array, "*#batch N K"], b: Float[Array, "*#batch K M"]):
    return a @ b, (a, b)  # (…, N, M)


def matmul_backward(dout, cache):
    a, b = cache
    da = dout @ b.swapaxes(-1, -2)  # (…, N, K)
    db = a.swapaxes(-1, -2) @ dout  # (…, K, M)
    return _summed_to(a.shape, da), _summed_to(b.shape, db)


def _summed_to(shape, gradient):
    """The sum over the axes along which an array of that shape was broadcast."""
    missing = gradient.ndim - len(shape)
    summed = gradient.sum(axis=tuple(range(missing)))
    return summed.sum(axis=tuple(i for i, size in enumerate(shape) if size == 1), keepdims=True)
