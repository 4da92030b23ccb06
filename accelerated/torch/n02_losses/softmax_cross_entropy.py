"""`F.cross_entropy`."""

import torch.nn.functional as F

NO_LABEL = -100  # PyTorch's own ignore_index


def softmax_cross_entropy_forward(scores, y, *, reduction="mean", ignore_index=None, weight=None):
    ignore_index = NO_LABEL if ignore_index is None else ignore_index
    loss = F.cross_entropy(scores, y.long(), weight, ignore_index=ignore_index, reduction=reduction)
    if reduction == "mean" and loss.isnan() and not (y != ignore_index).any():
        raise ValueError(f"softmax_cross_entropy_forward: no row of y counts, out of {len(y)}: the mean is undefined")
    return loss
