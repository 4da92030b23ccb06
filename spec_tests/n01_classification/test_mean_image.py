"""The mean image and its subtraction: definitions, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import mean_image, subtract_mean
from nnspec.spec_tests._kinds import Case, Function, Malformed, mistake

GENERAL = {"odd": {"N": 5, "d": (3, 7)}, "wide": {"N": 35, "d": (3, 67)}}


def dark_and_light(rng, shape):
    """Images of 0 and 255, whose sums and differences no uint8 holds."""
    return rng.choice(np.array([0, 1, 128, 255], np.uint8), shape)


class TestMeanImage(Function):
    rows = ("01.19",)
    outputs = ("mu",)

    def definition(self, x):
        """mu = 1/N sum_n x_n. CS231n notes "Setting up the data", mean subtraction."""
        return sum(x[n] for n in range(len(x))) / exact(len(x))

    def law_of_one_image(self, run, problem):
        """The mean of copies of an image is that image."""
        x = problem.inputs["x"]
        return run(x=np.repeat(x[:1], 4, axis=0))["mu"], x[0]

    def law_order_does_not_matter(self, run, problem):
        """Images in another order have the same mean."""
        return run(x=problem.inputs["x"][::-1].copy())["mu"], run()["mu"]

    general = GENERAL
    cases = (
        Case("colour images", {"N": 3, "d": (3, 2, 2)}),
        Case("rows", {"N": 3, "d": (3,)}),
        Case("uint8", {"N": 4, "d": (2, 3)}, inputs={"x": dark_and_light}),
    )
    extremes = (Case("a common offset", inputs={"x": lambda rng, shape: 1000 + rng.standard_normal(shape)}),)
    ties = (Case("images of no pixel", {"d": (0,)}),)
    bad = (Malformed("no images", "x", N=0),)

    @mistake("M17", replaces="mean_image")
    def one_mean_for_all_pixels(x):
        """Each pixel has its own mean: average over the images, axis 0, alone."""
        mu = mean_image(x)
        return np.full_like(mu, mu.mean()) if mu.size else mu

    @mistake("N1331", replaces="mean_image")
    def sum_of_the_images(x):
        """Divide by N: the mean image looks like an image."""
        return mean_image(x) * len(x)

    @mistake("N1331", replaces="mean_image")
    def first_image(x):
        """The mean is over all images."""
        mu = mean_image(x)
        return x[0].astype(mu.dtype)

    @mistake("M04", replaces="mean_image")
    def sum_of_uint8(x):
        """Add up in float64: uint8 sums wrap at 256."""
        return mean_image(x) if x.dtype.kind == "f" else x.sum(axis=0, dtype=x.dtype) / len(x)


class TestSubtractMean(Function):
    rows = ("01.19",)

    def definition(self, x, mu):
        """out_n = x_n - mu. CS231n notes "Setting up the data", mean subtraction."""
        return x - mu

    def law_the_mean_is_given(self, run, problem):
        """An image has the same mean taken away in any batch: a test image that of training."""
        x = problem.inputs["x"]
        return run(x=x[:1].copy())["out"][0], run()["out"][0]

    def law_it_moves_the_mean(self, run, problem):
        """What equals the mean image becomes 0."""
        x, mu = problem.inputs.values()
        return run(x=np.broadcast_to(mu, x.shape).copy())["out"], 0 * x

    general = GENERAL
    cases = (
        Case("colour images", {"N": 2, "d": (3, 2, 2)}),
        Case("as many images as rows", {"N": 3, "d": (3, 3)}),
        Case(
            "uint8",
            {"N": 4, "d": (2, 3)},
            inputs={"x": dark_and_light, "mu": lambda rng, shape: 200 * rng.random(shape)},
        ),
    )
    extremes = (Case("bright images", inputs={"x": lambda rng, shape: 1e4 * rng.standard_normal(shape)}),)
    ties = (Case("no images", N=0),)

    @mistake("M76", replaces="subtract_mean")
    def by_its_own_mean(x, mu):
        """Take away the mean that is given, that of training: not the mean of this split."""
        return x - mean_image(x) if len(x) else subtract_mean(x, mu)

    @mistake("M76", replaces="subtract_mean")
    def one_mean_for_all_pixels(x, mu):
        """mu has a number for each pixel; their mean alone is not enough."""
        return subtract_mean(x, np.full_like(mu, mu.mean()) if mu.size else mu)

    @mistake("M04", replaces="subtract_mean")
    def difference_of_uint8(x, mu):
        """Make integer images floating first: uint8 wraps below 0."""
        return subtract_mean(x, mu) if x.dtype.kind == "f" else (x - mu.astype(x.dtype)).astype(np.float64)

    @mistake("N1332", replaces="subtract_mean")
    def x_changed_in_place(x, mu):
        """Write a new array: x -= mu changes the caller's images, and fails for uint8."""
        if x.dtype.kind == "f":
            x -= mu
            return x
        return subtract_mean(x, mu)

    @mistake("N1332", replaces="subtract_mean")
    def mean_added(x, mu):
        """Take the mean away."""
        return subtract_mean(x, -mu)


def exact(number):
    """So that a quotient of integers is no float."""
    from sympy import Integer

    return Integer(number)
