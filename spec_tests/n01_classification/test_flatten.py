"""Images as rows: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import flatten_backward, flatten_forward
from nnspec.spec_tests._kinds import Case, Layer, mistake


class TestFlatten(Layer):
    rows = ("01.15",)

    def definition(self, x):
        """out_n = (x_n,0…0, x_n,0…1, …): the last axis is fastest. CS231n, assignment 1."""
        return np.array([[x[n, *index] for index in np.ndindex(*x.shape[1:])] for n in range(len(x))], object)

    def law_images_stay_together(self, run, problem):
        """A row is one image: another first image changes no other row."""
        x = problem.inputs["x"].copy()
        x[0] += 1
        return run(x=x)["out"][1:], run()["out"][1:]

    apart = (1,)  # images of 67 x 67 x 67 pixels show no more than those of "wide"
    sizes = {"N": 2, "d": (3, 2, 4)}
    general = {
        "square": {"N": 3, "d": (3, 3)},
        "odd": {"N": 5, "d": (3, 7, 9)},
        "wide": {"N": 3, "d": (3, 34, 65)},
        "explained": {"N": 2, "d": (1, 2)},
    }
    cases = (
        Case("rows already", {"N": 3, "d": (4,)}),
        Case("grey images", {"N": 2, "d": (3, 3)}),
        Case("as many channels as samples", {"N": 3, "d": (3, 3, 3)}),
        Case("numbers", {"N": 3, "d": ()}),
    )
    ties = (
        Case("no images", N=0),
        Case("images of no pixel", {"d": (3, 0, 2)}),
        Case("no image of no pixel", {"N": 0, "d": (0,)}),
    )

    @mistake("M64", replaces="flatten_forward")
    def last_axis_first(x):
        """Keep the order of the axes: a row runs through them with the last one fastest."""
        out, cache = flatten_forward(x)
        return x.transpose(0, *range(x.ndim - 1, 0, -1)).reshape(out.shape), cache

    @mistake("M64", replaces="flatten_forward")
    def channels_moved_last(x):
        """(N, C, H, W) is flattened as it stands: moved to (N, H, W, C) its columns are other pixels."""
        out, cache = flatten_forward(x)
        return np.moveaxis(x, 1, -1).reshape(out.shape) if x.ndim > 2 else out, cache

    @mistake("M64", replaces="flatten_forward")
    def images_mixed(x):
        """The batch stays the first axis: reshape to (N, D), and do not transpose a (D, N)."""
        out, cache = flatten_forward(x)
        return out.reshape(out.shape[::-1]).T.copy(), cache

    @mistake("M50", replaces="flatten_backward")
    def gradient_left_flat(dout, cache):
        """dx has the shape of x."""
        return flatten_backward(dout, cache).reshape(dout.shape)

    @mistake("M64", replaces="flatten_backward")
    def gradient_in_another_order(dout, cache):
        """Backward undoes the reshape and nothing else: no axis changes places."""
        (shape,) = cache
        return dout.reshape(shape[0], *shape[:0:-1]).transpose(0, *range(len(shape) - 1, 0, -1)).copy()

    @mistake("N1330", replaces="flatten_forward")
    def a_view_of_x(x):
        """Return an array of its own: a view of x changes with it."""
        out, cache = flatten_forward(x)
        return x.reshape(out.shape), cache
