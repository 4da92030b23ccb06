"""Masks of attention: who may attend to whom. Vaswani et al. 2017, "Attention is all you need", sec. 3.2.3; CS231n,
assignment 3, `torch.tril`.

    causal_mask     allowed_ij = j <= i + Tk - Tq        the last query sees every key, each one before it a key less
    padding_mask    allowed_nj = j < lengths_n           what is filled up behind the end of a sequence is nobody's key
    combine_masks   allowed by both

causal_mask (Tq, Tk)    padding_mask (N, 1, 1, Tk), for scores (N, heads, Tq, Tk)    combined: what both broadcast to

True = may attend, as in `sdpa_forward`, in the course and in PyTorch's `scaled_dot_product_attention`; the opposite of
its `MultiheadAttention`. Tk is Tq, if not given. With Tq < Tk the queries are the last ones of the sequence, as where
earlier keys are kept from the steps before; PyTorch's `is_causal` aligns to the first one.
"""

import numpy as np

from nnspec.shapes import Array, Between, Bool, Labels


def causal_mask(Tq: Between[0, None], Tk: Between[0, None] | None = None):
    if Tk is None:
        Tk = Tq
    return np.tri(Tq, Tk, Tk - Tq, dtype=bool)


def padding_mask(lengths: Labels["N", "Tk + 1"], Tk: Between[0, None]):
    allowed = np.arange(Tk) < lengths[:, None]  # (N, Tk)
    return allowed[:, None, None]  # (N, 1, 1, Tk)


def combine_masks(mask: Bool[Array, "*mask"], other: Bool[Array, "*other"]):
    try:
        return mask & other
    except ValueError:
        shapes = f"{mask.shape}, got {other.shape}"
        raise ValueError(f"combine_masks: other must broadcast with mask, of shape {shapes}") from None
