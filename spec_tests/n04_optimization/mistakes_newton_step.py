"""Classic mistakes of Newton's step."""

import numpy as np

from nnspec.reference import newton_step
from nnspec.spec_tests._known import mistake


class MistakesOfNewtonStep:
    @mistake("M38", replaces="newton_step")
    def uphill(w, dw, hessian, *, damping=0.0):
        """Step against the slope: w - H^-1 dw, not w + H^-1 dw."""
        return newton_step(w, -dw, hessian, damping=damping)

    @mistake("N1722", replaces="newton_step")
    def multiplied_by_the_hessian(w, dw, hessian, *, damping=0.0):
        """Divide by the curvature: solve H step = dw, and do not multiply by H."""
        return w - (hessian @ dw + w.dtype.type(damping) * dw)

    @mistake("N1722", replaces="newton_step")
    def hessian_forgotten(w, dw, hessian, *, damping=0.0):
        """Solve H step = dw: the slope alone is gradient descent with a rate of 1."""
        return w - dw

    @mistake("N1722", replaces="newton_step")
    def diagonal_alone(w, dw, hessian, *, damping=0.0):
        """The whole Hessian is solved for: to divide by its diagonal leaves out how weights go together."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return w - dw / (np.diag(hessian) + w.dtype.type(damping))

    @mistake("N1722", replaces="newton_step")
    def inverse_of_each_entry(w, dw, hessian, *, damping=0.0):
        """The inverse is that of the matrix, and not of its entries."""
        damped = hessian + w.dtype.type(damping) * np.eye(len(w), dtype=w.dtype)
        with np.errstate(divide="ignore", invalid="ignore"):
            return w - (1 / damped) @ dw

    @mistake("N1723", replaces="newton_step")
    def damping_ignored(w, dw, hessian, *, damping=0.0):
        """Add the damping that is given to the diagonal."""
        return newton_step(w, dw, hessian)

    @mistake("N1723", replaces="newton_step")
    def damping_of_every_entry(w, dw, hessian, *, damping=0.0):
        """Add damping times the identity: to the diagonal, and not to every entry."""
        return w - np.linalg.solve(hessian + w.dtype.type(damping), dw)

    @mistake("N1723", replaces="newton_step")
    def damping_taken_for_a_rate(w, dw, hessian, *, damping=0.0):
        """Damping stands beside H, and does not shorten the step by a factor."""
        return w + (newton_step(w, dw, hessian) - w) / w.dtype.type(1 + damping)

    @mistake("N1724", replaces="newton_step", convention=True)
    def to_the_saddle(w, dw, hessian, *, damping=0.0):
        """Refuse a Hessian that is not positive definite: the step would lead uphill, or to a saddle."""
        return w - np.linalg.lstsq(hessian + w.dtype.type(damping) * np.eye(len(w), dtype=w.dtype), dw)[0]

    @mistake("N1724", replaces="newton_step", convention=True)
    def repaired_in_silence(w, dw, hessian, *, damping=0.0):
        """Refuse a Hessian that is not positive definite: damping is for whoever calls to choose."""
        while True:
            try:
                return newton_step(w, dw, hessian, damping=damping)
            except ValueError:
                if not (0 <= damping < 100 and np.isfinite(hessian).all()):
                    raise
                damping = 2 * damping + 1

    @mistake("M45", replaces="newton_step")
    def w_moved_in_place(w, dw, hessian, *, damping=0.0):
        """Return new weights: the caller's w must not move."""
        w[...] = newton_step(w, dw, hessian, damping=damping)
        return w.copy()
