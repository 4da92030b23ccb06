"""Ridge regression, and what its strength does to a polynomial. Hoerl and Kennard 1970; Bishop 2006, section 1.1 and
eq. 3.28.

    ridge_fit              w = (phi^T phi + lam I')^-1 phi^T t, where |phi w - t|^2 + lam w^T I' w is least
    regularization_path    error = 1/N |phi w - t|^2        norm = |w_1 … w_degree|        phi_nj = x_n^j

phi (N, P)    t (N,)    w (P,)    I': the identity, with skip_bias without its first entry    x (N,)
error, norm (G, L): a row for each degree, a column for each of lams (L,)

The first column of phi is the one that stands for the bias, all ones: it is not penalized, so that a larger lam draws
the fit to the mean of t and not to 0. lam = 0 is least squares; where that has several solutions, the one of smallest
norm. On the training data a larger lam never fits better, and never has larger weights. A feature of twice the size
gets away with half the weight and a quarter of the penalty: bring features to one scale, such as x within -1 and 1.

Composites: products and the mean of squares are those of `ops` (None: the reference). The P equations are solved here.
"""

from collections.abc import Sequence

import numpy as np

from nnspec.reference.n03_regularization._linear_system import solved
from nnspec.shapes import Array, Float


def ridge_fit(phi: Float[Array, "N P"], t: Float[Array, "N"], lam: float, *, skip_bias: bool = True, ops=None):
    if ops is None:
        from nnspec import reference as ops
    if not lam >= 0:
        raise ValueError(f"ridge_fit: lam must be at least 0, got {lam}")
    if skip_bias and not phi[:, :1].any():
        raise ValueError("ridge_fit: phi must begin with a column of ones where skip_bias is asked for, and is 0 there")
    if lam == 0:
        return np.linalg.lstsq(phi.astype(np.float64), t.astype(np.float64))[0].astype(phi.dtype)
    penalized = np.arange(phi.shape[1]) >= skip_bias  # (P,)
    gram, _ = ops.matmul_forward(phi.T, phi)  # (P, P)
    moment, _ = ops.matmul_forward(phi.T, t[:, None])  # (P, 1)
    return solved(gram + np.diag(lam * penalized.astype(phi.dtype)), moment)


def regularization_path(
    x: Float[Array, "N"], t: Float[Array, "N"], degrees: Sequence[int], lams: Float[Array, "L"], *, ops=None
):
    """(error, norm) of the fits of polynomials, on what they were fitted to."""
    if ops is None:
        from nnspec import reference as ops
    if len(x) == 0:
        raise ValueError("regularization_path: x must hold at least one sample, got none")
    if len(degrees) == 0 or min(degrees) < 0:
        raise ValueError(f"regularization_path: degrees must be numbers from 0 on, got {list(degrees)}")
    if not (lams >= 0).all():
        raise ValueError(f"regularization_path: lams must be at least 0, got {lams.tolist()}")
    error, norm = np.empty((2, len(degrees), len(lams)), x.dtype)
    for g, degree in enumerate(degrees):
        phi = np.stack([x**j for j in range(degree + 1)], axis=1)  # (N, degree + 1)
        for i, lam in enumerate(lams):
            w = ops.ridge_fit(phi, t, float(lam))  # (degree + 1,)
            fit, _ = ops.matmul_forward(phi, w[:, None])  # (N, 1)
            error[g, i], _ = ops.mse_loss_forward(fit[:, 0], t)
            norm[g, i] = np.sqrt((w[1:] * w[1:]).sum())
    return error, norm
