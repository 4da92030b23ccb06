"""What the specifications of entrywise losses share: targets between 0 and 1, and calls that must be refused."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Loss, Malformed

FURTHER_AXES = (Case("a row", {"shape": (4,)}), Case("three axes", {"shape": (2, 1, 3)}))
NOTHING = tuple(Case(f"nothing, {name}", {"shape": (0, 3)}, reduction=name) for name in ("sum", "none"))


class LossOfProbabilities(Loss):
    """A loss with arguments between 0 and 1: nobody is asked of what rounding leaves beyond, which is refused."""

    def run(self, call, problem, gradient=True):
        back = {name: _brought_back(array) for name, array in problem.floats().items() if _hardly_beyond(array).any()}
        return super().run(call, problem.replaced(back), gradient)


def _hardly_beyond(x):
    beyond = np.maximum(x - 1, -x)
    return (beyond > 0) & (beyond < 4 * np.finfo(x.dtype).eps)


def _brought_back(x):
    return np.where(_hardly_beyond(x), np.clip(x, 0, 1), x)


def refused(first, second):
    """What no annotation tells of a loss of two arrays of one shape."""
    return (
        Malformed("reduction unknown", "reduction", lambda _: "median"),
        Malformed("mean of nothing", first, case=Case("", {"shape": (0, 3)})),
        Malformed("a column of targets", second, lambda t: t[:, :1], (first,)),
        Malformed("one row of targets", second, lambda t: t[0], (first,)),
    )


def between_0_and_1(x, dtype):
    """Of any numbers: some of them 0, some 1."""
    return np.asarray(np.clip(0.5 + x, 0, 1), dtype)


def probabilities(x, dtype):
    """Of any numbers: none of them near 0 or 1."""
    return np.asarray(0.5 + 0.45 * np.tanh(x), dtype)
