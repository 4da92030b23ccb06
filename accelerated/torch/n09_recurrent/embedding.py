"""`F.embedding`."""

import torch.nn.functional as F


def embedding_forward(ids, w, *, padding_idx=None):
    return F.embedding(ids.long(), w, padding_idx=padding_idx)
