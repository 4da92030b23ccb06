"""How large a step is beside the weights. CS231n notes "Neural networks", part 3, "Ratio of weights:updates".

    out = |w_new - w| / |w|        |…| the root of the sum of squares over all entries

w, w_new: one shape, before and after a step of any rule    out: a number, of which about 1e-3 is healthy

Weights that are all 0 have no size: the ratio is infinite, or NaN if they have not moved either. It is the step that is
looked at, with learning rate and momentum, and not the gradient.
"""

import numpy as np

from nnspec.shapes import Array, Float


def update_ratio(w: Float[Array, "*shape"], w_new: Float[Array, "*shape"]):
    step = w_new - w
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt((step * step).sum()) / np.sqrt((w * w).sum())
