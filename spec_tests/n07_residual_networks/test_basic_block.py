"""Basic residual block, with an identity, a padding or a projection for its shortcut: definition, a law, cases. Classic
mistakes: mistakes_basic_block.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Malformed
from nnspec.spec_tests.n07_residual_networks._residual import (
    IdentityBlock,
    ResidualBlock,
    conv_bn,
    relu,
    states_of,
    with_shortcut,
)


class TestBasicBlock(IdentityBlock):
    rows = ("07.18",)

    def definition(self, x, *, stride=1, train=True, **arrays):
        """out = relu(F(x) + shortcut(x)), F = bn2(conv2(relu(bn1(conv1(x))))). He et al. 2015, eq. 1, 2."""
        running = {}
        a = relu(conv_bn(x, arrays, "conv1", "bn1", running, train, stride=stride, pad=1))
        fx = conv_bn(a, arrays, "conv2", "bn2", running, train, pad=1)
        out = with_shortcut(x, fx, arrays, running, stride, train)
        return out, *(running[name] for name in self.states)

    norms = ("bn1", "bn2")
    states = states_of(*norms)
    outputs = ("out", *states)
    many_samples = Case("many samples", N=33, C=5, H=8, W=9)
    sizes = {"N": 2, "C": 2, "H": 3, "W": 2}
    general = {
        "square": {"N": 2, "C": 2, "H": 2, "W": 2},
        "odd": {"N": 3, "C": 5, "H": 9, "W": 13},
        "wide": {"N": 2, "C": 17, "H": 9, "W": 38},
        "explained": {"N": 1, "C": 1, "H": 1, "W": 2},
    }
    cases = (
        Case("evaluation", train=False),
        Case("padding, stride 2", F=3, stride=2),
        Case("padding alone", N=1, F=3, W=3),
        Case("stride alone", C=1, H=5, W=3, stride=2),
    )
    extremes = (Case("large", inputs={"x": lambda rng, shape: 1e6 * rng.standard_normal(shape)}),)
    bad = (
        Malformed("a shortcut without its norm", "params", lambda p: p | {"shortcut.w": np.ones((2, 2, 1, 1))}),
        Malformed("conv2.w missing", "params", lambda p: {k: p[k] for k in p if k != "conv2.w"}),
        Malformed("conv1.w of 1 x 1", "params", lambda p: p | {"conv1.w": np.ones((2, 2, 1, 1))}),
        Malformed("bn2.gamma too long", "params", lambda p: p | {"bn2.gamma": np.ones(3)}),
        Malformed("a running mean missing", "running", lambda r: {k: r[k] for k in r if k != "bn1.running_mean"}),
        Malformed("running None", "running", lambda _: None),
        Malformed("stride 0", "stride", lambda _: 0),
        Malformed("fewer filters without a projection", "params", case=Case("", C=3, F=2)),
    )

    def shapes(self, dims, C, F):
        return {"conv1": (F, C, 3, 3), "conv2": (F, F, 3, 3)}, {"bn1": F, "bn2": F}


class TestBasicBlockProjection(ResidualBlock):
    rows = ("07.18", "07.20")
    op = "basic_block"
    definition = TestBasicBlock.definition

    norms = TestBasicBlock.norms
    projects = True
    states = states_of(*norms, "shortcut")
    outputs = ("out", *states)
    many_samples = Case("many samples", N=33, C=5, H=8, W=9, F=7, stride=2)
    sizes = {"N": 2, "C": 2, "H": 3, "W": 2, "F": 3}
    general = {name: {**sizes, "F": sizes["C"] + 1} for name, sizes in TestBasicBlock.general.items()}
    cases = (
        Case("evaluation", train=False),
        Case("stride 2", stride=2),
        Case("fewer filters", N=1, W=3, F=1),
    )
    bad = (
        Malformed("no norm of the shortcut", "params", lambda p: {k: p[k] for k in p if k != "shortcut.gamma"}),
        Malformed("a running mean missing", "running", lambda r: {k: r[k] for k in r if k != "shortcut.running_mean"}),
    )
    shapes = TestBasicBlock.shapes
