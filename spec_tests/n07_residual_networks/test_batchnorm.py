"""Batch normalization in training and evaluation, of rows and of images: definition, laws and cases.

Classic mistakes: mistakes_batchnorm.py.
"""

from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer, Malformed
from nnspec.spec_tests._truth import named, sqrt

PIXEL = {"N": 1, "C": 1, "H": 1, "W": 1}


def drawn(scale=1.0, offset=0.0):
    return lambda rng, shape: offset + scale * rng.standard_normal(shape)


class Batchnorm(Layer):
    outputs = ("out", "running_mean", "running_var")
    states = ("running_mean", "running_var")
    no_gradient = states

    def definition(
        self, x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5, unbiased_running=False
    ):
        """out = gamma (x - mean) / sqrt(var + eps) + beta, by the mean and var of each feature, or channel."""
        how = train, momentum, eps, unbiased_running
        each = enumerate(zip(gamma, beta, running_mean, running_var, strict=True))
        features = [normalized(x[:, i], *parameters, *how) for i, parameters in each]
        out, running_mean, running_var = zip(*features, strict=True)
        return np.stack(out, axis=1), np.array(running_mean), np.array(running_var)

    def draw(self, case, dims, dtype):
        """A variance is positive."""
        inputs = super().draw(case, dims, dtype)
        return inputs | {"running_var": abs(inputs["running_var"])}

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """x scale + (beta - mean scale), as PyTorch has it, rounds large terms: of one sample no neighbour tells.

        Nor what is left of dx where its terms cancel: of one sample all of them do.
        """
        found = super().budgets(problem, want, lenient, at_tie)
        x, gamma, _, _, var = (
            np.moveaxis(array, 1, -1) if array.ndim > 1 else array for array in problem.floats().values()
        )
        if problem.options.get("train", True) and x.size:
            var = x.var(axis=tuple(range(x.ndim - 1)))
        terms = abs(x * gamma) / np.sqrt(var + problem.options.get("eps", 1e-5))
        half_ulp = np.finfo(problem.dtype).eps / 2
        rounding = {"out": found["out"].rounding + half_ulp * np.moveaxis(terms, -1, 1)}
        if "dx" in found and lenient:
            dout = abs(np.moveaxis(problem.douts[0], 1, -1))
            pulls = (dout + dout.mean(axis=tuple(range(dout.ndim - 1)))) * abs(gamma)
            pulls = pulls / np.sqrt(var + problem.options.get("eps", 1e-5))
            rounding["dx"] = found["dx"].rounding + half_ulp * np.moveaxis(pulls, -1, 1)
        return found | {name: replace(found[name], rounding=more) for name, more in rounding.items()}


class OfRows(Batchnorm):
    sizes = {"N": 4, "D": 3}  # of two samples dx is 0 but for eps


class OfImages(Batchnorm):
    general = {"odd": {"N": 5, "C": 7, "H": 9, "W": 11}, "wide": {"N": 3, "C": 34, "H": 5, "W": 6}}
    tall = ((65, 9), (2000, 3))


class TestBatchnorm(OfRows):
    rows = ("07.01",)

    def law_out_has_mean_beta(self, run, problem):
        """The mean of out over the batch is beta."""
        return run()["out"].mean(axis=0), problem.inputs["beta"]

    def law_ignores_a_shift(self, run, problem):
        """Adding a constant to a feature changes neither out nor the gradient."""
        moved, still = run(x=problem.inputs["x"] + problem.dtype.type(2)), run()
        return [moved[name] for name in ("out", "dx")], [still[name] for name in ("out", "dx")]

    def law_gradient_sums_to_zero(self, run, problem):
        """sum_n dx_n = 0: a shift of the batch changes nothing."""
        dx = run()["dx"]
        return dx.sum(axis=0), 0 * dx[0]

    def law_order_of_the_samples(self, run, problem):
        """Reversing the batch reverses out."""
        return run(x=problem.inputs["x"][::-1])["out"], run()["out"][::-1]

    cases = (
        Case("two samples", N=2, value_only=True),
        Case("momentum", momentum=0.25),
        Case("large eps", eps=0.5),
        Case("unbiased running variance", unbiased_running=True),
        Case("small spread", inputs={"x": drawn(1e-3)}),
    )
    extremes = (
        Case("a constant feature", inputs={"x": [[2, 1, 3], [2, -1, 1], [2, 0.5, 4], [2, 3, -2]]}),
        Case("tiny spread", inputs={"x": drawn(1e-6)}),
        Case("a common offset", inputs={"x": drawn(1, 1000)}),
        Case("a large offset", inputs={"x": drawn(1, 1e5)}),
        Case("large", inputs={"x": drawn(1e10)}),
    )
    bad = (
        Malformed("no sample", "x", N=0),
        Malformed("unbiased of one sample", "x", N=1, unbiased_running=True),
        Malformed("eps a string", "eps", lambda _: "small"),
    )


class TestBatchnormEval(OfRows):
    rows = ("07.03",)
    op = "batchnorm"
    options = {"train": False}

    def law_samples_alone(self, run, problem):
        """A sample is normalized as it is in any batch: no other sample is seen."""
        x = problem.inputs["x"]
        out = run(x=np.repeat(x[:1], len(x), axis=0))["out"]
        return out[0], run()["out"][0]

    def law_statistics_stay(self, run, problem):
        """The running statistics come back as they were."""
        answer = run()
        return [answer[name] for name in self.states], [problem.inputs[name] for name in self.states]

    cases = (
        Case("large eps", train=False, eps=0.5),
        Case("momentum", train=False, momentum=0.25),
        Case("small running variance", inputs={"running_var": drawn(1e-5)}),
    )
    extremes = (
        Case("running variance of 0", inputs={"running_var": [0, 0, 0]}),
        Case("far from the running mean", inputs={"x": drawn(1, 1000)}),
    )
    ties = (Case("empty batch", N=0),)


class TestBatchnorm2d(OfImages):
    rows = ("07.04",)

    def law_order_of_the_pixels(self, run, problem):
        """Turning all images around turns out around: only which pixels there are matters, not where."""
        return run(x=problem.inputs["x"][::-1, :, ::-1, ::-1])["out"], run()["out"][::-1, :, ::-1, ::-1]

    def law_gradient_sums_to_zero(self, run, problem):
        """The dx of a channel sum to 0: a shift of the channel changes nothing."""
        dx = run()["dx"]
        return dx.sum(axis=(0, 2, 3)), 0 * dx[0, :, 0, 0]

    cases = (
        Case("one image", N=1, C=2, H=3, W=2),
        Case("momentum", momentum=0.25),
        Case("large eps", eps=0.5),
        Case("unbiased running variance", unbiased_running=True),
        Case("small spread", inputs={"x": drawn(1e-3)}),
        Case("two pixels in a row", {**PIXEL, "W": 2}, unbiased_running=True, value_only=True),
        Case("two pixels in a column", {**PIXEL, "H": 2}, unbiased_running=True, value_only=True),
        Case("two images of a pixel", {**PIXEL, "N": 2}, unbiased_running=True, value_only=True),
    )
    extremes = (
        Case("a constant channel", inputs={"x": lambda rng, shape: rng.normal(1, [[[0.0]], [[1.0]], [[2.0]]], shape)}),
        Case("a common offset", inputs={"x": drawn(1, 1000)}),
        Case("channels far apart", inputs={"x": lambda rng, shape: rng.normal([[[1e3]], [[-1e4]], [[0.0]]], 1, shape)}),
    )
    bad = (
        Malformed("no image", "x", N=0),
        Malformed("unbiased of one pixel", "x", N=1, H=1, W=1, unbiased_running=True),
    )


class TestBatchnorm2dEval(OfImages):
    rows = ("07.03", "07.04")
    op = "batchnorm2d"
    options = {"train": False}

    def law_images_alone(self, run, problem):
        """An image is normalized as it is in any batch: no other image is seen."""
        x = problem.inputs["x"]
        out = run(x=np.repeat(x[:1], len(x), axis=0))["out"]
        return out[0], run()["out"][0]

    cases = (Case("large eps", train=False, eps=0.5),)
    extremes = (Case("running variance of 0", inputs={"running_var": [0, 0, 0]}),)
    ties = (Case("empty batch", N=0),)


def normalized(x, gamma, beta, running_mean, running_var, train, momentum, eps, unbiased_running):
    """One feature: x holds all its samples. Ioffe and Szegedy 2015, algorithm 1."""
    mean, var, n = running_mean, running_var, x.size
    if train:
        mean = named(sum(x.ravel()) / n)
        var = named(sum((x.ravel() - mean) ** 2) / n)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * (var * n / (n - 1) if unbiased_running else var)
    xhat = named((x - mean) / named(sqrt(var + eps)))
    return gamma * xhat + beta, running_mean, running_var
