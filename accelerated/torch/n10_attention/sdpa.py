"""`F.scaled_dot_product_attention`."""

import torch.nn.functional as F


def sdpa_forward(q, k, v, *, mask=None, scale=None):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scale)
