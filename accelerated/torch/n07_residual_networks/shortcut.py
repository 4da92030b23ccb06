"""Slices and `F.pad`, as users write option A."""

import torch.nn.functional as nn


def padding_shortcut_forward(x, *, F, stride=1):
    return nn.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, F - x.shape[1]))
