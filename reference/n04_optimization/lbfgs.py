"""L-BFGS. Nocedal 1980; Liu and Nocedal 1989; Nocedal and Wright 2006, algorithms 7.4 and 7.5; CS231n notes "Neural
networks", part 3, second order methods.

    lbfgs_direction    -H_K dw of H_{k+1} = (I - rho_k s_k y_k^T) H_k (I - rho_k y_k s_k^T) + rho_k s_k s_k^T
                       rho_k = 1 / y_k . s_k        H_0 = gamma I        gamma = s_K . y_K / y_K . y_K, of the last pair
    lbfgs              w = w + t lbfgs_direction(dw, s, y), with the last m pairs, until |dw|_max <= tol

dw (P,)    s, y (K, P): how w and dw changed in each of the last steps, the oldest first    w: any shape

H stands for the inverse of the second derivatives: y_k of a quadratic function is its Hessian times s_k, and H gives
s_k back for the last y. It is never written out: two loops over the pairs, from the last to the first and back, cost
4 K P. Without pairs the direction is -dw.

f(w) gives loss and slope. Of each step t = 1 is tried first, of the first one a length of at most 1, and halved until
the loss falls by more than 1e-4 t times what the slope promises (Armijo). A pair is kept only if y . s > 0, without
which H would not be positive definite and the direction not downhill. So the loss never rises; where no step lowers it
any more, in all the digits there are, the search is over. What is not finite is an error at the start, and later on a
step that is too long.

Composites: products are `matmul`, and each step `sgd`, of `ops` (None: the reference).
"""

from collections.abc import Callable

import numpy as np

from nnspec.shapes import Array, Between, Float

ENOUGH = 1e-4  # of the promised decrease
HALVINGS = 60


def lbfgs_direction(dw: Float[Array, "P"], s: Float[Array, "K P"], y: Float[Array, "K P"], *, ops=None):
    if ops is None:
        from nnspec import reference as ops
    curvature = [_dot(ops, y_k, s_k) for y_k, s_k in zip(y, s, strict=True)]
    if not all(c > 0 for c in curvature):
        raise ValueError("lbfgs_direction: s and y must be pairs with y . s > 0, or H is not positive definite")
    q, alpha = dw, [None] * len(s)
    for k in reversed(range(len(s))):
        alpha[k] = _dot(ops, s[k], q) / curvature[k]
        q = q - alpha[k] * y[k]
    r = q if len(s) == 0 else q * (curvature[-1] / _dot(ops, y[-1], y[-1]))
    for k in range(len(s)):
        beta = _dot(ops, y[k], r) / curvature[k]
        r = r + (alpha[k] - beta) * s[k]
    return -r


def lbfgs(
    f: Callable,
    w: Float[Array, "*shape"],
    *,
    m: Between[1, None] = 10,
    steps: Between[0, None] = 100,
    tol: float = 1e-5,
    ops=None,
):
    """(w, losses): where it ends, and the loss at the start and after each step."""
    if ops is None:
        from nnspec import reference as ops
    if not tol >= 0:
        raise ValueError(f"lbfgs: tol must be at least 0, got {tol}")
    loss, dw = _asked(f, w)
    if not (np.isfinite(loss) and np.isfinite(dw).all()):
        raise ValueError("lbfgs: f must be finite where the search begins")
    losses, s, y = [loss], [], []
    for _ in range(steps):
        if abs(dw).max(initial=0) <= tol:
            break
        pairs = (np.stack(part) if part else np.empty((0, w.size), w.dtype) for part in (s, y))
        direction = ops.lbfgs_direction(dw.reshape(-1), *pairs).reshape(w.shape)
        first = 1.0 if s else min(1.0, 1 / np.linalg.norm(dw))  # of an unknown curvature a step of length 1
        found = _lower(f, w, loss, dw, direction, first, ops)
        if found is None:
            break
        there, loss, slope = found
        step, change = (there - w).reshape(-1), (slope - dw).reshape(-1)
        if (step * change).sum() > 0:
            s, y = [*s, step][-m:], [*y, change][-m:]
        w, dw = there, slope
        losses.append(loss)
    return w.copy(), np.array(losses)


def _lower(f, w, loss, dw, direction, first, ops):
    """(w, loss, dw) of the largest of first, first / 2, … that lowers the loss enough; None where none of them does."""
    promised = float((dw * direction).sum())
    for halvings in range(HALVINGS):
        t = float(first) * 0.5**halvings
        there, _ = ops.sgd(w, -direction, lr=t)
        new_loss, slope = _asked(f, there)
        if new_loss < loss + ENOUGH * t * promised:
            return there, new_loss, slope
    return None


def _asked(f, w):
    loss, dw = f(w.copy())
    if np.shape(loss) != () or np.shape(dw) != w.shape:
        raise ValueError(f"lbfgs: f must return a number and a slope of shape {w.shape}")
    return float(loss), np.array(dw, w.dtype)


def _dot(ops, a, b):
    out, _ = ops.matmul_forward(a[None], b[:, None])  # (1, 1)
    return out[0, 0]
