"""2-D max pooling: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import max_pool2d_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake, variant
from nnspec.spec_tests._truth import named, where_positive
from nnspec.spec_tests.n06_convolution._images import (
    below_any_filler,
    minus_infinity,
    negative,
    of_few_values,
    one_large_entry,
    with_an_entry,
)

BOTH_ZEROS = {"x": [[[[-0.0, 0.0, 0.0, -0.0], [0.0, -1.0, -0.0, -1.0]]]]}


class TestMaxPool2d(Layer):
    rows = ("06.13",)

    def definition(self, x, *, k=2, stride=None, pad=0):
        """out_ncij = max of x over the k x k window from (i stride - pad, j stride - pad). CS231n, "Pooling layer"."""
        stride = stride or k
        N, C, H, W = x.shape
        top, left = (range(-pad, size + pad - k + 1, stride) for size in (H, W))
        out = np.empty((N, C, len(top), len(left)), object)
        for n, c, i, j in np.ndindex(*out.shape):
            rows, columns = (slice(max(0, at), at + k) for at in (top[i], left[j]))
            first, *rest = x[n, c, rows, columns].ravel()
            for entry in rest:
                first = named(larger(entry, first))
            out[n, c, i, j] = first
        return out

    def law_gives_away_what_it_gets(self, run, problem):
        """sum dx = sum dout, also where all entries of a window are equal."""
        dout = problem.douts[0].sum()
        return [run()["dx"].sum(), run(x=0 * problem.inputs["x"])["dx"].sum()], [dout, dout]

    def law_ignores_the_order_in_a_window(self, run, problem):
        """Turning every window around changes no maximum."""
        x = problem.inputs["x"]
        N, C, H, W = x.shape
        windows = x.reshape(N, C, H // 2, 2, W // 2, 2)
        return run(x=windows[:, :, :, ::-1, :, ::-1].reshape(x.shape).copy())["out"], run()["out"]

    def law_commutes_with_what_grows(self, run, problem):
        """max pool(2 x + 1) = 2 max pool(x) + 1."""
        return run(x=2 * problem.inputs["x"] + 1)["out"], 2 * run()["out"] + 1

    sizes = {"N": 2, "C": 3, "H": 4, "W": 6}
    general = {"odd": {"N": 3, "C": 5, "H": 9, "W": 13}, "wide": {"N": 2, "C": 17, "H": 23, "W": 67}}
    cases = (
        Case("odd sizes", N=1, H=5, W=7),
        Case("overlapping", N=1, C=1, H=5, W=4, k=3, stride=1),
        Case("overlapping, one entry wins", N=1, C=2, H=4, W=5, k=2, stride=1, inputs={"x": one_large_entry}),
        Case("k 3, stride 2", N=1, C=2, H=5, W=7, k=3, stride=2),
        Case("stride above k", H=7, W=8, k=2, stride=3),
        Case("k 1", N=1, k=1),
        Case("k 1, stride 2", H=5, W=7, k=1, stride=2),
        Case("k as large as x", H=3, W=3, k=3),
        Case("padded", N=1, C=2, k=2, pad=1),
        Case("padded, overlapping", N=1, C=1, k=3, stride=2, pad=1),
        Case("padded, all negative", N=1, C=2, k=2, pad=1, inputs={"x": negative}),
    )
    extremes = (
        Case("huge", inputs={"x": lambda rng, shape: 1e30 * rng.standard_normal(shape)}),
        Case("below any filler", H=5, k=3, stride=2, pad=1, inputs={"x": below_any_filler}),
        Case("tiny", inputs={"x": lambda rng, shape: 1e-30 * rng.standard_normal(shape)}),
    )
    ties = (
        Case("constant", inputs={"x": lambda rng, shape: np.full(shape, 0.5)}),
        Case("few values", H=6, inputs={"x": of_few_values}),
        Case("few values, overlapping", H=5, W=5, k=3, stride=1, inputs={"x": of_few_values}),
        Case("zeros of both signs", N=1, C=1, H=2, W=4, inputs=BOTH_ZEROS),
        Case("minus infinity", inputs={"x": minus_infinity}),
        Case("minus infinity, padded", pad=1, inputs={"x": minus_infinity}),
        Case("infinity", inputs={"x": with_an_entry(np.inf, 1, 2)}),
        Case("NaN wins, first", inputs={"x": with_an_entry(np.nan, 0, 0)}),
        Case("NaN wins, last", inputs={"x": with_an_entry(np.nan, 1, 1)}),
        Case("empty batch", N=0),
    )
    bad = (
        Malformed("k larger than x", "k", lambda _: 5),
        Malformed("k 0", "k", lambda _: 0),
        Malformed("stride 0", "stride", lambda _: 0),
        Malformed("pad above half of k", "pad", lambda _: 2, k=3),
        Malformed("pad negative", "pad", lambda _: -1),
    )

    def cases_of_scale(self):
        return [
            Case("many samples", N=257, C=3, H=8, W=9),
            Case("a large image", N=1, C=3, H=223, W=225, k=3, stride=2, pad=1),
        ]

    @mistake("N24", replaces="max_pool2d_backward", convention=True)
    def last_of_equals_wins(dout, cache):
        """Of equal entries the first of the window wins: compare with >, not with >=."""
        return _to_ties(dout, cache, lambda ties: np.arange(ties.size).reshape(ties.shape) == np.flatnonzero(ties)[-1])

    @mistake("N25", replaces="max_pool2d_forward", convention=True)
    def nan_passed_over(x, *, k=2, stride=None, pad=0):
        """NaN wins: a maximum that passes over it hides that something went wrong."""
        told = np.nan_to_num(x, nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        return max_pool2d_forward(told, k=k, stride=stride, pad=pad)

    @mistake("M66", replaces="max_pool2d_backward")
    def overlaps_assigned(dout, cache):
        """Windows overlap where stride < k: add to dx, do not assign."""
        x, _, k, stride, pad = cache
        dxpad = np.zeros_like(_padded(x, pad))
        for index, window, first in _windows(x, k, stride, pad, dout.shape):
            dxpad[window][first] = dout[index]
        return dxpad[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]

    @mistake("M66", replaces="max_pool2d_backward")
    def whole_windows_assigned(dout, cache):
        """Add to the window of dx: assigning the whole of it wipes out what other windows left there."""
        x, _, k, stride, pad = cache
        dxpad, xpad = np.zeros_like(_padded(x, pad)), _padded(x, pad)
        for index, window, first in _windows(x, k, stride, pad, dout.shape):
            dxpad[window] = dout[index] * (xpad[window] == xpad[window][first])
        return dxpad[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]

    @mistake("M61", replaces="max_pool2d_backward")
    def stride_ignored_in_the_backward(dout, cache):
        """In the backward too, windows lie stride apart, not k."""
        x, _, k, _, pad = cache
        dxpad = np.zeros(_padded(x, pad + k * max(x.shape)).shape, x.dtype)
        for index, window, first in _windows(x, k, k, pad, dout.shape):
            dxpad[window][first] += dout[index]
        return dxpad[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]

    @mistake("M61", replaces="max_pool2d_forward")
    def output_size_rounded_up(x, *, k=2, stride=None, pad=0):
        """Drop the rows and columns at the end that fill no window."""
        rests = [-(size + 2 * pad - k) % (stride or k) for size in x.shape[2:]]
        longer = np.pad(_padded(x, pad), [(0, 0), (0, 0), *((0, r) for r in rests)], constant_values=-np.inf)
        return max_pool2d_forward(longer, k=k, stride=stride)

    @mistake("N26", replaces="max_pool2d_forward")
    def padded_with_zeros(x, *, k=2, stride=None, pad=0):
        """Pad with -inf: a zero wins over everything negative."""
        _, cache = max_pool2d_forward(x, k=k, stride=stride, pad=pad)
        zeros = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
        return max_pool2d_forward(zeros, k=k, stride=stride)[0], cache

    @mistake("N65", replaces="max_pool2d_forward")
    def a_large_number_as_minus_infinity(x, *, k=2, stride=None, pad=0):
        """Pad with -inf: -1e9 wins over what lies below it."""
        _, cache = max_pool2d_forward(x, k=k, stride=stride, pad=pad)
        filled = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], constant_values=-1e9)
        return max_pool2d_forward(filled, k=k, stride=stride)[0], cache

    @mistake("N27", replaces="max_pool2d_forward")
    def stride_1_by_default(x, *, k=2, stride=1, pad=0):
        """Windows lie k apart where no stride is given, not 1."""
        return max_pool2d_forward(x, k=k, stride=stride, pad=pad)

    @mistake("N28", replaces="max_pool2d_backward")
    def gradient_spread_over_the_window(dout, cache):
        """The whole gradient goes to the entry that won; spreading it over the window is average pooling."""
        return _to_ties(dout, cache, lambda ties: np.full(ties.shape, 1 / ties.size))

    @mistake("N816", replaces="max_pool2d_backward")
    def row_and_column_swapped(dout, cache):
        """argmax counts row by row: the maximum stands at u = place // k, v = place % k."""
        x, _, k, stride, pad = cache
        dxpad = np.zeros(_padded(x, pad + k).shape, x.dtype)
        for index, window, (u, v) in _windows(x, k, stride, pad, dout.shape):
            dxpad[window][v, u] += dout[index]
        return dxpad[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]

    @mistake("N816", replaces="max_pool2d_forward")
    def largest_in_size(x, *, k=2, stride=None, pad=0):
        """The maximum is of x with its sign; here the largest in size wins."""
        _, cache = max_pool2d_forward(x, k=k, stride=stride, pad=pad)
        high, _ = max_pool2d_forward(x, k=k, stride=stride, pad=pad)
        low = -max_pool2d_forward(-x, k=k, stride=stride, pad=pad)[0]
        return np.where(-low > high, low, high), cache

    @variant(
        "every tie gets the gradient",
        source="CS231n, assignment 2, fast_layers.py: max_pool_backward_reshape",
        replaces="max_pool2d_backward",
    )
    def every_tie_gets_the_gradient(dout, cache):
        """Each entry of a window that equals its maximum gets the whole of dout."""
        return _to_ties(dout, cache, lambda ties: ties)

    @variant(
        "ties share the gradient", source="PyTorch, torch.amax; JAX, jax.numpy.max", replaces="max_pool2d_backward"
    )
    def ties_share_the_gradient(dout, cache):
        """The entries of a window that equal its maximum get equal shares of dout."""
        return _to_ties(dout, cache, lambda ties: ties / ties.sum())


def larger(entry, other):
    """The larger of two symbols; the second if they are equal."""
    return where_positive(entry - other, entry, other)


def _padded(x, pad):
    return np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], constant_values=-np.inf)


def _windows(x, k, stride, pad, shape):
    """For each output: its index, its window in the padded x, and where in the window the maximum stands first."""
    far = np.pad(_padded(x, pad), [(0, 0), (0, 0), (0, k * max(x.shape)), (0, k * max(x.shape))])
    for n, c, i, j in np.ndindex(*shape):
        window = (n, c, slice(i * stride, i * stride + k), slice(j * stride, j * stride + k))
        yield (n, c, i, j), window, np.unravel_index(np.argmax(far[window]), (k, k))


def _to_ties(dout, cache, shares):
    """dx where every entry of a window gets its share: `shares` of the mask of those that equal the maximum."""
    x, _, k, stride, pad = cache
    dxpad, xpad = np.zeros_like(_padded(x, pad)), _padded(x, pad)
    dxpad[...] = 0
    for index, window, first in _windows(x, k, stride, pad, dout.shape):
        dxpad[window] += dout[index] * shares(xpad[window] == xpad[window][first]).astype(x.dtype)
    return dxpad[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]
