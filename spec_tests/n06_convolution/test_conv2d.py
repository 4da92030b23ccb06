"""2-D convolution: definition, laws and cases. Classic mistakes: mistakes_conv2d.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer, Malformed
from nnspec.spec_tests._truth import total


class TestConv2d(Layer):
    rows = ("06.03",)

    def definition(self, x, w, b=None, *, stride=1, pad=0):
        """out_nfij = b_f + sum_{c,u,v} xpad_{n,c,i stride+u,j stride+v} w_fcuv. CS231n notes, Dumoulin 2016."""
        (N, _, H, W), (F, _, KH, KW) = x.shape, w.shape
        xpad = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
        top, left = range(0, H + 2 * pad - KH + 1, stride), range(0, W + 2 * pad - KW + 1, stride)
        out = np.empty((N, F, len(top), len(left)), object)
        for n, f, i, j in np.ndindex(*out.shape):
            window = xpad[n, :, top[i] : top[i] + KH, left[j] : left[j] + KW]  # (C, KH, KW)
            out[n, f, i, j] = total([*(window * w[f]).ravel(), 0 if b is None else b[f]])
        return out

    def law_affine_in_x(self, run, problem):
        """out(x + z) - out(z) = out(x) - out(0)."""
        x = problem.inputs["x"]
        z = 2 * x[:, ::-1]
        return run(x=x + z)["out"] - run(x=z)["out"], run(x=x)["out"] - run(x=0 * x)["out"]

    def law_commutes_with_a_shift(self, run, problem):
        """Shift x by a column, and out is shifted by a column."""
        x = problem.inputs["x"]
        shifted = np.roll(x, 1, axis=3)
        return run(x=shifted)["out"][..., 1:], run()["out"][..., :-1]

    def law_bilinear_in_x_and_w(self, run, problem):
        """sum x dx = sum w dw, because scaling x does to out what scaling w does."""
        answer = run()
        return (problem.inputs["x"] * answer["dx"]).sum(), (problem.inputs["w"] * answer["dw"]).sum()

    sizes = {"N": 2, "C": 3, "H": 4, "W": 5, "F": 4, "KH": 2, "KW": 4}
    general = {
        "odd": {"N": 3, "C": 5, "H": 9, "W": 13, "F": 7, "KH": 3, "KW": 4},
        "wide": {"N": 2, "C": 17, "H": 9, "W": 38, "F": 19, "KH": 3, "KW": 2},
    }
    cases = (
        Case("no bias", N=1, without=("b",)),
        Case("F equals WO", N=1, F=3, KW=3),
        Case("C equals F", C=2, F=2, KH=2, KW=3),
        Case("1 x 1", KH=1, KW=1),
        Case("kernel as large as x", KH=4, KW=5),
        Case("pad 1", N=1, C=2, F=2, KH=3, KW=3, pad=1),
        Case("pad 2", N=1, C=2, H=3, F=2, KH=2, KW=2, pad=2),
        Case("kernel larger than x", N=1, C=2, H=2, W=3, F=2, KH=4, KW=5, pad=1),
        Case("stride 2", C=2, H=5, W=7, F=2, KH=3, KW=3, stride=2),
        Case("stride 2, a rest that no window reaches", C=2, H=6, F=2, KH=3, KW=2, stride=2),
        Case("stride 2, pad 1", N=1, C=2, H=5, F=2, KH=3, KW=3, stride=2, pad=1),
        Case("stride above the kernel", C=2, H=8, F=2, KH=2, KW=1, stride=3),
        Case("1 x 1, stride 2", H=5, KH=1, KW=1, stride=2),
    )
    extremes = (
        Case("a large offset", inputs={"x": lambda rng, shape: 1000 + rng.standard_normal(shape)}),
        Case("tiny", inputs={name: lambda rng, shape: 1e-12 * rng.standard_normal(shape) for name in ("x", "w")}),
    )
    ties = (
        Case("no bias, no gradient of it", N=1, C=1, H=2, F=2, KH=1, without=("b",)),
        Case("empty batch", N=0),
        Case("empty batch, stride and pad", N=0, stride=2, pad=1),
        Case("no channels", C=0),
    )
    bad = (
        Malformed("w higher than the padded x", "w", lambda w: np.ones((4, 3, 7, 4)), pad=1),
        Malformed("w wider than x", "w", lambda w: np.ones((4, 3, 2, 6))),
        Malformed("w without entries", "w", lambda w: np.ones((4, 3, 0, 4))),
        Malformed("b too long", "b", lambda b: np.ones(5), ("w",)),
        Malformed("stride 0", "stride", lambda _: 0),
        Malformed("pad negative", "pad", lambda _: -1),
        Malformed("pad a float", "pad", lambda _: 0.5),
    )

    def cases_of_scale(self):
        return [
            Case("many samples", N=257, C=2, H=5, W=7, F=9, KH=3, KW=3, pad=1),
            Case("a large image", N=1, C=5, H=123, W=131, F=9, KH=5, KW=3, stride=2, pad=1),
            Case("many channels", N=1, C=33, H=7, W=19, F=34, KH=3, KW=3, pad=1),
        ]
