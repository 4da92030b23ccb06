"""Update rules in the forms that libraries use: a velocity downhill, and Adam with its corrections in the step size."""

import math
from dataclasses import dataclass

import numpy as np


class Velocity:
    def __init__(self, downhill):
        self.downhill = downhill


def sgd_momentum(w, dw, state=None, *, lr=0.01, mu=0.9, lr_in_velocity=True):
    """The velocity points along the gradient in both forms, and is subtracted."""
    enters, leaves = (lr, 1) if lr_in_velocity else (1, lr)
    downhill = enters * dw if state is None else mu * state.downhill + enters * dw
    return w - leaves * downhill, Velocity(downhill)


@dataclass
class Moments:
    t: int
    first: np.ndarray
    second: np.ndarray


def adam(w, dw, state=None, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08):
    """Kingma and Ba 2015, end of section 2: both corrections in the step size, which scales eps as well."""
    old = state or Moments(0, np.zeros_like(w), np.zeros_like(w))
    t = old.t + 1
    first = old.first + (1 - beta1) * (dw - old.first)
    second = old.second + (1 - beta2) * (dw * dw - old.second)
    root = math.sqrt(1 - beta2**t)
    step = lr * root / (1 - beta1**t)
    return w - step * first / (np.sqrt(second) + eps * root), Moments(t, first, second)
