"""Cosine decay of the learning rate. Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5, without restarts.

    lr_t = lr_min + (lr - lr_min) / 2 (1 + cos(pi t / T))        for t up to T, then lr_min

t = 0, 1, … counts the steps, or the epochs, and T says after how many of them lr_min is reached

After T the rate stays where it is. PyTorch's CosineAnnealingLR lets it rise again, as the formula does by itself.
"""

import math

from nnspec.shapes import Between


def cosine_decay(t: Between[0, None], T: Between[1, None], lr: float, *, lr_min: float = 0.0):
    done = min(t / T, 1)
    return lr_min + (lr - lr_min) / 2 * (1 + math.cos(math.pi * done))
