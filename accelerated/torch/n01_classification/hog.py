"""`diff` and `atan2`; cells are an average pooling of each orientation's magnitudes."""

import math

import torch
import torch.nn.functional as F

from nnspec.reference.n01_classification.hog import COMPAT_WEIGHTS, WEIGHTS, _cells, _grey


def hog_feature(im, *, orientations=9, cell=8, compat=False):
    _cells("hog_feature", im.shape, cell)
    im = im if im.is_floating_point() else im.double()
    x = im if im.ndim == 2 else _grey(im, COMPAT_WEIGHTS if compat else WEIGHTS)
    gx, gy = F.pad(x.diff(dim=1), (0, 1)), F.pad(x.diff(dim=0), (0, 0, 0, 1))
    sign = torch.ones_like(x) if compat else torch.where((gx > 0) | ((gx == 0) & (gy < 0)), 1.0, -1.0).to(x.dtype)
    angle = torch.atan2(sign * gy, sign * gx + (1e-15 if compat else 0)) * (180 / math.pi) + 90
    part = torch.floor(angle * (orientations / 180)).clamp(0, orientations - 1)
    if compat:
        part = torch.where((angle > 0) & (angle < 180), part, orientations)
    chosen = (part == torch.arange(orientations)[:, None, None]) * torch.sqrt(gx * gx + gy * gy)
    hist = F.avg_pool2d(chosen[None], cell)[0]  # (orientations, rows, columns)
    return hist.permute((2, 1, 0) if compat else (1, 2, 0)).flatten()
