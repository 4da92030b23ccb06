"""Linear decay of the learning rate. Goyal et al. 2017, arXiv:1706.02677; BERT, Devlin et al. 2019; CS231n, lecture 3.

    lr_t = lr_min + (lr - lr_min) (1 - t / T)        for t up to T, then lr_min

t = 0, 1, … counts the steps, or the epochs, and T says after how many of them lr_min is reached
"""

from nnspec.shapes import Between


def linear_decay(t: Between[0, None], T: Between[1, None], lr: float, *, lr_min: float = 0.0):
    left = max(1 - t / T, 0)
    return lr_min + (lr - lr_min) * left
