"""`torch.cdist`, `topk` and `scatter_add_`. cdist takes a matrix product from 26 points on, unless told otherwise. Of
equal distances topk takes any: rows that hold some are sorted."""

import torch


def l1_distance(xq, xt):
    return torch.cdist(*_floating(xq, xt), p=1)


def l2_distance(xq, xt, *, squared=False):
    d = torch.cdist(*_floating(xq, xt))
    return d.square() if squared else d


def l2_distance_gemm(xq, xt, *, squared=False):
    d = torch.cdist(*_floating(xq, xt), compute_mode="use_mm_for_euclid_dist")
    return d.square() if squared else d


def knn_indices(d, k):
    if d.isnan().any():
        raise ValueError("knn_indices: d must not hold NaN: it has no place in an order")
    nearest, idx = d.topk(min(k + 1, d.shape[1]), largest=False)  # one more, for a tie that k cuts through
    idx = idx[:, :k].contiguous()
    tied = (nearest[:, 1:] == nearest[:, :-1]).any(dim=1)
    if tied.any():
        idx[tied] = d[tied].argsort(dim=1, stable=True)[:, :k]
    return idx


def knn_vote(labels, *, n_classes=None):
    if labels.shape[1] == 0:
        raise ValueError(f"knn_vote: labels must hold at least one vote a row, got shape {tuple(labels.shape)}")
    labels = labels.long()
    low, high = map(int, labels.aminmax()) if labels.numel() else (0, 0)
    n_classes = high + 1 if n_classes is None else n_classes
    if low < 0 or high >= n_classes:
        raise ValueError(f"knn_vote: labels must lie in 0 … {n_classes - 1}, got {low} … {high}")
    counts = labels.new_zeros(len(labels), n_classes).scatter_add_(1, labels, torch.ones_like(labels))
    top, y = counts.max(dim=1, keepdim=True)
    return y[:, 0], counts, (counts == top).sum(dim=1) > 1


def _floating(xq, xt):
    """Integers as float64, floats as they are."""
    return [x if x.is_floating_point() else x.double() for x in (xq, xt)]
