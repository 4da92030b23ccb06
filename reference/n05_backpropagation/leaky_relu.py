"""Leaky rectified linear unit. Maas, Hannun and Ng 2013, "Rectifier nonlinearities improve neural network acoustic
models", eq. 2; CS231n notes "Neural networks part 1".

    out = x where x > 0, else slope x        dout/dx = 1 where x > 0, else slope

x, out: any shape, entry by entry    slope: any number; 0 is the ReLU, 1 is x itself

At the kink the derivative is the slope, as in PyTorch. So out is max(x, slope x) only for a slope of at most 1.
"""

import numpy as np

from nnspec.shapes import Array, Float


def leaky_relu_forward(x: Float[Array, "*shape"], *, slope: float = 0.01):
    return np.where(x > 0, x, slope * x), (x, slope)


def leaky_relu_backward(dout, cache):
    x, slope = cache
    return np.where(x > 0, dout, slope * dout)
