"""Convolution and ReLU in one, with batch normalization, with pooling: definitions, cases, a law, classic mistakes."""

import numpy as np

from nnspec.reference import (
    batchnorm2d_backward,
    conv2d_backward,
    conv_bn_relu_forward,
    conv_relu_forward,
    conv_relu_pool_forward,
    max_pool2d_backward,
)
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake
from nnspec.spec_tests._truth import named, sqrt, where_positive
from nnspec.spec_tests.n06_convolution._convolved import convolved, pooled

EPS, MOMENTUM = 1e-5, 0.9


class Block(Layer):
    rows = ("06.23",)

    def law_never_negative(self, run, problem):
        """out is a ReLU's: its size is itself."""
        out = run()["out"]
        return abs(out), out

    apart = (1,)  # what is wide is asked of the parts

    def cases_of_scale(self):
        return [Case("many samples", N=65, C=2, H=5, W=7, F=9, KH=3, KW=3, pad=1)]


class TestConvRelu(Block):
    def definition(self, x, w, b=None, *, stride=1, pad=0):
        """out_nfij = max(0, conv(x, w, b)_nfij). CS231n, assignment 2, `conv_relu_forward`."""
        a = convolved(x, w, b, stride=stride, pad=pad)
        return where_positive(a, a)

    sizes = {"N": 2, "C": 2, "H": 4, "W": 5, "F": 3, "KH": 2, "KW": 3}
    general = {
        "square": {"N": 3, "C": 3, "H": 3, "W": 3, "F": 3, "KH": 3, "KW": 3},
        "odd": {"N": 3, "C": 5, "H": 9, "W": 13, "F": 7, "KH": 3, "KW": 4},
        "wide": {"N": 2, "C": 17, "H": 9, "W": 38, "F": 19, "KH": 3, "KW": 2},
    }
    cases = (
        Case("stride 2, pad 1", N=1, H=5, F=2, KH=3, KW=3, stride=2, pad=1),
        Case("no bias", N=1, without=("b",)),
    )
    ties = (Case("a of 0", inputs={name: lambda rng, shape: np.zeros(shape) for name in ("x", "b")}),)
    bad = (Malformed("stride 0", "stride", lambda _: 0),)

    @mistake("M53", replaces="conv_relu_backward")
    def mask_from_out(dout, cache):
        """Mask by the input of the ReLU, a > 0; out >= 0 holds everywhere."""
        _, conv_cache, _ = cache
        return conv2d_backward(dout, conv_cache)

    @mistake("M53", replaces="conv_relu_backward")
    def mask_from_dout(dout, cache):
        """Mask by a > 0; the sign of dout says nothing about it."""
        _, conv_cache, _ = cache
        return conv2d_backward(dout * (dout > 0), conv_cache)

    @mistake("N827", replaces="conv_relu_forward")
    def relu_of_x(x, w, b=None, **options):
        """The ReLU comes last: out = max(0, conv(x))."""
        return conv_relu_forward(np.maximum(x, 0), w, b, **options)

    @mistake("N828", replaces="conv_relu_forward")
    def options_ignored(x, w, b=None, **options):
        """Hand the strides and the padding down to the convolution."""
        return conv_relu_forward(x, w, b)


class TestConvBnRelu(Block):
    outputs = ("out", "running_mean", "running_var")
    states = ("running_mean", "running_var")
    no_gradient = ("running_mean", "running_var")

    def definition(self, x, w, b, gamma, beta, running_mean, running_var, *, stride=1, pad=0, train=True):
        """out = max(0, gamma (a - mean) / sqrt(var + eps) + beta) with a = conv(x, w, b), mean and var for each channel
        over the batch and the image. CS231n, assignment 2, `conv_bn_relu_forward`."""
        a = convolved(x, w, b, stride=stride, pad=pad)
        mean, var = running_mean, running_var
        if train:
            channels = [a[:, f].ravel() for f in range(len(w))]
            mean = np.array([named(sum(one) / len(one)) for one in channels])
            var = np.array([named(sum((one - m) ** 2) / len(one)) for one, m in zip(channels, mean, strict=True)])
            running_mean = MOMENTUM * running_mean + (1 - MOMENTUM) * mean
            running_var = MOMENTUM * running_var + (1 - MOMENTUM) * var
        std = np.array([named(sqrt(v + EPS)) for v in var])
        across = (slice(None), None, None)
        z = named(gamma[across] * (a - mean[across]) / std[across] + beta[across])
        return where_positive(z, z), running_mean, running_var

    sizes = {"N": 2, "C": 2, "H": 3, "W": 4, "F": 3, "KH": 2, "KW": 2}
    general = {
        "square": {"N": 3, "C": 3, "H": 4, "W": 4, "F": 3, "KH": 3, "KW": 3},
        "odd": {"N": 3, "C": 5, "H": 9, "W": 13, "F": 7, "KH": 3, "KW": 4},
        "wide": {"N": 2, "C": 17, "H": 9, "W": 38, "F": 19, "KH": 3, "KW": 2},
    }
    trivial = ("N", "H", "W", "KH", "KW")
    cases = (
        Case("stride 2, pad 1", N=2, H=5, F=2, KH=3, KW=3, stride=2, pad=1),
        Case("evaluation", train=False),
    )

    def draw(self, case, dims, dtype):
        """A running variance is no negative number."""
        inputs = super().draw(case, dims, dtype)
        return inputs | {"running_var": abs(inputs["running_var"])}

    @mistake("M69", replaces="conv_bn_relu_forward")
    def batch_statistics_in_evaluation(x, w, b, gamma, beta, running_mean, running_var, *, train=True, **options):
        """Without train the running statistics are used, not those of the batch."""
        out, *new, cache = conv_bn_relu_forward(x, w, b, gamma, beta, running_mean, running_var, **options)
        return out, *(new if train else (running_mean.copy(), running_var.copy())), cache

    @mistake("M69", replaces="conv_bn_relu_forward")
    def running_statistics_updated(x, w, b, gamma, beta, running_mean, running_var, *, train=True, **options):
        """Leave the running statistics alone without train."""
        given = (x, w, b, gamma, beta, running_mean, running_var)
        out, *_, cache = conv_bn_relu_forward(*given, train=train, **options)
        _, *new, _ = conv_bn_relu_forward(*given, **options)
        return out, *new, cache

    @mistake("M53", replaces="conv_bn_relu_backward")
    def relu_not_taken_back(dout, cache):
        """Mask by the input of the ReLU, z > 0."""
        _, conv_cache, bn_cache, _ = cache
        da, dgamma, dbeta = batchnorm2d_backward(dout, bn_cache)
        return *conv2d_backward(da, conv_cache), dgamma, dbeta

    @mistake("N829", replaces="conv_bn_relu_forward")
    def relu_before_the_norm(x, w, b, gamma, beta, running_mean, running_var, **options):
        """The ReLU comes after the norm."""
        out, *new, cache = conv_bn_relu_forward(x, w, b, gamma, beta, running_mean, running_var, **options)
        ops, conv_cache, bn_cache, relu_cache = cache
        a, _ = ops.conv2d_forward(x, w, b, **{name: options[name] for name in ("stride", "pad") if name in options})
        train = options.get("train", True)
        z, *new, _ = ops.batchnorm2d_forward(np.maximum(a, 0), gamma, beta, running_mean, running_var, train=train)
        return z, *new, cache


class TestConvReluPool(Block):
    def definition(self, x, w, b=None, *, stride=1, pad=0, k=2, pool_stride=None):
        """out = maxpool(max(0, conv(x, w, b))). CS231n, assignment 2, `conv_relu_pool_forward`."""
        a = convolved(x, w, b, stride=stride, pad=pad)
        active = named(where_positive(a, a))
        return pooled(active, k, pool_stride or k)

    sizes = {"N": 2, "C": 2, "H": 5, "W": 7, "F": 3, "KH": 2, "KW": 2}
    general = {
        "explained": {"N": 1, "C": 1, "H": 3, "W": 3, "F": 1, "KH": 2, "KW": 2},
        "square": {"N": 3, "C": 3, "H": 4, "W": 4, "F": 3, "KH": 3, "KW": 3},
        "odd": {"N": 3, "C": 5, "H": 9, "W": 13, "F": 7, "KH": 3, "KW": 4},
        "wide": {"N": 2, "C": 17, "H": 9, "W": 38, "F": 19, "KH": 3, "KW": 2},
    }
    cases = (
        Case("stride 2, pad 1", N=1, H=8, F=2, KH=3, KW=3, stride=2, pad=1),
        Case("overlapping pool", N=1, F=2, k=3, pool_stride=1),
        Case("no bias", N=1, without=("b",)),
    )

    @mistake("M53", replaces="conv_relu_pool_backward")
    def relu_not_taken_back(dout, cache):
        """Mask by the input of the ReLU, a > 0."""
        _, conv_cache, _, pool_cache = cache
        return conv2d_backward(max_pool2d_backward(dout, pool_cache), conv_cache)

    @mistake("N828", replaces="conv_relu_pool_forward")
    def pool_of_two_always(x, w, b=None, *, k=2, pool_stride=None, **options):
        """Hand the window of the pool down to it."""
        return conv_relu_pool_forward(x, w, b, **options)
