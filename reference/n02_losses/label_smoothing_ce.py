"""Label smoothing. Szegedy et al. 2016, section 7; Vaswani et al. 2017, section 5.4.

    t_nc = (1 - eps) [c = y_n] + eps / C        loss_n = -sum_c t_nc log p_nc        ds = (p - t) dloss

scores (N, C)    y (N,) labels 0 … C-1    loss: a scalar, or (N,) with reduction="none"    p = softmax(scores)

eps is shared by all C classes, the label's among them, as in PyTorch: that keeps 1 - eps + eps / C. With eps = 0 it is
the softmax cross-entropy, and with eps = 1 the label does not matter.

A block: it is written once, and `ops` is the implementation of its parts (None: the reference).
"""

from typing import Literal

from nnspec.shapes import Array, Float, Labels


def label_smoothing_ce_forward(
    scores: Float[Array, "N C"],
    y: Labels["N", "C"],
    *,
    eps: float = 0.1,
    reduction: Literal["mean", "sum", "none"] = "mean",
    ops=None,
):
    if ops is None:
        from nnspec import reference as ops
    if not 0 <= eps <= 1:
        raise ValueError(f"label_smoothing_ce_forward: eps must lie in [0, 1], got {eps}")
    classes = scores.shape[1]
    onehot = ops.one_hot(y, classes).astype(scores.dtype)  # (N, C)
    t = (1 - eps) * onehot + eps / classes  # (N, C)
    loss, cache = ops.soft_cross_entropy_forward(scores, t, reduction=reduction)
    return loss, (ops, cache)


def label_smoothing_ce_backward(dloss, cache):
    ops, soft_cache = cache
    return ops.soft_cross_entropy_backward(dloss, soft_cache)
