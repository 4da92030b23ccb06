"""Spatial dropout with a given mask, a drawn one and in evaluation. Classic mistakes: mistakes_dropout2d.py."""

from typing import ClassVar

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer
from nnspec.spec_tests.n03_regularization._dropped import BAD, KEEP, DrawnMask, MaskDrawing, settled


def a_mask(dims, dtype):
    """Both kept and dropped channels, wherever there are two."""
    N, C = dims["N"], dims["C"]
    return (np.arange(N * C) * 7 % 5 < 3).reshape(N, C)


class Maps:
    """What is wide and very tall is asked of dropout."""

    apart = (1,)
    general: ClassVar = {"wide": {"N": 3, "C": 34, "H": 2, "W": 5}, "odd": {"N": 5, "C": 7, "H": 3, "W": 4}}

    def cases_of_scale(self):
        return [Case("many samples", N=257, C=5, H=2, W=2)]


class TestDropout2d(Maps, Layer):
    """The mask is given."""

    rows = ("03.14",)
    options = {"keep": KEEP, "mask": a_mask}

    def definition(self, x, *, keep, mask):
        """out_nchw = x_nchw mask_nc / keep. Tompson et al. 2015, section 3.2."""
        return masked(x, keep, mask)

    def law_a_channel_is_kept_or_dropped_as_one(self, run, problem):
        """Every pixel of a channel has the same factor, 0 or 1 / keep."""
        x = problem.inputs["x"]
        factor = run(x=0 * x + 1)["out"]
        return factor, np.broadcast_to(factor[:, :, :1, :1], factor.shape)

    def law_samples_and_channels_are_told_apart(self, run, problem):
        """mask[n, c] is that of sample n and channel c, also where there are as many samples as channels."""
        x, mask = np.ones((2, 2, 2, 1), problem.dtype), np.array([[True, False], [True, True]])
        problem.options = {"keep": 0.5, "mask": mask}
        return run(x=x)["out"][:, :, 0, 0], [[2, 0], [2, 2]]

    cases = (
        Case("mostly dropped", keep=0.1, mask=a_mask),
        Case("scale of 1", keep=1.0, mask=a_mask),
        Case("N equals C equals H", {"N": 3, "C": 3, "H": 3, "W": 2}, keep=0.5, mask=a_mask),
    )
    ties = (Case("empty", N=0), Case("no pixels", H=0))
    bad = BAD


class TestDropout2dDrawn(Maps, DrawnMask):
    """The mask is drawn by whoever drops."""

    rows = ("03.14",)
    op = "dropout2d"

    def definition(self, x, *, keep, mask=None):
        """out_nchw = x_nchw mask_nc / keep with the mask drawn: by us as rng.random((N, C)) < keep."""
        return masked(x, keep, np.random.default_rng(7).random(x.shape[:2]) < keep if mask is None else mask)

    ties = (
        Case("our generator's bits", N=4, C=5),
        Case("keep is a number drawn", N=2, C=3, keep=np.random.default_rng(7).random(4)[3]),
    )

    def mask_of(self, out):
        return (out != 0).any(axis=(2, 3))


class TestDropout2dMask(MaskDrawing):
    """What a drawn mask must be like."""

    rows = ("03.14",)
    op = "dropout2d_forward"

    def ones(self, N, C):
        return np.ones((N, C, 1, 1))

    def law_mean_is_kept(self, forward):
        """The mean of out is that of x."""
        n, keep = 100_000, 0.5
        out, _ = forward(self.ones(1000, 100), keep=keep, rng=np.random.default_rng(0))
        return [settled(out.mean(), 1.0, 5 * ((1 - keep) / keep / n) ** 0.5)], [1.0]

    def law_one_draw_for_a_channel(self, forward):
        """All pixels of a channel are kept, or none."""
        out, _ = forward(np.ones((30, 20, 3, 4)), keep=0.5, rng=np.random.default_rng(0))
        pixels = out.reshape(600, 12)
        return [(pixels == pixels[:, :1]).all(), len(np.unique(pixels[:, 0]))], [True, 2]


class TestDropout2dEval(Maps, Layer):
    """Nothing is dropped."""

    rows = ("03.14",)
    op = "dropout2d"
    options = {"keep": KEEP, "train": False}

    def definition(self, x, *, keep, train, mask=None):
        """out = x."""
        return 1 * x

    cases = (Case("a mask is given", keep=KEEP, train=False, mask=a_mask),)


def masked(x, keep, mask):
    return np.frompyfunc(lambda entry, kept: entry / keep if kept else 0 * entry, 2, 1)(x, mask[:, :, None, None])
