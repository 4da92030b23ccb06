"""Colour histogram: definition, laws and cases. Classic mistakes: mistakes_color_histogram.py."""

import colorsys
from fractions import Fraction

import numpy as np

from nnspec.reference import color_histogram_hsv
from nnspec.spec_tests._budget import Budget
from nnspec.spec_tests._kinds import Case, Function, Malformed, variant
from nnspec.spec_tests.n01_classification._colours import WHEEL, colours, hue, next_to_edges

SINGLE = np.finfo(np.float32).eps


class TestColorHistogramHsv(Function):
    rows = ("01.21",)
    symbolic = False
    outputs = ("hist",)
    discrete = True
    sizes = {"H": 3, "W": 4}

    def definition(self, im, *, nbin=10, normalized=True):
        """hist_i = share of the pixels whose hue lies in part i of nbin equal ones of [0, 1). CS231n, assignment 1."""
        bins = [int(nbin * hue(*map(Fraction, pixel))) for pixel in im.reshape(-1, 3).tolist()]
        return [Fraction(bins.count(i), len(bins) if normalized else 1) for i in range(nbin)]

    def law_hue_as_the_standard_library_has_it(self, run, problem):
        """colorsys.rgb_to_hsv gives the hues."""
        im = colours()(np.random.default_rng(1), (5, 6, 3))
        bins = [int(10 * colorsys.rgb_to_hsv(*pixel)[0]) for pixel in im.reshape(-1, 3) / 255]
        return run(im=im)["hist"], np.bincount(bins, minlength=10) / len(bins)

    def law_shares(self, run, problem):
        """Every pixel is in one bin: shares add up to 1, counts to their number."""
        shares, problem.options = run()["hist"].sum(), {"normalized": False}
        return [shares, run()["hist"].sum()], [1, 12]

    def law_pixels_in_any_order(self, run, problem):
        """Where a pixel stands does not matter."""
        return run(im=problem.inputs["im"][::-1, ::-1].copy())["hist"], run()["hist"]

    def law_brightness_does_not_matter(self, run, problem):
        """Half as bright, an image has the same hues."""
        im = problem.inputs["im"].astype(problem.dtype)
        return run(im=im / 2)["hist"], run()["hist"]

    def law_less_colour_of_the_same_hue(self, run, problem):
        """Mixed with white, an image has the same hues."""
        im = problem.inputs["im"].astype(problem.dtype)
        return run(im=(im + 256) / 2)["hist"], run()["hist"]

    cases = (
        Case("seven bins", nbin=7, inputs={"im": colours(7)}),
        Case("one bin", nbin=1),
        Case("counts", normalized=False),
        Case("three bins, counts", nbin=3, normalized=False, inputs={"im": colours(3)}),
        Case("one pixel", H=1, W=1),
        Case("red and grey", H=1, W=3, inputs={"im": np.array([[[9, 9, 9], [200, 0, 0], [0, 0, 0]]], np.uint8)}),
        Case("two equal channels", H=1, W=2, inputs={"im": np.array([[[200, 200, 10], [10, 10, 200]]], np.uint8)}),
        Case("next to the edges of bins", H=6, W=10, inputs={"im": next_to_edges()}),
    )
    beyond = (
        Case("shares of light", inputs={"im": lambda rng, shape: colours()(rng, shape) / 256}),
        Case("16 bits", inputs={"im": lambda rng, shape: 257 * colours()(rng, shape).astype(np.uint16)}),
    )
    extremes = (Case("bright", inputs={"im": lambda rng, shape: 2.0**40 * colours()(rng, shape)}),)
    ties = (
        Case("the wheel", H=1, W=6, nbin=6, inputs={"im": np.array([WHEEL], np.uint8)}),
        Case("cyan", H=1, W=1, inputs={"im": np.array([[[0, 255, 255]]], np.uint8)}),
        Case("on the edges", H=1, W=2, inputs={"im": np.array([[[15, 9, 0], [255, 51, 0]]], np.uint8)}),
        Case("just below red", H=1, W=1, inputs={"im": np.array([[[255, 0, 1]]], np.uint8)}),
        Case("a hair below red", H=1, W=1, inputs={"im": [[[1.0, 0.0, 1e-20]]]}),
    )
    bad = (
        Malformed("no rows", "im", H=0),
        Malformed("no columns", "im", W=0),
        Malformed("no bins", "nbin", lambda _: 0),
        Malformed("a grey image", "im", lambda im: im[:, :, 0]),
        Malformed("four channels", "im", lambda im: np.concatenate([im, im[:, :, :1]], axis=2)),
    )

    def draw(self, case, dims, dtype):
        inputs = super().draw(case, dims, dtype)
        if "im" not in case.inputs:
            rng = np.random.default_rng(dims["H"] * dims["W"])
            inputs["im"] = colours(case.options.get("nbin", 10))(rng, (dims["H"], dims["W"], 3))
        return inputs

    def cases_of_agreement(self):
        return [Case("an image of CIFAR's size", H=32, W=32), Case("wide", H=3, W=67, nbin=7)]

    def cases_of_scale(self):
        return [Case("257 x 33", H=257, W=33)]

    def cases_of_dtype(self):
        """Shares of floating images are of their dtype; of integer images float64."""
        floating = {"im": lambda rng, shape: colours()(rng, shape) / 256}
        return [Case("kept", rule="kept", drawn_as="plain", inputs=floating)]

    def test_dtype(self, planned, backend):
        self.discrete = False
        try:
            super().test_dtype(planned, backend)
        finally:
            del self.discrete

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """A share is a ratio of counts, in single precision or better."""
        nothing = np.zeros(want["hist"].shape)
        return {"hist": Budget(nothing, nothing + SINGLE, 0.0)}

    @variant(
        "counts times the width of a bin",
        source="CS231n, assignment 1, features.py: imhist * np.diff(bin_edges), also where nothing was normalized",
        replaces="color_histogram_hsv",
    )
    def counts_times_the_width(im, *, nbin=10, normalized=True):
        """Not normalized, counts are multiplied by the width of a bin on the scale to 255."""
        hist = color_histogram_hsv(im, nbin=nbin, normalized=normalized)
        return hist if normalized else hist * hist.dtype.type(255 / nbin)


def exact_histogram(im, **options):
    """What other concepts of the note take from this one."""
    return TestColorHistogramHsv().definition(im, **options)
