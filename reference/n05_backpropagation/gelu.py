"""Gaussian error linear unit. Hendrycks and Gimpel 2016, arXiv:1606.08415, sec. 2.

    out = x Phi(x)        Phi(x) = (1 + erf(x / sqrt 2)) / 2        dout/dx = Phi(x) + x phi(x)

x, out: any shape, entry by entry    phi = Phi': the normal density exp(-x^2 / 2) / sqrt(2 pi)

`approximate` takes Phi(x) = (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3), the form of GPT-2. Far out, x^2
and x^3 overflow: they are taken of x brought back to where Phi is 0 or 1 already. Where Phi is small, 1 + erf and
1 + tanh have no digits left, but Phi has: it is taken from the tail, as erfc(-x / sqrt 2) / 2 and 1 / (1 + exp(-2u)).
"""

from math import pi, sqrt

import numpy as np

from nnspec.reference.n05_backpropagation.sigmoid import sigmoid_forward
from nnspec.shapes import Array, Float

FAR = 40  # Phi(-40) = 4e-350


def gelu_forward(x: Float[Array, "*shape"], *, approximate: bool = False):
    near = np.clip(x, -FAR, FAR)
    Phi = _sigmoid(2 * _u(near)) if approximate else _Phi(near)
    return np.maximum(x, -FAR) * Phi, (x, approximate)


def gelu_backward(dout, cache):
    x, approximate = cache
    near = np.clip(x, -FAR, FAR)
    if approximate:
        Phi, rest = _sigmoid(2 * _u(near)), _sigmoid(-2 * _u(near))  # rest = 1 - Phi
        du = sqrt(2 / pi) * (1 + 3 * 0.044715 * near * near)
        phi = 2 * Phi * rest * du
    else:
        Phi, phi = _Phi(near), np.exp(-near * near / 2) / sqrt(2 * pi)
    return dout * (Phi + near * phi)


def _u(x):
    return sqrt(2 / pi) * (x + 0.044715 * x * x * x)


def _sigmoid(x):
    return sigmoid_forward(x)[0]


def _Phi(x):
    """In double precision, the longest that SciPy has."""
    from scipy.special import erfc  # here, because its import takes as long as all others of the reference

    return (erfc(-x.astype(np.float64) / sqrt(2)) / 2).astype(x.dtype)
