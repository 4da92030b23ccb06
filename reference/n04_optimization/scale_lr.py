"""The learning rate of a larger batch. Goyal et al. 2017, arXiv:1706.02677, sec. 2.1; Krizhevsky 2014, arXiv:1404.5997.

    linear         lr batch / base_batch             k small steps of plain descent go as far as one large one
    square root    lr sqrt(batch / base_batch)       the noise of the step stays what it is; usual with Adam

lr: the rate that is good for base_batch    The linear rule needs a `warmup`, and fails for very large batches.
"""

import math
from typing import Literal

from nnspec.shapes import Between


def scale_lr(
    lr: float,
    batch: Between[1, None],
    base_batch: Between[1, None],
    *,
    rule: Literal["linear", "sqrt"] = "linear",
):
    ratio = batch / base_batch
    return lr * (ratio if rule == "linear" else math.sqrt(ratio))
