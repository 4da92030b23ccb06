"""NumPy's own loops: a comparison an entry, on bytes, leaves a kernel nothing to gain."""

import numpy as np


def padding_mask(lengths, Tk):
    return np.less(np.arange(Tk), lengths[:, None])[:, None, None]


def combine_masks(mask, other):
    try:
        return np.logical_and(mask, other)
    except ValueError as error:
        raise ValueError(f"combine_masks: other must broadcast with mask: {error}") from None
