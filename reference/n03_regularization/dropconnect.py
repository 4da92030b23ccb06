"""DropConnect: an affine layer that drops weights, not units. Wan et al. 2013, ICML, section 3; CS231n notes "Neural
networks", part 2.

    out = x (w / keep where mask, else 0) + b        in training, as mask is true with probability keep
    out = x w + b                                    in evaluation

x (N, D)    w (D, M)    b (M,)    out (N, M)    mask (D, M), or (N, D, M) with weights of its own for each sample

`keep` is the probability of keeping a weight; the bias is kept. Training divides by keep, as inverted dropout does, so
that the mean of out is what evaluation gives; the paper draws from a normal distribution there instead. The mask (True
= kept) is given, or drawn as rng.random((D, M)) < keep: one for the batch. The paper's is another one for each sample,
N times as large as w, and has to be given.

A block: `dropout` of the weights, and `affine`, or for each sample `matmul`, of `ops` (None: the reference).
"""

import numpy as np

from nnspec.shapes import Array, Bool, Float


def dropconnect_forward(
    x: Float[Array, "N D"],
    w: Float[Array, "D M"],
    b: Float[Array, "M"],
    *,
    keep: float,
    train: bool = True,
    mask: Bool[Array, "*each D M"] | None = None,
    rng: np.random.Generator | None = None,
    ops=None,
):
    if ops is None:
        from nnspec import reference as ops
    if mask is not None and mask.shape[:-2] not in ((), (len(x),)):
        raise ValueError(f"dropconnect_forward: mask must be (D, M) or (N, D, M), got shape {mask.shape}")
    if mask is None and train:
        if rng is None:
            raise ValueError("dropconnect_forward: mask or rng must be given in training, got neither")
        mask = rng.random(w.shape) < keep
    if mask is None or mask.ndim == 2 or not train:
        kept, dropout_cache = ops.dropout_forward(w, keep=keep, train=train, mask=mask if train else None)  # (D, M)
        out, cache = ops.affine_forward(x, kept, b)
        return out, (ops, dropout_cache, cache, False)
    each = np.broadcast_to(w, mask.shape)  # (N, D, M)
    kept, dropout_cache = ops.dropout_forward(each, keep=keep, mask=mask)
    out, cache = ops.matmul_forward(x[:, None], kept)  # (N, 1, M)
    return out[:, 0] + b, (ops, dropout_cache, cache, True)


def dropconnect_backward(dout, cache):
    ops, dropout_cache, product_cache, each = cache
    if not each:
        dx, dkept, db = ops.affine_backward(dout, product_cache)
        return dx, ops.dropout_backward(dkept, dropout_cache), db
    dx, dkept = ops.matmul_backward(dout[:, None], product_cache)  # (N, 1, D), (N, D, M)
    return dx[:, 0], ops.dropout_backward(dkept, dropout_cache).sum(axis=0), dout.sum(axis=0)
