"""Bottleneck block, with an identity, a padding or a projection for its shortcut: definition, a law, cases. Classic
mistakes: mistakes_bottleneck.py."""

import numpy as np

from nnspec.reference import bottleneck_forward
from nnspec.spec_tests._kinds import Case, Malformed, variant
from nnspec.spec_tests.n07_residual_networks._residual import (
    IdentityBlock,
    ResidualBlock,
    conv_bn,
    relu,
    states_of,
    with_shortcut,
)


@variant("stride-in-conv1", source="He et al. 2015, their Caffe models", replaces="bottleneck_forward")
def IN_CONV1(x, params, running, *, stride_in="conv1", **options):
    """The first convolution, of 1 x 1, has the stride."""
    return bottleneck_forward(x, params, running, stride_in=stride_in, **options)


class TestBottleneck(IdentityBlock):
    rows = ("07.19",)

    def definition(self, x, *, stride=1, stride_in="conv2", train=True, **arrays):
        """out = relu(F(x) + shortcut(x)), F = bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x)))))))). He et al., fig. 5."""
        running, strides = {}, {"conv1": 1, "conv2": 1} | {stride_in: stride}
        a = relu(conv_bn(x, arrays, "conv1", "bn1", running, train, stride=strides["conv1"]))
        a = relu(conv_bn(a, arrays, "conv2", "bn2", running, train, stride=strides["conv2"], pad=1))
        fx = conv_bn(a, arrays, "conv3", "bn3", running, train)
        out = with_shortcut(x, fx, arrays, running, stride, train)
        return out, *(running[name] for name in self.states)

    norms = ("bn1", "bn2", "bn3")
    states = states_of(*norms)
    outputs = ("out", *states)
    many_samples = Case("many samples", N=33, C=5, M=3, H=8, W=9)
    sizes = {"N": 2, "C": 3, "H": 3, "W": 2, "M": 2}
    general = {
        "square": {"N": 2, "C": 2, "H": 2, "W": 2, "M": 2},
        "odd": {"N": 3, "C": 5, "H": 9, "W": 13, "M": 4},
        "wide": {"N": 2, "C": 17, "H": 9, "W": 38, "M": 3},
        "explained": {"N": 1, "C": 1, "H": 1, "W": 2, "M": 1},
    }
    cases = (
        Case("evaluation", train=False),
        Case("padding, stride 2", F=4, stride=2),
        Case("stride of the paper", H=4, W=3, C=2, stride=2, stride_in="conv1"),
    )
    extremes = (Case("large", inputs={"x": lambda rng, shape: 1e6 * rng.standard_normal(shape)}),)
    bad = (
        Malformed("conv3.w missing", "params", lambda p: {k: p[k] for k in p if k != "conv3.w"}),
        Malformed("conv2.w of 1 x 1", "params", lambda p: p | {"conv2.w": np.ones((2, 2, 1, 1))}),
        Malformed("bn3.gamma of the bottleneck's width", "params", lambda p: p | {"bn3.gamma": np.ones(2)}),
        Malformed("a running mean missing", "running", lambda r: {k: r[k] for k in r if k != "bn3.running_mean"}),
        Malformed("stride in no convolution", "stride_in", lambda _: "conv3"),
        Malformed("fewer filters without a projection", "params", case=Case("", C=3, F=2)),
    )

    def shapes(self, dims, C, F):
        M = dims["M"]
        return {"conv1": (M, C, 1, 1), "conv2": (M, M, 3, 3), "conv3": (F, M, 1, 1)}, {"bn1": M, "bn2": M, "bn3": F}

    stride_in_the_first_convolution = IN_CONV1


class TestBottleneckProjection(ResidualBlock):
    rows = ("07.19", "07.20")
    op = "bottleneck"
    definition = TestBottleneck.definition

    norms = TestBottleneck.norms
    projects = True
    states = states_of(*norms, "shortcut")
    outputs = ("out", *states)
    many_samples = Case("many samples", N=33, C=5, M=3, H=8, W=9, F=7, stride=2)
    sizes = {"N": 2, "C": 3, "H": 3, "W": 4, "M": 2, "F": 4}
    general = {name: {**sizes, "F": sizes["C"] + 1} for name, sizes in TestBottleneck.general.items()}
    cases = (Case("stride 2", stride=2), Case("evaluation", train=False))
    shapes = TestBottleneck.shapes
    stride_in_the_first_convolution = IN_CONV1
