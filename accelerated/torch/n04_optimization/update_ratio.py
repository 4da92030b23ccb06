"""Two norms."""

import torch


def update_ratio(w, w_new):
    return torch.linalg.vector_norm(w_new - w) / torch.linalg.vector_norm(w)
