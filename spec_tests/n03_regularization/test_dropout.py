"""Inverted dropout with a given mask, with a drawn one and in evaluation. Classic mistakes: mistakes_dropout.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer
from nnspec.spec_tests.n03_regularization._dropped import BAD, KEEP, DrawnMask, MaskDrawing, a_mask, settled


class TestDropout(Layer):
    """The mask is given."""

    rows = ("03.10",)
    options = {"keep": KEEP, "mask": a_mask}

    def definition(self, x, *, keep, mask):
        """out = x mask / keep. Srivastava et al. 2014, section 10."""
        return np.frompyfunc(lambda entry, kept: entry / keep if kept else 0 * entry, 2, 1)(x, mask)

    def law_linear(self, run, problem):
        """With one mask dropout is linear: out(2 x) = 2 out(x)."""
        return run(x=2 * problem.inputs["x"])["out"], 2 * run()["out"]

    cases = (
        Case("mostly dropped", keep=0.1, mask=a_mask),
        Case("scale of 1", keep=1.0, mask=a_mask),
        Case("nothing kept", keep=KEEP, mask=lambda dims, dtype: np.zeros(dims["shape"], bool)),
    )
    extremes = (
        Case("huge and tiny", inputs={"x": [[1e30, -1e30, 1e-30], [-1e-30, 3e37, 1.0]]}),
        Case("keep tiny", keep=1e-6, mask=a_mask),
    )
    ties = (Case("empty", {"shape": (0, 3)}), Case("a scalar", {"shape": ()}))
    bad = BAD


class TestDropoutDrawn(DrawnMask):
    """The mask is drawn by whoever drops."""

    rows = ("03.10",)
    op = "dropout"

    def definition(self, x, *, keep, mask=None):
        """out = x mask / keep with the mask drawn: by us as rng.random(x.shape) < keep."""
        kept = np.random.default_rng(7).random(x.shape) < keep if mask is None else mask
        return np.frompyfunc(lambda entry, kept: entry / keep if kept else 0 * entry, 2, 1)(x, kept)


class TestDropoutMask(MaskDrawing):
    """What a drawn mask must be like."""

    rows = ("03.10",)
    op = "dropout_forward"

    def law_mean_is_kept(self, forward):
        """The mean of out is that of x."""
        n, found = 100_000, []
        for keep in (0.1, 0.5, 0.8):
            out, _ = forward(np.ones(n), keep=keep, rng=np.random.default_rng(0))
            found.append(settled(out.mean(), 1.0, 5 * ((1 - keep) / keep / n) ** 0.5))
        return found, [1.0] * 3


class TestDropoutEval(Layer):
    """Nothing is dropped."""

    rows = ("03.10",)
    op = "dropout"
    options = {"keep": KEEP, "train": False}

    def definition(self, x, *, keep, train, mask=None):
        """out = x."""
        return 1 * x

    cases = (Case("a mask is given", keep=KEEP, train=False, mask=a_mask),)
    ties = (Case("empty", {"shape": (0, 3)}),)
