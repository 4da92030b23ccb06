"""Shortcuts by padding and by projection: definitions, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import (
    batchnorm2d_backward,
    padding_shortcut_backward,
    padding_shortcut_forward,
    projection_shortcut_backward,
    projection_shortcut_forward,
)
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake, variant
from nnspec.spec_tests.n06_convolution._convolved import convolved
from nnspec.spec_tests.n07_residual_networks._residual import normalized


class TestPaddingShortcut(Layer):
    rows = ("07.20",)
    options = {"F": lambda dims, dtype: dims["C"] + 2}

    def definition(self, x, *, F, stride=1):
        """out_nf = every stride-th pixel of x_nf for f < C, else 0. He et al. 2015, section 3.3, option A."""
        met = x[:, :, ::stride, ::stride]
        out = np.full((len(x), F, *met.shape[2:]), 0 * met.flat[0], object)
        out[:, : x.shape[1]] = met
        return out

    def law_padding_adds_nothing(self, run, problem):
        """The sum of all entries is that of x, and all gradients but those of added channels are handed back."""
        answer, C = run(), problem.inputs["x"].shape[1]
        sums = [answer["out"].sum(), answer["dx"].sum()]
        return sums, [problem.inputs["x"].sum(), problem.douts[0][:, :C].sum()]

    general = {"wide": {"N": 3, "C": 5, "H": 7, "W": 67}}
    cases = (
        Case("stride 2", H=4, W=6, stride=2),
        Case("stride 2, odd image", H=5, W=3, stride=2),
        Case("stride 3", H=7, W=5, stride=3),
        Case("a stride beyond the image", H=2, W=3, stride=5),
        Case("no channel more", options={"F": lambda dims, dtype: dims["C"]}, stride=2),
    )
    ties = (Case("empty batch", N=0), Case("no pixels", H=0, W=4, stride=2))
    bad = (
        Malformed("fewer channels than before", "F", lambda F: 2),
        Malformed("stride 0", "stride", lambda _: 0),
        Malformed("F a fraction", "F", lambda _: 7.5),
    )

    def cases_of_scale(self):
        return [Case("many samples", N=65, C=9, H=8, W=9, stride=2), Case("a large image", N=1, C=3, H=123, W=131)]

    @mistake("M61", replaces="padding_shortcut_forward")
    def averaged_over_the_stride(x, *, F, stride=1):
        """Take every stride-th pixel, not the mean of a window."""
        N, C, H, W = x.shape
        out, cache = padding_shortcut_forward(x, F=F, stride=stride)
        for i, j in np.ndindex(*out.shape[2:]):
            window = x[:, :, i * stride : (i + 1) * stride, j * stride : (j + 1) * stride]
            out[:, :C, i, j] = window.mean(axis=(2, 3))
        return out, cache

    @mistake("M61", replaces="padding_shortcut_forward")
    def begun_at_the_second_pixel(x, *, F, stride=1):
        """Begin with pixel 0, as the convolution does: x[:, :, ::stride, ::stride]."""
        _, _, H, W = x.shape
        out, cache = padding_shortcut_forward(x, F=F, stride=stride)
        rows, columns = (np.arange(0, size, stride) + min(stride - 1, 1) for size in (H, W))
        out[:, : x.shape[1]] = x[:, :, np.minimum(rows, H - 1)][..., np.minimum(columns, W - 1)]
        return out, cache

    @mistake("M61", replaces="padding_shortcut_backward")
    def stride_ignored_in_the_backward(dout, cache):
        """Pixels that the stride passes over have the gradient 0: write to dx[:, :, ::stride, ::stride]."""
        dx = np.zeros_like(padding_shortcut_backward(dout, cache))
        part = (slice(None), slice(dx.shape[1]), slice(dout.shape[2]), slice(dout.shape[3]))
        dx[part] = dout[part]
        return dx

    @mistake("N893", replaces="padding_shortcut_forward")
    def channels_repeated(x, *, F, stride=1):
        """Added channels are 0, no copies of those that there are."""
        out, cache = padding_shortcut_forward(x, F=F, stride=stride)
        return out[:, np.arange(F) % x.shape[1]], cache

    @mistake("N893", replaces="padding_shortcut_forward")
    def zeros_first(x, *, F, stride=1):
        """The added channels come last: channel f of x stays channel f."""
        return _moved_to(F - x.shape[1], x, F, stride)

    @mistake("N894", replaces="padding_shortcut_backward")
    def gradient_of_added_channels_folded_in(dout, cache):
        """The zeros that were added are no part of x: leave their gradient out."""
        dx = padding_shortcut_backward(dout, cache)
        C = dx.shape[1]
        for first in range(C, dout.shape[1], C):
            more = np.zeros_like(dout)
            more[:, : dout.shape[1] - first] = dout[:, first:]
            more[:, C:] = 0
            dx = dx + padding_shortcut_backward(more, cache)
        return dx

    @variant(
        "half-of-the-zeros-first",
        source="akamaster/pytorch_resnet_cifar10, LambdaLayer of option A",
        replaces="padding_shortcut_forward",
    )
    def zeros_on_both_sides(x, *, F, stride=1):
        """Half of the added channels come first: x stands in the middle."""
        return _moved_to((F - x.shape[1]) // 2, x, F, stride)


class TestProjectionShortcut(Layer):
    rows = ("07.20",)
    outputs = ("out", "running_mean", "running_var")
    states = ("running_mean", "running_var")
    no_gradient = states

    def definition(self, x, w, gamma, beta, running_mean, running_var, *, stride=1, train=True):
        """out = batchnorm(conv(x, w)) with w of 1 x 1. He et al. 2015, eq. 2: W_s x."""
        return normalized(convolved(x, w, stride=stride), gamma, beta, running_mean, running_var, train)

    def law_pixels_that_the_stride_passes_over(self, run, problem):
        """With stride 2 the pixels of odd rows and columns are not seen, and have no gradient."""
        problem.options = {"stride": 2}
        x = problem.inputs["x"].copy()
        x[:, :, 1::2], x[:, :, :, 1::2] = 7, -7
        other, answer = run(x=x), run()
        unseen = answer["dx"].copy()
        unseen[:, :, ::2, ::2] = 0
        return np.append(other["out"], unseen), np.append(answer["out"], 0 * unseen)

    sizes = {"N": 2, "C": 2, "H": 3, "W": 4, "F": 3}
    general = {
        "square": {"N": 3, "C": 3, "H": 3, "W": 3, "F": 3},
        "odd": {"N": 3, "C": 5, "H": 9, "W": 13, "F": 7},
        "wide": {"N": 2, "C": 17, "H": 9, "W": 38, "F": 19},
        "explained": {"N": 1, "C": 1, "H": 1, "W": 2, "F": 1},
    }
    apart = (1,)
    cases = (
        Case("stride 2", H=4, stride=2),
        Case("stride 2, odd image", H=5, W=3, stride=2),
        Case("evaluation", train=False),
    )
    bad = (
        Malformed("w of 3 x 3", "w", lambda w: np.ones((*w.shape[:2], 3, 3)), ("F", "C")),
        Malformed("stride 0", "stride", lambda _: 0),
    )

    def draw(self, case, dims, dtype):
        """A running variance is no negative number."""
        inputs = super().draw(case, dims, dtype)
        return inputs | {"running_var": abs(inputs["running_var"])}

    def cases_of_scale(self):
        return [Case("many samples", N=65, C=5, H=8, W=9, F=9, stride=2)]

    @mistake("M69", replaces="projection_shortcut_forward")
    def batch_statistics_in_evaluation(x, w, gamma, beta, running_mean, running_var, *, train=True, **options):
        """Without train the shortcut is normalized by its running statistics, as the branch is."""
        out, *new, cache = projection_shortcut_forward(x, w, gamma, beta, running_mean, running_var, **options)
        return out, *(new if train else (running_mean.copy(), running_var.copy())), cache

    @mistake("M61", replaces="projection_shortcut_forward")
    def stride_ignored(x, w, gamma, beta, running_mean, running_var, *, stride=1, **options):
        """Hand the stride down to the convolution: the branch has it, too."""
        return projection_shortcut_forward(x, w, gamma, beta, running_mean, running_var, **options)

    @mistake("M74", replaces="projection_shortcut_forward")
    def norm_left_out(x, w, gamma, beta, running_mean, running_var, *, stride=1, **options):
        """A batch normalization follows the projection."""
        statistics = running_mean, running_var
        _, *new, cache = projection_shortcut_forward(x, w, gamma, beta, *statistics, stride=stride, **options)
        return np.einsum("nchw,fc->nfhw", x[:, :, ::stride, ::stride], w[:, :, 0, 0]), *new, cache

    @mistake("M74", replaces="projection_shortcut_forward")
    def relu_after_the_projection(*arrays, **options):
        """No ReLU on the shortcut: it comes after the addition."""
        out, *rest = projection_shortcut_forward(*arrays, **options)
        return np.maximum(out, 0), *rest

    @mistake("M70", replaces="projection_shortcut_backward")
    def norm_not_taken_back(dout, cache):
        """The gradient goes through the norm before the convolution."""
        ops, conv_cache, bn_cache = cache
        _, dgamma, dbeta = batchnorm2d_backward(dout, bn_cache)
        dx, dw, _ = ops.conv2d_backward(dout, conv_cache)
        return dx, dw, dgamma, dbeta

    @mistake("N895", replaces="projection_shortcut_backward")
    def not_learned(dout, cache):
        """The projection has weights that learn: its dw is that of a convolution."""
        dx, dw, dgamma, dbeta = projection_shortcut_backward(dout, cache)
        return dx, 0 * dw, dgamma, dbeta


def _moved_to(first, x, F, stride):
    """The shortcut with so many of the added channels before those of x."""
    out, cache = padding_shortcut_forward(x, F=F, stride=stride)
    out = np.roll(out, first, axis=1)
    return out, cache.of((x.shape, stride, slice(first, first + x.shape[1])), cache.op, [out])
