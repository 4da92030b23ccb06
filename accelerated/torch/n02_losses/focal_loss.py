"""log_softmax, as PyTorch's users write it; 1 - p by expm1, and to a power only where it is above 0: there autograd
makes NaN of powers below 1."""

import torch
import torch.nn.functional as F


def focal_loss_forward(scores, y, *, gamma=2.0, alpha=None, reduction="mean"):
    if not gamma >= 0:
        raise ValueError(f"focal_loss_forward: gamma must be at least 0, got {gamma}")
    if reduction == "mean" and len(y) == 0:
        raise ValueError("focal_loss_forward: y must hold at least one label: the mean of no rows is undefined")
    y = y.long()
    logp = F.log_softmax(scores, dim=1).gather(1, y[:, None])[:, 0]
    rest = -torch.expm1(logp)
    power = torch.where(rest > 0, torch.where(rest > 0, rest, 1) ** gamma, float(gamma == 0))
    loss = -power * logp if alpha is None else -alpha[y] * power * logp
    return {"none": loss, "sum": loss.sum(), "mean": loss.sum() / max(1, len(y))}[reduction]
