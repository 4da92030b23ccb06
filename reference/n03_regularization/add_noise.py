"""Gaussian noise injection. Bishop 1995, "Training with noise is equivalent to Tikhonov regularization"; CS231n notes
"Neural networks", part 2; Keras, `GaussianNoise`.

    out = x + sigma noise        in training, as noise is drawn from a normal distribution of mean 0 and deviation 1
    out = x                      in evaluation
    dx = dout                    in both

x, noise, out: one shape, entry by entry

sigma is the standard deviation of what is added, in the units of x: it has no default. The noise is data, and has no
gradient. It is given, or drawn as rng.standard_normal(x.shape), another number for each entry of each sample.
"""

import numpy as np

from nnspec.shapes import Array, Float


def add_noise_forward(
    x: Float[Array, "*shape"],
    *,
    sigma: float,
    train: bool = True,
    noise: Float[Array, "*shape"] | None = None,
    rng: np.random.Generator | None = None,
):
    if not 0 <= sigma < np.inf:
        raise ValueError(f"add_noise_forward: sigma must be at least 0 and finite, got {sigma}")
    if not train:
        return x.copy(), ()
    if noise is None:
        if rng is None:
            raise ValueError("add_noise_forward: noise or rng must be given in training, got neither")
        noise = rng.standard_normal(x.shape).astype(x.dtype)
    return x + sigma * noise, ()


def add_noise_backward(dout, cache):
    return dout.copy()
