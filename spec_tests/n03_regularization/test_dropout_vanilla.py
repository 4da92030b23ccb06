"""Vanilla dropout with a given mask, a drawn one and in evaluation. Classic mistakes: mistakes_dropout_vanilla.py."""

import numpy as np

from nnspec.reference import dropout_forward
from nnspec.spec_tests._kinds import Case, Layer
from nnspec.spec_tests.n03_regularization._dropped import BAD, KEEP, DrawnMask, MaskDrawing, a_mask, settled


class TestDropoutVanilla(Layer):
    """The mask is given."""

    rows = ("03.11",)
    options = {"keep": KEEP, "mask": a_mask}

    def definition(self, x, *, keep, mask):
        """out = x mask. Srivastava et al. 2014, section 4; CS231n notes, part 2."""
        return masked(x, mask)

    def law_the_mean_over_all_masks_is_what_evaluation_says(self, run, problem):
        """keep times a unit that is kept and 1 - keep times one that is dropped is keep x, out of evaluation."""
        kept, dropped = (np.full(problem.inputs["x"].shape, value) for value in (True, False))
        problem.options = {"keep": 0.25, "mask": kept}
        mean = 0.25 * run()["out"]
        problem.options = {"keep": 0.25, "mask": dropped}
        mean = mean + 0.75 * run()["out"]
        problem.options = {"keep": 0.25, "train": False}
        return mean, run()["out"]

    def law_keep_times_the_inverted_one(self, run, problem):
        """Inverted dropout of the same mask is larger by 1 / keep, whatever x is."""
        inverted, _ = dropout_forward(problem.inputs["x"], **problem.options)
        return run()["out"], problem.dtype.type(KEEP) * inverted

    def law_keep_does_not_matter_in_training(self, run, problem):
        """Of a given mask keep says nothing."""
        first = run()["out"]
        problem.options = problem.options | {"keep": 0.125}
        return run()["out"], first

    cases = (
        Case("mostly dropped", keep=0.1, mask=a_mask),
        Case("keep of 1", keep=1.0, mask=a_mask),
        Case("nothing kept", keep=KEEP, mask=lambda dims, dtype: np.zeros(dims["shape"], bool)),
    )
    extremes = (
        Case("huge and tiny", inputs={"x": [[1e30, -1e30, 1e-30], [-1e-30, 3e37, 1.0]]}),
        Case("keep tiny", keep=1e-6, mask=a_mask),
    )
    ties = (
        Case("empty", {"shape": (0, 3)}),
        Case("a scalar", {"shape": ()}),
        Case("infinity is dropped", inputs={"x": [[1.0, np.inf, -np.inf], [np.nan, 1.0, 2.0]]}),
    )
    bad = BAD


class TestDropoutVanillaDrawn(DrawnMask):
    """The mask is drawn by whoever drops."""

    rows = ("03.11",)
    op = "dropout_vanilla"

    def definition(self, x, *, keep, mask=None):
        """out = x mask with the mask drawn: by us as rng.random(x.shape) < keep."""
        return masked(x, np.random.default_rng(7).random(x.shape) < keep if mask is None else mask)


class TestDropoutVanillaMask(MaskDrawing):
    """What a drawn mask must be like."""

    rows = ("03.11",)
    op = "dropout_vanilla_forward"

    def law_mean_is_keep_times_it(self, forward):
        """The mean of out is keep times that of x, as in evaluation."""
        n, found = 100_000, []
        for keep in (0.1, 0.5, 0.8):
            out, _ = forward(np.ones(n), keep=keep, rng=np.random.default_rng(0))
            found.append(settled(out.mean(), keep, 5 * (keep * (1 - keep) / n) ** 0.5))
        return found, [0.1, 0.5, 0.8]


class TestDropoutVanillaEval(Layer):
    """Nothing is dropped, and everything is smaller."""

    rows = ("03.11",)
    op = "dropout_vanilla"
    options = {"keep": KEEP, "train": False}

    def definition(self, x, *, keep, train, mask=None):
        """out = keep x."""
        return keep * x

    cases = (
        Case("a mask is given", keep=KEEP, train=False, mask=a_mask),
        Case("mostly dropped in training", keep=0.1, train=False),
        Case("keep of 1", keep=1.0, train=False),
    )
    ties = (Case("empty", {"shape": (0, 3)}),)


def masked(x, mask):
    return np.frompyfunc(lambda entry, kept: entry if kept else 0 * entry, 2, 1)(x, mask)
