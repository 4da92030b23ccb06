"""Concatenation of channels: definition, a law, cases and classic mistakes."""

import numpy as np

from nnspec.reference import concat_channels_backward, concat_channels_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake


class TestConcatChannels(Layer):
    rows = ("07.16",)

    def definition(self, x1, x2, x3=None, x4=None):
        """out_nc = x1_nc for c < C1, then x2_{n,c-C1}, … Szegedy et al. 2014, figure 2."""
        given = [x for x in (x1, x2, x3, x4) if x is not None]
        return np.array([[channel for x in given for channel in x[n]] for n in range(len(x1))])

    def law_one_branch_does_not_see_the_others(self, run, problem):
        """Other numbers in x2 leave the channels of x1 as they are."""
        C1 = problem.inputs["x1"].shape[1]
        return run(x2=-problem.inputs["x2"])["out"][:, :C1], run()["out"][:, :C1]

    sizes = {"N": 2, "C1": 3, "C2": 2, "C3": 1, "C4": 4, "H": 2, "W": 3}
    general = {
        "odd": {"N": 3, "C1": 5, "C2": 1, "C3": 7, "C4": 2, "H": 5, "W": 7},
        "wide": {"N": 2, "C1": 33, "C2": 5, "C3": 65, "C4": 17, "H": 3, "W": 5},
    }
    cases = (
        Case("two branches", without=("x3", "x4")),
        Case("three branches", H=1, without=("x4",)),
        Case("branches of one channel", C1=1, C2=1, C3=1, C4=1),
    )
    ties = (
        Case("empty batch", N=0),
        Case("a branch without channels", C2=0),
        Case("infinity and NaN", N=1, H=1, W=1, C1=1, C2=2, inputs={"x1": [[[[np.inf]]]], "x2": [[[[np.nan]], [[1]]]]}),
        Case("without two of them", without=("x3", "x4")),
    )
    bad = (
        Malformed("images of another size", "x2", lambda x: x[:, :, 1:], ("x1", "x3", "x4")),
        Malformed("fewer samples", "x2", lambda x: x[1:], ("x1", "x3", "x4")),
    )

    def cases_of_scale(self):
        return [Case("many samples", N=257, C1=3, C2=2, C3=1, C4=5, H=4, W=5), Case("large images", N=1, H=123, W=131)]

    @mistake("N903", replaces="concat_channels_forward")
    def in_reverse_order(x1, x2, x3=None, x4=None):
        """The channels of x1 come first, then those of x2: in the order of the arguments."""
        out, cache = concat_channels_forward(x1, x2, x3, x4)
        return np.concatenate([x for x in (x4, x3, x2, x1) if x is not None], axis=1), cache

    @mistake("M64", replaces="concat_channels_forward")
    def joined_as_flat_arrays(x1, x2, x3=None, x4=None):
        """Concatenate along the channels, axis=1: joined flat and reshaped, the samples are mixed."""
        out, cache = concat_channels_forward(x1, x2, x3, x4)
        given = [x.ravel() for x in (x1, x2, x3, x4) if x is not None]
        return np.concatenate(given).reshape(out.shape), cache

    @mistake("N903", replaces="concat_channels_forward")
    def channels_taken_in_turns(x1, x2, x3=None, x4=None):
        """All channels of a branch stay together: they are not taken in turns."""
        out, cache = concat_channels_forward(x1, x2, x3, x4)
        counts = [x.shape[1] for x in (x1, x2, x3, x4) if x is not None]
        order = np.argsort(np.concatenate([np.arange(count) for count in counts]), kind="stable")
        return out[:, order], cache

    @mistake("N904", replaces="concat_channels_backward")
    def each_branch_from_the_first_channel(dout, cache):
        """Split where the branches were joined: the gradient of x2 begins behind the channels of x1."""
        return tuple(None if channels is None else dout[:, :channels].copy() for channels in cache)

    @mistake("M55", replaces="concat_channels_backward")
    def gradients_added_up(dout, cache):
        """Each branch has the gradient of its own channels. Only what went into several branches has a sum."""
        gradients = concat_channels_backward(dout, cache)
        smallest = min(d.shape[1] for d in gradients if d is not None)
        total = sum(d[:, :smallest] for d in gradients if d is not None)
        return tuple(None if d is None else np.concatenate([total, d[:, smallest:]], axis=1) for d in gradients)

    @mistake("N904", replaces="concat_channels_backward")
    def split_evenly(dout, cache):
        """Branches may have different numbers of channels: remember how many each has."""
        gradients, given = [], [channels for channels in cache if channels is not None]
        for i, channels in enumerate(cache):
            start = min(i * (dout.shape[1] // len(given)), dout.shape[1] - (channels or 0))
            gradients.append(None if channels is None else dout[:, start : start + channels].copy())
        return tuple(gradients)
