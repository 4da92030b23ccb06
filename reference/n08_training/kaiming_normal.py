"""Kaiming (He) initialization for layers before a (leaky) ReLU. He et al. 2015, arXiv:1502.01852, eq. 10, 14 and 15.

    w ~ N(0, std^2)        std = sqrt(2 / ((1 + a^2) fan))

shape (D, M)           fan_in D            fan_out M
shape (F, C, KH, KW)   fan_in C KH KW      fan_out F KH KW

fan_in keeps the variance of the activations through the layers, fan_out that of the gradients. a is the slope of the
leaky ReLU below 0. The weights of an affine layer are (D, M) here; PyTorch's are the transpose. Float64.
"""

from collections.abc import Sequence
from math import prod, sqrt
from typing import Literal

import numpy as np


def kaiming_normal(
    shape: Sequence[int],
    *,
    rng: np.random.Generator,
    mode: Literal["fan_in", "fan_out"] = "fan_in",
    a: float = 0.0,
):
    if len(shape) not in (2, 4) or min(shape) < 1:
        raise ValueError(f"kaiming_normal: shape must be (D, M) or (F, C, KH, KW), each at least 1, got {shape}")
    into, out_of = (0, 1) if len(shape) == 2 else (1, 0)  # the axes of what comes in and of what goes out
    fan = shape[into if mode == "fan_in" else out_of] * prod(shape[2:])
    return sqrt(2 / ((1 + a * a) * fan)) * rng.standard_normal(shape)
