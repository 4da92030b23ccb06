"""`torch.dot`: the squares need no memory."""

import torch


def l2_penalty(w, lam, *, half=False):
    w = w.flatten()
    return (lam / 2 if half else lam) * torch.dot(w, w)
