"""`torch.linalg.vector_norm`, squared: forward and backward read w once each."""

import torch


def l2_penalty(w, lam, *, half=False):
    return (lam / 2 if half else lam) * torch.linalg.vector_norm(w).square()
