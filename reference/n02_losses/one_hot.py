"""One-hot encoding of labels. Bishop 2006, sec. 4.1.2, the 1-of-K scheme.

    out_c = 1 where c = y, else 0

y: any shape, labels 0 … n_classes - 1    out: the shape of y, with an axis of n_classes behind it

A label out of range is refused: counted from the end, -1 would be the last class.
"""

from typing import Literal

import numpy as np

from nnspec.reference.n02_losses._labels import require_labels
from nnspec.shapes import Array, Between, Int


def one_hot(y: Int[Array, "*shape"], n_classes: Between[1, None], *, dtype: Literal["float64", "float32"] = "float64"):
    require_labels("one_hot", y, n_classes)
    return (y[..., None] == np.arange(n_classes)).astype(dtype)
