"""The largest of the wrong classes by `max`, which on the CPU takes the first of equals; relu, as clamp has a gradient
at 0."""

import torch


def crammer_singer_forward(scores, y, *, delta=1.0, reduction="mean"):
    if reduction == "mean" and len(y) == 0:
        raise ValueError("crammer_singer_forward: y must hold at least one label: the mean of no rows is undefined")
    y = y.long()[:, None]
    margins = scores - scores.gather(1, y) + delta
    loss = torch.relu(margins.scatter(1, y, -torch.inf).max(dim=1).values)
    return {"none": loss, "sum": loss.sum(), "mean": loss.sum() / max(1, len(y))}[reduction]
