"""Newton's step. Nocedal and Wright 2006, eq. 2.15 and 3.23; CS231n notes "Neural networks", part 3, second order
methods.

    w = w - (H + damping I)^-1 dw

w, dw (P,): the weights and the slope at them    hessian (P, P): H, the second derivatives there

Of a quadratic function one step leads to the minimum, however ill-conditioned it is: there is no learning rate. H has
to be symmetric, and H + damping I positive definite. If it is not, the step would lead uphill or to a saddle, which is
an error and nothing that is repaired in silence: a damping above minus the smallest eigenvalue of H makes it so. The
larger damping is, the shorter the step and the nearer to gradient descent with the rate 1 / damping; 0 is Newton's own.

A composite: the step is taken by `sgd` of `ops` (None: the reference). The P equations are solved here.
"""

import numpy as np

from nnspec.reference.n03_regularization._linear_system import solved
from nnspec.shapes import Array, Float

SYMMETRIC = 1e-4  # what float32 leaves between H and its transpose, by their norms


def newton_step(
    w: Float[Array, "P"], dw: Float[Array, "P"], hessian: Float[Array, "P P"], *, damping: float = 0.0, ops=None
):
    if ops is None:
        from nnspec import reference as ops
    if not 0 <= damping < np.inf:
        raise ValueError(f"newton_step: damping must be at least 0 and finite, got {damping}")
    damped = hessian + damping * np.eye(len(hessian), dtype=hessian.dtype)  # (P, P)
    _require_positive_definite(hessian, damped, damping)
    w, _ = ops.sgd(w, solved(damped, dw), lr=1.0)
    return w


def _require_positive_definite(hessian, damped, damping):
    """By Cholesky's factors, which exist for no other symmetric matrix."""
    if not np.linalg.norm(hessian - hessian.T) <= SYMMETRIC * np.linalg.norm(hessian):
        raise ValueError("newton_step: hessian must be symmetric, and free of NaN")
    try:
        np.linalg.cholesky(damped.astype(np.float64))
    except np.linalg.LinAlgError:
        raise ValueError(
            f"newton_step: hessian must be positive definite with its damping of {damping}: the step leads uphill, "
            "or to a saddle"
        ) from None
