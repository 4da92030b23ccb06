"""`torch.renorm`, which adds 1e-7 to the norm that it divides by: hence the norm itself, and a product."""

import torch


def max_norm_project(w, c, *, axis=0):
    if not c > 0:
        raise ValueError(f"max_norm_project: c must be above 0, got {c}")
    top = w.abs().amax(dim=axis, keepdim=True) if w.shape[axis] else w.new_zeros(())
    unit = torch.where(top > 0, top, 1)
    norm = top * torch.linalg.vector_norm(w / unit, dim=axis, keepdim=True)
    return w * (c / norm.clamp(min=c))
