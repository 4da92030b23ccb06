"""Per-channel normalization: statistics, normalized images and back; definitions, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import (
    channel_denormalize,
    channel_normalize_backward,
    channel_normalize_forward,
    channel_stats,
)
from nnspec.spec_tests._kinds import Case, Function, Layer, Malformed, mistake
from nnspec.spec_tests._truth import named, sqrt

ACROSS = (slice(None), None, None)
WIDE = {"wide": {"N": 3, "C": 5, "H": 7, "W": 67}}


def many():
    return [Case("many images", N=257, C=3, H=5, W=7), Case("large images", N=2, C=3, H=65, W=67)]


class TestChannelStats(Function):
    rows = ("08.06",)
    outputs = ("mean", "std")

    def definition(self, x):
        """mean_c = 1/(N H W) sum x_ncij, std_c = sqrt(1/(N H W) sum (x_ncij - mean_c)^2). CS231n notes."""
        channels = [x[:, c].ravel() for c in range(x.shape[1])]
        mean = [named(sum(one) / len(one)) for one in channels]
        var = [named(sum((one - m) ** 2) / len(one)) for one, m in zip(channels, mean, strict=True)]
        return np.array(mean), sqrt(np.array(var))

    def law_of_scaled_images(self, run, problem):
        """Images that are twice as bright have twice the statistics."""
        twice, once = run(x=2 * problem.inputs["x"]), run()
        return np.append(twice["mean"], twice["std"]), 2 * np.append(once["mean"], once["std"])

    trivial = ("N", "H", "W")
    general = WIDE
    cases = (Case("images of one pixel", N=5, H=1, W=1),)
    extremes = (
        Case("a common offset", inputs={"x": lambda rng, shape: 1000 + rng.standard_normal(shape)}),
        Case("a constant channel", C=1, inputs={"x": lambda rng, shape: np.full(shape, 0.5)}),
    )
    ties = (Case("no channels", C=0),)
    bad = (Malformed("no images", "x", N=0), Malformed("no columns", "x", W=0), Malformed("no rows", "x", H=0))
    cases_of_scale = staticmethod(many)

    @mistake("N905", replaces="channel_stats")
    def of_each_pixel(x):
        """A channel has one mean over all images and pixels, not one for each pixel: this mean is that of the first."""
        mean, std = channel_stats(x)
        return x[:, :, 0, 0].mean(axis=0), std

    @mistake("N905", replaces="channel_stats")
    def of_all_channels_together(x):
        """Each channel has its own mean and std: leave axis 1 out of the average."""
        mean, std = channel_stats(x)
        return np.full_like(mean, x.mean()), np.full_like(std, x.std())

    @mistake("M64", replaces="channel_stats")
    def channels_last(x):
        """x is (N, C, H, W): average over the axes 0, 2 and 3. Reshaped to (…, C) the channels are mixed."""
        rows = x.reshape(-1, x.shape[1])
        return rows.mean(axis=0), rows.std(axis=0)

    @mistake("M67", replaces="channel_stats")
    def divided_by_one_less(x):
        """The std divides by N H W, all numbers of a channel."""
        mean, std = channel_stats(x)
        n = x[:, 0].size
        return mean, std * x.dtype.type((n / max(1, n - 1)) ** 0.5)

    @mistake("N906", replaces="channel_stats")
    def variance_for_deviation(x):
        """Take the root: std is what is divided by."""
        mean, std = channel_stats(x)
        return mean, std * std

    @mistake("N906", replaces="channel_stats")
    def mean_of_the_deviations_of_images(x):
        """The std is that of all images together: the mean of theirs leaves out how they differ."""
        mean, _ = channel_stats(x)
        return mean, x.std(axis=(2, 3)).mean(axis=0)


class TestChannelNormalize(Layer):
    rows = ("08.06",)
    no_gradient = ("mean", "std")

    def definition(self, x, mean, std):
        """out_ncij = (x_ncij - mean_c) / std_c."""
        return (x - mean[ACROSS]) / std[ACROSS]

    def law_statistics_are_given(self, run, problem):
        """An image is normalized as it is in any batch: not by its own statistics."""
        x = problem.inputs["x"]
        return run(x=np.repeat(x[:1], len(x), axis=0))["out"][0], run()["out"][0]

    general = WIDE
    cases = (Case("as many channels as columns", C=3, W=3),)
    extremes = (Case("a small std", inputs={"std": lambda rng, shape: 1e-6 * (1 + rng.random(shape))}),)
    ties = (Case("empty batch", N=0), Case("no channels", C=0))
    bad = (
        Malformed("a std of 0", "std", lambda std: 0 * std),
        Malformed("a negative std", "std", lambda std: -std),
        Malformed("a std of NaN", "std", lambda std: std * np.nan),
    )
    cases_of_scale = staticmethod(many)

    def draw(self, case, dims, dtype):
        """A std is positive."""
        inputs = super().draw(case, dims, dtype)
        return inputs | {"std": abs(inputs["std"])}

    @mistake("M76", replaces="channel_normalize_forward")
    def by_its_own_statistics(x, mean, std):
        """Use the statistics that are given, those of the training images: not the ones of the batch."""
        _, cache = channel_normalize_forward(x, mean, std)
        own_mean, own_std = channel_stats(x) if x.size else (mean, std)
        return (x - own_mean[ACROSS]) / (own_std + (own_std == 0))[ACROSS], cache

    @mistake("N907", replaces="channel_normalize_forward")
    def mean_not_taken_away(x, mean, std):
        """Take the mean away before dividing."""
        _, cache = channel_normalize_forward(x, mean, std)
        return x / std[ACROSS], cache

    @mistake("N907", replaces="channel_normalize_forward")
    def divided_by_the_variance(x, mean, std):
        """Divide by std, not by its square."""
        out, cache = channel_normalize_forward(x, mean, std)
        return out / std[ACROSS], cache

    @mistake("M62", replaces="channel_normalize_forward")
    def statistics_of_each_column(x, mean, std):
        """mean and std belong to the channels: shape them (C, 1, 1). With W = C columns fit too."""
        out, cache = channel_normalize_forward(x, mean, std)
        return (x - mean) / std if x.shape[3] == len(mean) else out, cache

    @mistake("N908", replaces="channel_normalize_backward")
    def gradient_not_scaled(dout, cache):
        """dx = dout / std: the division belongs to the gradient, too."""
        channel_normalize_backward(dout, cache)
        return dout.copy()


class TestChannelDenormalize(Function):
    rows = ("08.06",)

    def definition(self, x, mean, std):
        """out_ncij = std_c x_ncij + mean_c."""
        return std[ACROSS] * x + mean[ACROSS]

    def law_takes_back_the_normalization(self, run, problem):
        """(x - mean) / std goes back to x."""
        x, mean, std = problem.inputs.values()
        return run(x=(x - mean[ACROSS]) / std[ACROSS])["out"], x

    general = WIDE
    ties = (Case("empty batch", N=0),)
    cases_of_scale = staticmethod(many)

    @mistake("N907", replaces="channel_denormalize")
    def mean_added_before(x, mean, std):
        """Backwards, the order turns around: first times std, then plus mean."""
        return std[ACROSS] * (x + mean[ACROSS])

    @mistake("N907", replaces="channel_denormalize")
    def mean_scaled_away(x, mean, std):
        """Add the mean."""
        return channel_denormalize(x, 0 * mean, std)
