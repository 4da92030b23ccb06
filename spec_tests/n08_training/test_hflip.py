"""Horizontal flip: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import hflip_backward, hflip_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake


def every_second(rng, shape):
    return np.arange(*shape) % 2 == 0


class TestHflip(Layer):
    rows = ("08.08",)

    def definition(self, x, mask):
        """out_ncij = x_{n,c,i,W-1-j} where mask_n, else x_ncij."""
        return np.array([sample[..., ::-1] if flipped else sample for sample, flipped in zip(x, mask, strict=True)])

    def law_twice_is_not_at_all(self, run, problem):
        """A flipped image, flipped again, is the image."""
        return run(x=run()["out"].astype(problem.dtype))["out"], problem.inputs["x"]

    general = {"wide": {"N": 3, "C": 5, "H": 7, "W": 67}}
    cases = (
        Case("some of them", N=4, H=2, inputs={"mask": every_second}),
        Case("all of them", inputs={"mask": lambda rng, shape: np.ones(shape, bool)}),
        Case("none of them", inputs={"mask": lambda rng, shape: np.zeros(shape, bool)}),
        Case("square", N=3, C=3, H=3, W=3, inputs={"mask": every_second}),
        Case("a single column", W=1),
    )
    ties = (
        Case("empty batch", N=0),
        Case("infinity and NaN", N=1, C=1, H=1, W=3, inputs={"x": [[[[np.inf, 1, np.nan]]]], "mask": [True]}),
    )
    bad = (Malformed("a draw for each pixel", "mask", lambda mask: np.repeat(mask[:, None], 4, axis=1), ("x",)),)

    def cases_of_scale(self):
        return [Case("many samples", N=257, C=3, H=5, W=7), Case("large images", N=2, C=3, H=123, W=131)]

    @mistake("N909", replaces="hflip_forward")
    def upside_down(x, mask):
        """Left and right change places: turn the last axis around, not the rows."""
        _, cache = hflip_forward(x, mask)
        return np.where(mask[:, None, None, None], x[:, :, ::-1], x), cache

    @mistake("N909", replaces="hflip_forward")
    def turned_by_half_a_turn(x, mask):
        """Turn the columns around alone: with the rows it is a rotation."""
        _, cache = hflip_forward(x, mask)
        return np.where(mask[:, None, None, None], x[:, :, ::-1, ::-1], x), cache

    @mistake("N909", replaces="hflip_forward")
    def channels_turned_around(x, mask):
        """x is (N, C, H, W): the columns are the last axis, not the channels."""
        _, cache = hflip_forward(x, mask)
        return np.where(mask[:, None, None, None], x[:, ::-1], x), cache

    @mistake("M77", replaces="hflip_forward")
    def one_draw_for_the_batch(x, mask):
        """Each sample has a draw of its own, mask[n]."""
        same = np.full_like(mask, mask[:1].any())
        out, _ = hflip_forward(x, same)
        return out, hflip_forward(x, mask)[1]

    @mistake("M77", replaces="hflip_forward")
    def always_flipped(x, mask):
        """Flip where the mask says so, and leave the other images alone."""
        out, _ = hflip_forward(x, np.ones_like(mask))
        return out, hflip_forward(x, mask)[1]

    @mistake("N910", replaces="hflip_forward")
    def mask_inverted(x, mask):
        """True says that the image is flipped."""
        return hflip_forward(x, ~mask)

    @mistake("N911", replaces="hflip_backward")
    def gradient_not_flipped_back(dout, cache):
        """The gradient of a flipped image is flipped as well."""
        hflip_backward(dout, cache)
        return dout.copy()
