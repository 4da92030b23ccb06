"""Decay of the rate where learning stops. CS231n notes "Neural networks", part 3; PyTorch, `ReduceLROnPlateau`.

    better: metric < best (1 - threshold)
    after more than `patience` epochs in a row that are not: lr = max(lr factor, lr_min)

lr: the rate to begin with    what comes out: a function of the metric of each epoch, which says the next one's rate

The metric is one to be low, such as the loss on the validation set. NaN is never better. After a drop the count begins
again; best stays what it was.
"""

import math

from nnspec.shapes import Between


def plateau(
    lr: float, *, factor: float = 0.1, patience: Between[0, None] = 10, threshold: float = 1e-4, lr_min: float = 0.0
):
    if not 0 < factor < 1:
        raise ValueError(f"plateau: factor must lie between 0 and 1, got {factor}")
    best, waited = math.inf, 0

    def after(metric):
        nonlocal lr, best, waited
        better = metric < best * (1 - threshold)
        best, waited = (metric, 0) if better else (best, waited + 1)
        if waited > patience:
            lr, waited = max(lr * factor, lr_min), 0
        return lr

    return after
