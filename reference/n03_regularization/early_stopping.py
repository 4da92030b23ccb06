"""Early stopping. Goodfellow, Bengio and Courville 2016, algorithm 7.1; CS231n notes "Neural networks", part 3; Keras,
`EarlyStopping`.

    better: metric > best + min_delta, or metric < best - min_delta with mode="min"
    stop:   `patience` epochs in a row were not better

what comes out: a function of the metric of each epoch, from 0 on, which says (stop, best_epoch)

The metric is of the validation set: an accuracy is to be high, a loss low. The first epoch is better than none; of
equal ones the first stays best; NaN is never better. Keep the weights of best_epoch: those of the last one are
`patience` epochs past it.
"""

import math
from typing import Literal

from nnspec.shapes import Between


def early_stopping(*, patience: Between[1, None] = 10, min_delta: float = 0.0, mode: Literal["max", "min"] = "max"):
    """best_epoch is None as long as every metric was NaN."""
    if not min_delta >= 0:
        raise ValueError(f"early_stopping: min_delta must be at least 0, got {min_delta}")
    sign = 1 if mode == "max" else -1
    epoch, best, best_epoch, waited = -1, -math.inf, None, 0

    def after(metric):
        nonlocal epoch, best, best_epoch, waited
        epoch += 1
        if sign * metric > best + min_delta:
            best, best_epoch, waited = sign * metric, epoch, 0
        else:
            waited += 1
        return waited >= patience, best_epoch

    return after
