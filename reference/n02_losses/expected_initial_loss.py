"""What a classifier loses before it has learned. CS231n notes "Neural networks", part 3, sanity checks.

    softmax    log C                            every class has probability 1 / C
    svm        (C - 1) max(0, delta)            every wrong class is within the margin
    bce        log 2                            each of C yes or no questions is a toss of a coin

C: number of classes    delta: the margin, of the SVM alone    what comes out: a float, the mean over samples

Small initial weights make scores that are nearly equal, and then the loss is this, whatever the labels are. It is the
part of the data: of a regularized loss take the penalty away first. A first loss that differs tells of an
initialization that is too large, or of a loss that is not what it is called.
"""

import math
from typing import Literal

from nnspec.shapes import Between


def expected_initial_loss(kind: Literal["softmax", "svm", "bce"], C: Between[1, None], *, delta: float = 1.0):
    """The mean loss of C equal scores."""
    if math.isnan(delta):
        raise ValueError("expected_initial_loss: delta must be a number, got NaN")
    return {"softmax": math.log(C), "svm": (C - 1) * max(0.0, delta), "bce": math.log(2)}[kind]
