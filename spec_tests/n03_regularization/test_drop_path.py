"""Stochastic depth with a given mask, a drawn one and in evaluation. Classic mistakes: mistakes_drop_path.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer
from nnspec.spec_tests.n03_regularization._dropped import BAD, KEEP, DrawnMask, MaskDrawing, settled


def a_mask(dims, dtype):
    """Both kept and dropped samples, wherever there are two."""
    return np.arange(dims["N"]) * 7 % 5 < 3


class TestDropPath(Layer):
    """The mask is given."""

    rows = ("03.15",)
    options = {"keep": KEEP, "mask": a_mask}

    def definition(self, branch, skip=None, *, keep, mask):
        """out_n = skip_n + mask_n branch_n / keep. Huang et al. 2016, eq. 2, scaled in training."""
        return passed(branch, skip, keep, mask)

    def law_a_sample_is_kept_or_dropped_as_one(self, run, problem):
        """Every entry of a sample's branch has the same factor, 0 or 1 / keep."""
        branch = problem.inputs["branch"]
        factor = run(branch=0 * branch + 1, skip=0 * branch)["out"].reshape(len(branch), -1)
        return factor, np.broadcast_to(factor[:, :1], factor.shape)

    def law_the_skip_is_never_dropped(self, run, problem):
        """Without a branch out is the skip, whatever the mask."""
        skip = problem.inputs["skip"]
        return run(branch=0 * skip)["out"], skip

    def law_mean_of_the_masks_is_evaluation(self, run, problem):
        """keep times what is kept and 1 - keep times what is dropped is the full branch."""
        kept, dropped = (np.full(len(problem.inputs["branch"]), value) for value in (True, False))
        problem.options = {"keep": 0.25, "mask": kept}
        mean = 0.25 * run()["out"]
        problem.options = {"keep": 0.25, "mask": dropped}
        mean = mean + 0.75 * run()["out"]
        return mean, problem.inputs["skip"] + problem.inputs["branch"]

    cases = (
        Case("mostly dropped", keep=0.1, mask=a_mask),
        Case("keep of 1", keep=1.0, mask=lambda dims, dtype: np.ones(dims["N"], bool)),
        Case("all dropped", keep=KEEP, mask=lambda dims, dtype: np.zeros(dims["N"], bool)),
        Case("images", {"N": 3, "rest": (2, 1, 2)}, keep=KEEP, mask=a_mask),
        Case("N equals all other sizes", {"N": 3, "rest": (3, 3)}, keep=0.5, mask=a_mask),
        Case("a branch alone", keep=KEEP, mask=a_mask, without=("skip",)),
        Case("a branch of images alone", {"N": 3, "rest": (2, 1, 2)}, keep=0.5, mask=a_mask, without=("skip",)),
    )
    ties = (
        Case("empty", N=0),
        Case("a number for each sample", {"N": 3, "rest": ()}),
        Case("a branch alone, no gradient of a skip", without=("skip",)),
    )
    bad = BAD


class TestDropPathDrawn(DrawnMask):
    """The mask is drawn by whoever drops."""

    rows = ("03.15",)
    op = "drop_path"

    def definition(self, branch, skip=None, *, keep, mask=None):
        """out = skip + mask branch / keep with the mask drawn: by us as rng.random(N) < keep."""
        drawn = np.random.default_rng(7).random(len(branch)) < keep if mask is None else mask
        return passed(branch, skip, keep, drawn)

    ties = (
        Case("our generator's bits", {"N": 5, "rest": (2,)}),
        Case("keep is a number drawn", {"N": 5, "rest": (2,)}, keep=np.random.default_rng(7).random(4)[3]),
    )

    def asked(self, problem, answer):
        """By what is added to the skip."""
        skip = problem.inputs.get("skip", 0)
        out = np.asarray(answer["out"])
        fits = np.shape(skip) in ((), out.shape)
        return super().asked(problem, answer | {"out": out - skip if fits else out})

    def mask_of(self, out):
        return (out != 0).reshape(len(out), -1).any(axis=1)


class TestDropPathMask(MaskDrawing):
    """What a drawn mask must be like."""

    rows = ("03.15",)
    op = "drop_path_forward"

    def ones(self, N, C):
        return np.ones((N * C, 1))

    def law_samples_differ(self, forward):
        """Every sample has a draw of its own, and all of its entries share it."""
        out, _ = forward(np.ones((60, 5, 4)), keep=0.5, rng=np.random.default_rng(0))
        entries = (out != 0).reshape(60, 20)
        return [(entries == entries[:, :1]).all(), len(np.unique(entries[:, 0]))], [True, 2]

    def law_mean_is_kept(self, forward):
        """The mean of out is that of the branch."""
        n, keep = 100_000, 0.5
        out, _ = forward(np.ones((n, 1)), keep=keep, rng=np.random.default_rng(0))
        return [settled(out.mean(), 1.0, 5 * ((1 - keep) / keep / n) ** 0.5)], [1.0]


class TestDropPathEval(Layer):
    """Nothing is dropped."""

    rows = ("03.15",)
    op = "drop_path"
    options = {"keep": KEEP, "train": False}

    def definition(self, branch, skip=None, *, keep, train, mask=None):
        """out = skip + branch."""
        return 1 * branch if skip is None else skip + branch

    cases = (
        Case("a mask is given", keep=KEEP, train=False, mask=a_mask),
        Case("a branch alone", keep=KEEP, train=False, without=("skip",)),
    )


def passed(branch, skip, keep, mask):
    scaled = [row / keep if kept else 0 * row for row, kept in zip(branch, mask, strict=True)]
    out = np.array(scaled, object).reshape(branch.shape)
    return out if skip is None else skip + out
