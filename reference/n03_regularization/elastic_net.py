"""L1 penalty and elastic net. Tibshirani 1996, section 2; Zou and Hastie 2005, eq. 3; CS231n notes "Neural networks",
part 2, regularization.

    l1_penalty      r = lam sum |w|                      dw = lam sign(w)
    elastic_net     r = lam1 sum |w| + lam2 sum w^2      dw = lam1 sign(w) + 2 lam2 w

w, dw: any shape, entry by entry    r: a scalar

sign(0) = 0: a weight that is 0 stays there. There is no half in front of the squares, as in the course; glmnet and
scikit-learn have one. The two strengths are keywords, because papers differ in their order.
"""

import numpy as np

from nnspec.shapes import Array, Float


def l1_penalty(w: Float[Array, "*shape"], lam: float):
    return lam * abs(w).sum(), lam * np.sign(w)


def elastic_net(w: Float[Array, "*shape"], *, lam1: float, lam2: float):
    r = lam1 * abs(w).sum() + lam2 * (w * w).sum()
    return r, lam1 * np.sign(w) + 2 * lam2 * w
