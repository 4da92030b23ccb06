"""x plus so many deviations, as PyTorch's users write it with `torch.randn_like`, which takes no generator of ours."""

import math

import numpy as np
import torch


def add_noise_forward(x, *, sigma, train=True, noise=None, rng=None):
    if not 0 <= sigma < math.inf:
        raise ValueError(f"add_noise_forward: sigma must be at least 0 and finite, got {sigma}")
    if not train:
        return x
    if noise is None:
        if rng is None:
            raise ValueError("add_noise_forward: noise or rng must be given in training, got neither")
        noise = torch.from_numpy(np.asarray(rng.standard_normal(tuple(x.shape)))).to(x.dtype)
    return x + sigma * noise
