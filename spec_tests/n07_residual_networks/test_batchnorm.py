"""Batch normalization in training and evaluation, of rows and of images: definition, laws and classic mistakes."""

from dataclasses import replace

import numpy as np

from nnspec.reference import batchnorm2d_backward, batchnorm2d_forward, batchnorm_backward, batchnorm_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake
from nnspec.spec_tests._truth import named, sqrt

PIXEL = {"N": 1, "C": 1, "H": 1, "W": 1}


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


def drawn(scale=1.0, offset=0.0):
    return lambda rng, shape: offset + scale * rng.standard_normal(shape)


def answered(out, running_mean, running_var, xhat, std, gamma, train, cache):
    """What a forward returns that normalized in its own way: a cache for the reference's backward comes with it."""
    values = (xhat, std, gamma, train)
    return out, running_mean, running_var, cache.of(values, cache.op, [out, running_mean, running_var])


def normalized_by(mean, std, x, gamma, beta, running_mean, running_var, train=True, **options):
    """The reference with other statistics of the rows of x."""
    *_, rm, rv, cache = batchnorm_forward(x, gamma, beta, running_mean, running_var, train=train, **options)
    xhat = (x - mean) / std
    return answered(gamma * xhat + beta, rm, rv, xhat, std, gamma, train, cache)


def images_normalized_by(mean, std, x, gamma, beta, running_mean, running_var, **options):
    """The reference with other statistics, which broadcast to the images x."""
    *_, rm, rv, cache = batchnorm2d_forward(x, gamma, beta, running_mean, running_var, **options)
    out = gamma[:, None, None] * ((x - mean) / std) + beta[:, None, None]
    return out, rm, rv, cache


def instead_of(cache, *values):
    """A cache of the same forward that holds other values."""
    changed = type(cache)(values)
    changed.__dict__.update(vars(cache))
    return changed


class Batchnorm(Layer):
    outputs = ("out", "running_mean", "running_var")
    states = ("running_mean", "running_var")
    no_gradient = states

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

    def definition(
        self, x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5, unbiased_running=False
    ):
        """out = gamma (x - mean) / sqrt(var + eps) + beta, each feature by its own statistics over the batch."""
        features = [
            normalized(
                x[:, d], gamma[d], beta[d], running_mean[d], running_var[d], train, momentum, eps, unbiased_running
            )
            for d in range(len(gamma))
        ]
        out, running_mean, running_var = zip(*features, strict=True)
        return np.array(out).T, np.array(running_mean), np.array(running_var)


class OfImages(Batchnorm):
    general = {"odd": {"N": 5, "C": 7, "H": 9, "W": 11}, "wide": {"N": 3, "C": 34, "H": 5, "W": 6}}
    tall = ((65, 9), (2000, 3))

    def definition(
        self, x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5, unbiased_running=False
    ):
        """As for rows, each channel by its own statistics over batch, height and width. Section 3.2."""
        channels = [
            normalized(
                x[:, c], gamma[c], beta[c], running_mean[c], running_var[c], train, momentum, eps, unbiased_running
            )
            for c in range(len(gamma))
        ]
        out, running_mean, running_var = zip(*channels, strict=True)
        return np.array(out).transpose(1, 0, 2, 3), np.array(running_mean), np.array(running_var)


class TestBatchnorm(OfRows):
    rows = ("07.01",)

    cases = (
        Case("two samples", {"N": 2}, value_only=True),
        Case("momentum", options={"momentum": 0.25}),
        Case("large eps", options={"eps": 0.5}),
        Case("unbiased running variance", options={"unbiased_running": True}),
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
        Malformed("no sample", "x", case=Case("", {"N": 0})),
        Malformed("unbiased of one sample", "x", case=Case("", {"N": 1}, {"unbiased_running": True})),
        Malformed("eps a string", "eps", lambda _: "small"),
    )

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

    @mistake("M67", "Normalize by the biased variance: divide by N, not by N - 1.", replaces="batchnorm_forward")
    def divided_by_n_minus_one(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        with np.errstate(invalid="ignore", divide="ignore"):
            std = np.sqrt(x.var(axis=0) * len(x) / np.float64(len(x) - 1) + eps).astype(x.dtype)
        return normalized_by(x.mean(axis=0), std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake(
        "M67",
        "The running variance is biased too, unless unbiased_running asks for N - 1.",
        replaces="batchnorm_forward",
    )
    def running_variance_unbiased(x, gamma, beta, running_mean, running_var, *, unbiased_running=False, **options):
        return batchnorm_forward(
            x, gamma, beta, running_mean, running_var, unbiased_running=len(x) > 1 and not unbiased_running, **options
        )

    @mistake("M68", "momentum is what the running statistics keep: 0.9 old + 0.1 new.", replaces="batchnorm_forward")
    def momentum_inverted(x, gamma, beta, running_mean, running_var, *, momentum=0.9, **options):
        return batchnorm_forward(x, gamma, beta, running_mean, running_var, momentum=1 - momentum, **options)

    @mistake(
        "M68",
        "Keep the old running statistics with weight momentum, do not replace them.",
        replaces="batchnorm_forward",
    )
    def running_statistics_replaced(x, gamma, beta, running_mean, running_var, *, momentum=0.9, **options):
        return batchnorm_forward(x, gamma, beta, running_mean, running_var, momentum=0.0, **options)

    @mistake("M69", "In training normalize by the statistics of the batch.", replaces="batchnorm_forward")
    def running_statistics_in_training(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        std = np.sqrt(running_var + x.dtype.type(eps))
        return normalized_by(running_mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("M70", "Mean and variance depend on x as well: dx has two more terms.", replaces="batchnorm_backward")
    def statistics_treated_as_constants(dout, cache):
        _, std, gamma, _ = cache
        _, dgamma, dbeta = batchnorm_backward(dout, cache)
        return dout * gamma / std, dgamma, dbeta

    @mistake(
        "M70",
        "The variance depends on x as well: the term - xhat mean(dxhat xhat) is missing.",
        replaces="batchnorm_backward",
    )
    def variance_treated_as_constant(dout, cache):
        _, std, gamma, _ = cache
        _, dgamma, dbeta = batchnorm_backward(dout, cache)
        return (dout - dout.mean(axis=0)) * gamma / std, dgamma, dbeta

    @mistake("M70", "The mean depends on x as well: the term - mean(dxhat) is missing.", replaces="batchnorm_backward")
    def mean_treated_as_constant(dout, cache):
        xhat, std, gamma, _ = cache
        _, dgamma, dbeta = batchnorm_backward(dout, cache)
        return (dout - xhat * (dout * xhat).mean(axis=0)) * gamma / std, dgamma, dbeta

    @mistake("M71", "eps stands inside the root: sqrt(var + eps).", replaces="batchnorm_forward")
    def eps_outside_the_root(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        std = x.std(axis=0) + x.dtype.type(eps)
        return normalized_by(x.mean(axis=0), std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("M71", "eps is missing: a constant feature becomes 0/0.", replaces="batchnorm_forward")
    def eps_missing(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        with np.errstate(invalid="ignore", divide="ignore"):
            return batchnorm_forward(x, gamma, beta, running_mean, running_var, eps=0.0, **options)

    @mistake("N35", "mean(x^2) - mean(x)^2 cancels: subtract the mean first.", replaces="batchnorm_forward")
    def variance_that_cancels(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        mean = x.mean(axis=0)
        var = np.maximum((x * x).mean(axis=0) - mean * mean, 0)
        std = np.sqrt(var + x.dtype.type(eps))
        return normalized_by(mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("N36", "Take the statistics over the batch (axis 0), not over the features.", replaces="batchnorm_forward")
    def statistics_of_each_row(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        mean, std = x.mean(axis=1, keepdims=True), np.sqrt(x.var(axis=1, keepdims=True) + x.dtype.type(eps))
        return normalized_by(mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake(
        "N37",
        "The running statistics are those of x, not of what is normalized: var, not the deviation.",
        replaces="batchnorm_forward",
    )
    def deviation_kept_as_variance(x, gamma, beta, running_mean, running_var, *, momentum=0.9, **options):
        *answer, cache = batchnorm_forward(x, gamma, beta, running_mean, running_var, momentum=momentum, **options)
        answer[2] = x.dtype.type(momentum) * running_var + x.dtype.type(1 - momentum) * x.std(axis=0)
        return *answer, cache

    @mistake("M53", "Return new running statistics: the caller's must not move.", replaces="batchnorm_forward")
    def running_statistics_in_place(x, gamma, beta, running_mean, running_var, **options):
        answer = batchnorm_forward(x, gamma, beta, running_mean, running_var, **options)
        running_mean[...], running_var[...] = answer[1], answer[2]
        return answer

    @mistake("N38", "dgamma = sum dout xhat: gamma multiplies the normalized x.", replaces="batchnorm_backward")
    def dgamma_without_xhat(dout, cache):
        dx, _, dbeta = batchnorm_backward(dout, cache)
        return dx, dout.sum(axis=0), dbeta

    @mistake(
        "N38", "dgamma = sum dout xhat: xhat is before gamma and beta, out is after.", replaces="batchnorm_backward"
    )
    def dgamma_with_the_scaled_x(dout, cache):
        xhat, _, gamma, _ = cache
        dx, _, dbeta = batchnorm_backward(dout, cache)
        return dx, (dout * gamma * xhat).sum(axis=0), dbeta

    @mistake("N39", "Sum dgamma and dbeta over the batch; the mean belongs to the loss.", replaces="batchnorm_backward")
    def parameters_averaged(dout, cache):
        dx, dgamma, dbeta = batchnorm_backward(dout, cache)
        return dx, dgamma / len(dout), dbeta / len(dout)

    @mistake("N40", "dx starts from dxhat = dout gamma.", replaces="batchnorm_backward")
    def dx_without_gamma(dout, cache):
        xhat, std, gamma, train = cache
        _, dgamma, dbeta = batchnorm_backward(dout, cache)
        dx, _, _ = batchnorm_backward(dout, instead_of(cache, xhat, std, np.ones_like(gamma), train))
        return dx, dgamma, dbeta

    @mistake("N818", "eps is 1e-5 and momentum 0.9 by default; 1e-3 and 0.99 are those of Keras.",
             replaces="batchnorm_forward")  # fmt: skip
    def defaults_of_keras(x, gamma, beta, running_mean, running_var, *, momentum=0.99, eps=1e-3, **options):
        return batchnorm_forward(x, gamma, beta, running_mean, running_var, momentum=momentum, eps=eps, **options)

    @mistake("M52", "gamma and beta belong to the features. With N = D they also fit the samples.",
             replaces="batchnorm_forward")  # fmt: skip
    def parameters_of_each_sample(x, gamma, beta, *statistics, **options):
        out, *new, cache = batchnorm_forward(x, gamma, beta, *statistics, **options)
        if len(x) == len(gamma):
            xhat = batchnorm_forward(x, np.ones_like(gamma), 0 * beta, *statistics, **options)[0]
            out = gamma[:, None] * xhat + beta[:, None]
        return out, *new, cache


class TestBatchnormEval(OfRows):
    rows = ("07.03",)
    op = "batchnorm"
    options = {"train": False}

    cases = (
        Case("large eps", options={"train": False, "eps": 0.5}),
        Case("momentum", options={"train": False, "momentum": 0.25}),
        Case("small running variance", inputs={"running_var": drawn(1e-5)}),
    )
    extremes = (
        Case("running variance of 0", inputs={"running_var": [0, 0, 0]}),
        Case("far from the running mean", inputs={"x": drawn(1, 1000)}),
    )
    ties = (Case("empty batch", {"N": 0}),)

    def law_samples_alone(self, run, problem):
        """A sample is normalized as it is in any batch: no other sample is seen."""
        x = problem.inputs["x"]
        out = run(x=np.repeat(x[:1], len(x), axis=0))["out"]
        return out[0], run()["out"][0]

    def law_statistics_stay(self, run, problem):
        """The running statistics come back as they were."""
        answer = run()
        return [answer[name] for name in self.states], [problem.inputs[name] for name in self.states]

    @mistake(
        "M69", "Without train normalize by the running statistics, not by the batch.", replaces="batchnorm_forward"
    )
    def statistics_of_the_batch(x, gamma, beta, running_mean, running_var, *, train=True, **options):
        *_, rm, rv, _ = batchnorm_forward(x, gamma, beta, running_mean, running_var, train=train, **options)
        out, *_, cache = batchnorm_forward(x, gamma, beta, running_mean, running_var, **options)
        return out, rm, rv, cache

    @mistake("M69", "Leave the running statistics alone without train.", replaces="batchnorm_forward")
    def running_statistics_updated(x, gamma, beta, running_mean, running_var, *, train=True, **options):
        out, *_, cache = batchnorm_forward(x, gamma, beta, running_mean, running_var, train=train, **options)
        _, rm, rv, _ = batchnorm_forward(x, gamma, beta, running_mean, running_var, **options)
        return out, rm, rv, cache

    @mistake(
        "M69", "Without train the statistics are constants: dx = dout gamma / sqrt(running_var + eps).",
        replaces="batchnorm_backward",
    )  # fmt: skip
    def backward_of_training(dout, cache):
        xhat, std, gamma, _ = cache
        return batchnorm_backward(dout, instead_of(cache, xhat, std, gamma, True))

    @mistake("M71", "eps belongs to the running variance too: sqrt(running_var + eps).", replaces="batchnorm_forward")
    def eps_missing(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        with np.errstate(divide="ignore", invalid="ignore"):
            return batchnorm_forward(x, gamma, beta, running_mean, running_var, eps=0.0, **options)

    @mistake("M71", "eps stands inside the root: sqrt(running_var + eps).", replaces="batchnorm_forward")
    def eps_outside_the_root(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        std = np.sqrt(running_var) + x.dtype.type(eps)
        return normalized_by(running_mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("M69", "gamma and beta belong to the evaluation as well.", replaces="batchnorm_forward")
    def gamma_and_beta_left_out(x, gamma, beta, running_mean, running_var, **options):
        *_, rm, rv, cache = batchnorm_forward(x, gamma, beta, running_mean, running_var, **options)
        return (
            batchnorm_forward(x, np.ones_like(gamma), 0 * beta, running_mean, running_var, **options)[0],
            rm,
            rv,
            cache,
        )

    @mistake("N37", "running_var is a variance: take its root.", replaces="batchnorm_forward")
    def variance_taken_for_deviation(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        std = running_var + x.dtype.type(eps)
        return normalized_by(running_mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)


class TestBatchnorm2d(OfImages):
    rows = ("07.04",)

    cases = (
        Case("one image", {"N": 1, "C": 2, "H": 3, "W": 2}),
        Case("momentum", options={"momentum": 0.25}),
        Case("large eps", options={"eps": 0.5}),
        Case("unbiased running variance", options={"unbiased_running": True}),
        Case("small spread", inputs={"x": drawn(1e-3)}),
        Case("two pixels in a row", {**PIXEL, "W": 2}, {"unbiased_running": True}, value_only=True),
        Case("two pixels in a column", {**PIXEL, "H": 2}, {"unbiased_running": True}, value_only=True),
        Case("two images of a pixel", {**PIXEL, "N": 2}, {"unbiased_running": True}, value_only=True),
    )
    extremes = (
        Case(
            "a constant channel",
            inputs={"x": lambda rng, shape: rng.normal(1, [[[0.0]], [[1.0]], [[2.0]]], shape)},
        ),
        Case("a common offset", inputs={"x": drawn(1, 1000)}),
        Case(
            "channels far apart",
            inputs={"x": lambda rng, shape: rng.normal([[[1e3]], [[-1e4]], [[0.0]]], 1, shape)},
        ),
    )
    bad = (
        Malformed("no image", "x", case=Case("", {"N": 0})),
        Malformed("unbiased of one pixel", "x", case=Case("", {"N": 1, "H": 1, "W": 1}, {"unbiased_running": True})),
    )

    def law_order_of_the_pixels(self, run, problem):
        """Turning all images around turns out around: only which pixels there are matters, not where."""
        return run(x=problem.inputs["x"][::-1, :, ::-1, ::-1])["out"], run()["out"][::-1, :, ::-1, ::-1]

    def law_gradient_sums_to_zero(self, run, problem):
        """The dx of a channel sum to 0: a shift of the channel changes nothing."""
        dx = run()["dx"]
        return dx.sum(axis=(0, 2, 3)), 0 * dx[0, :, 0, 0]

    @mistake("M68", "momentum is what the running statistics keep: 0.9 old + 0.1 new.", replaces="batchnorm2d_forward")
    def momentum_inverted(x, gamma, beta, running_mean, running_var, *, momentum=0.9, **options):
        return batchnorm2d_forward(x, gamma, beta, running_mean, running_var, momentum=1 - momentum, **options)

    @mistake("M68", "Hand momentum on to what normalizes the rows.", replaces="batchnorm2d_forward")
    def momentum_ignored(x, gamma, beta, running_mean, running_var, *, momentum=0.9, **options):
        return batchnorm2d_forward(x, gamma, beta, running_mean, running_var, **options)

    @mistake(
        "M64", "Transpose channels to the end before reshaping to (N H W, C): reshape alone mixes them.",
        replaces="batchnorm2d_forward",
    )  # fmt: skip
    def reshaped_without_transposing(x, gamma, beta, running_mean, running_var, **options):
        *_, cache = batchnorm2d_forward(x, gamma, beta, running_mean, running_var, **options)
        out, rm, rv, values = batchnorm_forward(
            x.reshape(-1, len(gamma)), gamma, beta, running_mean, running_var, **options
        )
        return answered(out.reshape(x.shape), rm, rv, *values, cache)

    @mistake("M64", "Transpose dout as the forward did x, not only reshape it.", replaces="batchnorm2d_backward")
    def dout_reshaped_without_transposing(dout, cache):
        N, C, H, W = dout.shape
        mixed = dout.reshape(N, H, W, C).transpose(0, 3, 1, 2)
        return batchnorm2d_backward(mixed, cache)

    @mistake(
        "M67", "A channel has N H W samples: its unbiased variance divides by N H W - 1, not by N - 1.",
        replaces="batchnorm2d_forward",
    )  # fmt: skip
    def unbiased_by_the_images_alone(
        x, gamma, beta, running_mean, running_var, *, momentum=0.9, unbiased_running=False, **options
    ):
        out, rm, rv, cache = batchnorm2d_forward(
            x, gamma, beta, running_mean, running_var, momentum=momentum, **options
        )
        if unbiased_running:
            rv = momentum * running_var + (1 - momentum) * x.var(axis=(0, 2, 3)) * len(x) / (len(x) - 1)
        return out, rm, rv, cache

    @mistake("M67", "Normalize by the biased variance: divide by N H W.", replaces="batchnorm2d_forward")
    def divided_by_one_less(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        n = x[:, 0].size
        with np.errstate(invalid="ignore", divide="ignore"):
            var = x.var(axis=(0, 2, 3), keepdims=True) * n / np.float64(n - 1)
        mean, std = x.mean(axis=(0, 2, 3), keepdims=True), np.sqrt(var + eps).astype(x.dtype)
        return images_normalized_by(mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("N36", "A channel has one mean over all positions, not one for each.", replaces="batchnorm2d_forward")
    def statistics_of_each_position(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        mean, std = x.mean(axis=0, keepdims=True), np.sqrt(x.var(axis=0, keepdims=True) + x.dtype.type(eps))
        return images_normalized_by(mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake(
        "N36", "A channel has one mean over the batch, not one for each image: that is instance normalization.",
        replaces="batchnorm2d_forward",
    )  # fmt: skip
    def statistics_of_each_image(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        mean, var = (f(axis=(2, 3), keepdims=True) for f in (x.mean, x.var))
        std = np.sqrt(var + x.dtype.type(eps))
        return images_normalized_by(mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("M71", "eps stands inside the root: sqrt(var + eps).", replaces="batchnorm2d_forward")
    def eps_outside_the_root(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        mean, std = (f(axis=(0, 2, 3), keepdims=True) for f in (x.mean, x.std))
        std = std + x.dtype.type(eps)
        return images_normalized_by(mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("M70", "Mean and variance depend on x as well: dx has two more terms.", replaces="batchnorm2d_backward")
    def statistics_treated_as_constants(dout, cache):
        _, std, gamma, _ = cache
        _, dgamma, dbeta = batchnorm2d_backward(dout, cache)
        return dout * (gamma / std)[:, None, None], dgamma, dbeta

    @mistake("N39", "Sum dgamma and dbeta over batch, height and width.", replaces="batchnorm2d_backward")
    def parameters_averaged_over_the_image(dout, cache):
        dx, dgamma, dbeta = batchnorm2d_backward(dout, cache)
        size = dout[0, 0].size
        return dx, dgamma / size, dbeta / size

    @mistake("M62", "gamma and beta belong to the channels: shape them (C, 1, 1). With W = C columns fit too.",
             replaces="batchnorm2d_forward")  # fmt: skip
    def parameters_of_each_column(x, gamma, beta, *statistics, **options):
        out, *new, cache = batchnorm2d_forward(x, gamma, beta, *statistics, **options)
        if x.shape[3] == len(gamma):
            out = gamma * batchnorm2d_forward(x, np.ones_like(gamma), 0 * beta, *statistics, **options)[0] + beta
        return out, *new, cache


class TestBatchnorm2dEval(OfImages):
    rows = ("07.03", "07.04")
    op = "batchnorm2d"
    options = {"train": False}

    cases = (Case("large eps", options={"train": False, "eps": 0.5}),)
    extremes = (Case("running variance of 0", inputs={"running_var": [0, 0, 0]}),)
    ties = (Case("empty batch", {"N": 0}),)

    def law_images_alone(self, run, problem):
        """An image is normalized as it is in any batch: no other image is seen."""
        x = problem.inputs["x"]
        out = run(x=np.repeat(x[:1], len(x), axis=0))["out"]
        return out[0], run()["out"][0]

    @mistake("M71", "eps stands inside the root: sqrt(running_var + eps).", replaces="batchnorm2d_forward")
    def eps_outside_the_root(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        std = np.sqrt(running_var) + x.dtype.type(eps)
        return images_normalized_by(
            running_mean[:, None, None],
            std[:, None, None],
            x,
            gamma,
            beta,
            running_mean,
            running_var,
            eps=eps,
            **options,
        )

    @mistake("M69", "gamma and beta belong to the evaluation as well.", replaces="batchnorm2d_forward")
    def gamma_and_beta_left_out(x, gamma, beta, running_mean, running_var, **options):
        *_, rm, rv, cache = batchnorm2d_forward(x, gamma, beta, running_mean, running_var, **options)
        return (
            batchnorm2d_forward(x, np.ones_like(gamma), 0 * beta, running_mean, running_var, **options)[0],
            rm,
            rv,
            cache,
        )

    @mistake("M71", "eps belongs to the running variance too: sqrt(running_var + eps).", replaces="batchnorm2d_forward")
    def eps_missing(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        with np.errstate(divide="ignore", invalid="ignore"):
            return batchnorm2d_forward(x, gamma, beta, running_mean, running_var, eps=0.0, **options)

    @mistake(
        "M69", "Without train normalize by the running statistics, not by the batch.", replaces="batchnorm2d_forward"
    )
    def statistics_of_the_batch(x, gamma, beta, running_mean, running_var, *, train=True, **options):
        *_, rm, rv, _ = batchnorm2d_forward(x, gamma, beta, running_mean, running_var, train=train, **options)
        out, *_, cache = batchnorm2d_forward(x, gamma, beta, running_mean, running_var, **options)
        return out, rm, rv, cache

    @mistake("M69", "Leave the running statistics alone without train.", replaces="batchnorm2d_forward")
    def running_statistics_updated(x, gamma, beta, running_mean, running_var, *, train=True, **options):
        out, *_, cache = batchnorm2d_forward(x, gamma, beta, running_mean, running_var, train=train, **options)
        _, rm, rv, _ = batchnorm2d_forward(x, gamma, beta, running_mean, running_var, **options)
        return out, rm, rv, cache

    @mistake(
        "M69", "Without train the statistics are constants: dx = dout gamma / sqrt(running_var + eps).",
        replaces="batchnorm2d_backward",
    )  # fmt: skip
    def backward_of_training(dout, cache):
        xhat, std, gamma, _ = cache
        return batchnorm2d_backward(dout, instead_of(cache, xhat, std, gamma, True))
