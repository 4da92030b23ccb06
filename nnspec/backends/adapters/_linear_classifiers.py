"""The linear classifiers of the course's first assignment: `svm_loss_naive(W, X, y, reg) -> (loss, dW)`, its vectorized
form, and the same of softmax. With X the identity, W are the scores and dW is their gradient; with X = 0 the scores
are, and what the strength of the penalty changes is the penalty. Their `train` draws minibatches.
"""

import contextlib
import functools
from collections.abc import Callable

import numpy as np

from nnspec.backends.adapters._agreement import Question, Withheld
from nnspec.backends.adapters._course_folder import Folder
from nnspec.backends.adapters._stubs import Stubs, nothing

NAMES = {
    "svm_loss": ("svm_loss_naive", "svm_loss_vectorized"),
    "softmax_cross_entropy": ("softmax_loss_naive", "softmax_loss_vectorized"),
}
W = np.array([[3.0], [1.0], [2.0]])
SQUARES = 14.0
AT_ONCE = 300  # samples


def losses(folder: Folder, stubs: Stubs, ours: str) -> dict[str, Callable]:
    """`(scores, y) -> (loss, dscores)` of each classifier with this loss, by its name in the assignment."""
    return {name: _of_scores(name, theirs, stubs) for name, theirs in _found(folder, NAMES[ours]).items()}


def penalty(folder: Folder, stubs: Stubs) -> dict[str, Callable]:
    """The penalty inside of every classifier. Those of one folder may differ in the factor 1/2."""
    found = _found(folder, [name for names in NAMES.values() for name in names])
    of_weights = {name: _of_weights(name, theirs, stubs) for name, theirs in found.items()}
    has_half = functools.cache(lambda name: bool(np.isclose(of_weights[name](W, 1.0)[0], SQUARES / 2)))

    def l2_penalty(w, lam, *, half=False):
        rows = w.reshape(-1, 1)
        forms, others, stubs = {}, [], []
        for name, theirs in of_weights.items():
            try:
                other = has_half(name) != half
            except NotImplementedError as why:
                stubs.append(str(why))
                continue
            if other:
                others.append(name)
            else:
                forms[name] = theirs
        if not forms:
            told = f"{' and '.join(others)}: the other of the two forms, {'without' if half else 'with'} 1/2"
            raise NotImplementedError("; ".join([*([told] if others else []), *stubs]))

        def of(functions, rows, lam):
            return functions.l2_penalty(rows, lam, half=half)

        def without_lam(functions, rows, lam):
            return of(functions, rows, 1.0)

        question = Question(
            "l2_penalty",
            forms,
            of,
            ("r", "dw"),
            named=True,
            again=lambda: [(W, 0.7), (W[:2] - 0.5, 1.3)],
            also=[("pattern: the penalty is there at reg = 0 too: its reg is forgotten", without_lam)],
        )
        r, dw = question.answered(rows, lam, dtype=w.dtype)
        if dw is None:
            told = f"the gradient of {' and '.join(forms)} is still a stub"
            dw = Withheld(lambda: NotImplementedError(told))
        return r, dw if isinstance(dw, Withheld) else np.reshape(dw, w.shape)

    return {"l2_penalty": l2_penalty} if found else {}


def _found(folder: Folder, names) -> dict[str, Callable]:
    return {name: _by_rows(theirs) for name in names if (theirs := folder.get(name))}


def _by_rows(theirs) -> Callable:
    """theirs(W, X, y, reg) with a sample in each row of X; in 2015 it was each column, and W was transposed."""

    @functools.cache
    def by_columns():
        W, X, y = np.ones((2, 3)), np.ones((4, 2)), np.array([0, 1, 2, 0])
        try:
            theirs(W, X, y, 0.0)
            return False
        except Exception:
            with contextlib.suppress(Exception):
                return np.shape(_pair(theirs(W.T.copy(), X.T.copy(), y, 0.0))[1]) == (3, 2)
            return False

    @functools.wraps(theirs)
    def by_rows(W, X, y, reg):
        if not by_columns():
            return theirs(W, X, y, reg)
        loss, dW = _pair(theirs(W.T.copy(), X.T.copy(), y, reg))
        return loss, None if dW is None else dW.T

    return by_rows


def _of_scores(name, theirs, stubs) -> Callable:
    def plain():
        scores = np.array([[0.1, -0.2, 0.3], [0.2, 0.1, -0.1]])
        return _pair(theirs(scores, np.eye(2), np.array([1, 2]), 0.0))

    def of_some(scores, y):
        def call():
            return _pair(theirs(scores.copy(), np.eye(len(scores), dtype=scores.dtype), y.copy(), 0.0))

        return _each(name, call, plain, stubs)

    def loss(scores, y):
        if len(scores) <= AT_ONCE:
            return of_some(scores, y)
        starts = range(0, len(scores), AT_ONCE)  # the loss is a mean of the samples: an identity of all is too large
        parts = [of_some(scores[start : start + AT_ONCE], y[start : start + AT_ONCE]) for start in starts]
        shares = [len(scores[start : start + AT_ONCE]) / len(scores) for start in starts]
        losses, gradients = zip(*parts, strict=True)
        known = gradients[0] is not None
        dscores = np.concatenate([d * share for d, share in zip(gradients, shares, strict=True)]) if known else None
        return sum(part * share for part, share in zip(losses, shares, strict=True)), dscores

    return loss


def _of_weights(name, theirs, stubs) -> Callable:
    """w: (D, 1), a single class: neither loss of the data depends on it."""

    def ask(w, lam):
        return _pair(theirs(w.copy(), np.zeros((1, len(w)), w.dtype), np.zeros(1, np.int64), lam))

    def of(w, lam):
        r, dw = _each(name, lambda: ask(w, lam), lambda: ask(W, 1.0), stubs)
        without, dw_without = ask(0 * w, lam)  # and not at lam = 0: what is there at 0 as well belongs to a penalty
        return None if r is None else r - without, None if dw is None else dw - dw_without

    return of


def _each(name, call, plain, stubs) -> tuple:
    """(loss, gradient), of which the gradient is None where it alone is still a stub."""
    loss, gradient = stubs.asked(name, call, plain, key=(name, "loss"))
    try:
        stubs.asked(name, call, plain, lambda pair: nothing(pair[-1]) if isinstance(pair, tuple) else True, (name, "d"))
    except NotImplementedError:
        gradient = None
    return loss, gradient


def _pair(result) -> tuple:
    return result if isinstance(result, tuple) else (result, None)
