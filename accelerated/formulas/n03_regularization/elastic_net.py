"""A pass for the sum, and one for the gradient."""

from .._formula import elementwise, inlined, summed


def l1_penalty(w, lam):
    return _size_sum(w, lam), _signs(w, lam)


def elastic_net(w, *, lam1, lam2):
    return _term_sum(w, lam1, lam2), _slopes(w, lam1, lam2)


@inlined
def _signed(w, lam):
    return lam if w > 0 else -lam if w < 0 else w  # 0, or NaN


@summed
def _size_sum(w, lam):
    return lam * abs(w)


@elementwise
def _signs(w, lam):
    return _signed(w, lam)


@summed
def _term_sum(w, lam1, lam2):
    return lam1 * abs(w) + lam2 * w * w


@elementwise
def _slopes(w, lam1, lam2):
    return _signed(w, lam1) + (lam2 + lam2) * w
