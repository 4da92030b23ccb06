"""L2 penalty (weight decay). CS231n notes "Linear classification", regularization; assignment 1, `TwoLayerNet`.

    r = lam sum w^2            dw = 2 lam w
    r = lam/2 sum w^2          dw = lam w            with half=True

w, dw: any shape, entry by entry    r: a scalar

The course's linear classifiers use the first form, its networks and PyTorch's `weight_decay` the second. Penalize the
weights, not the biases.
"""

from nnspec.shapes import Array, Float


def l2_penalty(w: Float[Array, "*shape"], lam: float, *, half: bool = False):
    if half:
        lam = lam / 2
    return lam * (w * w).sum(), 2 * lam * w
