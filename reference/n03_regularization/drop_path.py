"""Stochastic depth: the residual branch of a whole sample is dropped. Huang et al. 2016, arXiv:1603.09382, eq. 2; timm,
`DropPath`; torchvision, `stochastic_depth`.

    out_n = skip_n + branch_n / keep where mask_n, else skip_n        in training, as mask is true with probability keep
    out = skip + branch                                               in evaluation: the full branch

branch, skip, out (N, …): one shape    mask (N,): True = kept

A sample whose branch is dropped passes the block as if it were not there, and so does its gradient. The paper scales in
evaluation instead, by keep; here training divides by keep, as everybody's code does, so that evaluation is left as it
is. Without a skip out is the branch alone, which is what `DropPath` gives, and what the caller adds. The mask is given,
or drawn as rng.random(N) < keep.

A block: `dropout`, whose mask is the same for all of a sample, and `residual_add` of `ops` (None: the reference).
"""

import numpy as np

from nnspec.shapes import Array, Bool, Float


def drop_path_forward(
    branch: Float[Array, "N *rest"],
    skip: Float[Array, "N *rest"] | None = None,
    *,
    keep: float,
    train: bool = True,
    mask: Bool[Array, "N"] | None = None,
    rng: np.random.Generator | None = None,
    ops=None,
):
    if ops is None:
        from nnspec import reference as ops
    if mask is None and train:
        if rng is None:
            raise ValueError("drop_path_forward: mask or rng must be given in training, got neither")
        mask = rng.random(len(branch)) < keep
    if mask is not None:
        mask = np.broadcast_to(mask.reshape(len(mask), *[1] * (branch.ndim - 1)), branch.shape)  # (N, …)
    kept, cache = ops.dropout_forward(branch, keep=keep, train=train, mask=mask)  # (N, …)
    if skip is None:
        return kept, (ops, cache, None)
    out, sum_cache = ops.residual_add_forward(kept, skip)
    return out, (ops, cache, sum_cache)


def drop_path_backward(dout, cache):
    ops, dropout_cache, sum_cache = cache
    dkept, dskip = (dout, None) if sum_cache is None else ops.residual_add_backward(dout, sum_cache)
    return ops.dropout_backward(dkept, dropout_cache), dskip
