"""`torch.linalg.vector_norm`, of which autograd knows the gradients."""

import torch


def l1_penalty(w, lam):
    return lam * torch.linalg.vector_norm(w, 1)


def elastic_net(w, *, lam1, lam2):
    return lam1 * torch.linalg.vector_norm(w, 1) + lam2 * torch.linalg.vector_norm(w).square()
