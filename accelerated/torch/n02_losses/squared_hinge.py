"""`F.multi_margin_loss` with p=2, which divides by the number of classes."""

import torch.nn.functional as F


def squared_hinge_forward(scores, y, *, delta=1.0, reduction="mean"):
    if reduction == "mean" and len(y) == 0:
        raise ValueError("squared_hinge_forward: y must hold at least one label: the mean of no rows is undefined")
    if reduction == "sum" and len(y) == 0:  # PyTorch's is a number that nobody set
        return scores.sum()
    return scores.shape[1] * F.multi_margin_loss(scores, y.long(), p=2, margin=delta, reduction=reduction)
