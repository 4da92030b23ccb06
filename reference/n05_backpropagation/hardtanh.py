"""Hard tanh, and with other limits ReLU6. Collobert 2004; Howard et al. 2017, arXiv:1704.04861; PyTorch, `nn.Hardtanh`.

    out = min(max(x, low), high)        dout/dx = 1 where low < x < high, else 0

x, out: any shape, entry by entry    low, high: -1 and 1; 0 and 6 make it the ReLU6

At both kinks the derivative is taken as 0, as in PyTorch. NaN stays NaN.
"""

import numpy as np

from nnspec.shapes import Array, Float


def hardtanh_forward(x: Float[Array, "*shape"], *, low: float = -1.0, high: float = 1.0):
    if not low <= high:
        raise ValueError(f"hardtanh_forward: low must be at most high = {high}, got {low}")
    return np.minimum(np.maximum(x, low), high), (x, low, high)


def hardtanh_backward(dout, cache):
    x, low, high = cache
    return np.where((low < x) & (x < high), dout, 0)
