"""PReLU: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import prelu_backward, prelu_forward
from nnspec.spec_tests._kinds import Case, Layer, mistake, variant
from nnspec.spec_tests._truth import where_positive


def beside(a, x):
    """(C,) -> (C, 1, …), which broadcasts with x."""
    return a.reshape(-1, *[1] * (x.ndim - 2))


class TestPrelu(Layer):
    rows = ("05.03",)

    def definition(self, x, a):
        """out_nc = x_nc where x_nc > 0, else a_c x_nc. He et al. 2015, eq. 1."""
        return where_positive(x, x, beside(a, x) * x)

    def law_channels_have_their_own_slope(self, run, problem):
        """Another slope of the first channel changes no other channel."""
        a = problem.inputs["a"].copy()
        a[0] += 1
        return run(a=a)["out"][:, 1:], run()["out"][:, 1:]

    def law_slopes_learn_where_x_is_negative(self, run, problem):
        """Of what is positive everywhere the slopes have no gradient."""
        da = run(x=abs(problem.inputs["x"]) + 1)["da"]
        return da, 0 * da

    def cases_of_scale(self):
        """Tall in the samples, and large images: both at once are ten million numbers."""
        tall = [Case(f"{N} x {C}", {"N": N, "C": C, "d": ()}) for N, C in ((257, 33), (20000, 4))]
        return [*tall, Case("large images", {"N": 2, "C": 3, "d": (123, 131)})]

    cases = (
        Case("no further axes", {"d": ()}),
        Case("images", {"N": 2, "C": 3, "d": (2, 4)}),
        Case("as many samples as channels", {"N": 3, "C": 3, "d": ()}),
        Case("slopes above 1 and below 0", C=4, inputs={"a": [2.5, -0.75, 0.0, 1.0]}),
    )
    extremes = (
        Case("far out", {"N": 2, "C": 3, "d": ()}, inputs={"x": [[1e4, -1e4, 1e30], [-1e4, 1e4, -1e30]]}),
        Case("tiny", {"N": 2, "C": 3, "d": ()}, inputs={"x": [[1e-15, -1e-15, 1e-20], [-1e-10, 1e-8, -1e-12]]}),
    )
    ties = (
        Case("zero", {"N": 2, "C": 3, "d": ()}, inputs={"x": [[0.0, -0.0, 2.0], [-1.0, 0.0, 0.5]]}),
        Case("no samples", N=0),
        Case("no channels", C=0),
        Case("maps of no pixel", {"d": (0,)}),
        Case("NaN stays", {"N": 1, "C": 2, "d": ()}, inputs={"x": [[np.nan, 1.0]]}, value_only=True),
    )

    @mistake("M53", replaces="prelu_backward")
    def mask_from_dout(dout, cache):
        """The sign of x decides which slope there is; that of dout says nothing about it."""
        x, a = cache
        return np.where(dout > 0, dout, beside(a, x) * dout), prelu_backward(dout, cache)[1]

    @mistake("N1300", replaces="prelu_backward")
    def gradient_of_a_relu(dout, cache):
        """Where x is not positive the gradient is a dout, not 0."""
        x, _ = cache
        return np.where(x > 0, dout, 0), prelu_backward(dout, cache)[1]

    @mistake("N1303", replaces="prelu_backward")
    def slope_pulled_by_all(dout, cache):
        """Only where x is not positive does out depend on a: leave the others out of da."""
        x, _ = cache
        return prelu_backward(dout, cache)[0], (dout * x).sum(axis=(0, *range(2, x.ndim)))

    @mistake("N1303", replaces="prelu_backward")
    def slope_pulled_without_x(dout, cache):
        """d(a x)/da = x: multiply dout by x before adding up."""
        x, _ = cache
        return prelu_backward(dout, cache)[0], np.where(x > 0, 0, dout).sum(axis=(0, *range(2, x.ndim)))

    @mistake("M63", replaces="prelu_backward")
    def slope_of_the_last_sample(dout, cache):
        """A slope serves the whole batch: its gradient is the sum over all samples."""
        x, _ = cache
        dx, da = prelu_backward(dout, cache)
        return dx, np.where(x > 0, 0, dout * x)[-1].sum(axis=tuple(range(1, x.ndim - 1))) if len(x) else da

    @mistake("N1304", replaces="prelu_backward")
    def slope_averaged(dout, cache):
        """Add up over samples and pixels: a mean belongs to the loss, not to this layer."""
        x, _ = cache
        dx, da = prelu_backward(dout, cache)
        return dx, da / max(1, len(x))

    @mistake("N1305", replaces="prelu_forward")
    def slopes_along_the_last_axis(x, a):
        """A slope belongs to a channel, axis 1: shape it (C, 1, …). A last axis of C columns fits as well."""
        out, cache = prelu_forward(x, a)
        return np.where(x > 0, x, a * x) if x.shape[-1] == len(a) else out, cache

    @mistake("N1305", replaces="prelu_forward")
    def one_slope_for_all(x, a):
        """Each channel has a slope of its own."""
        out, cache = prelu_forward(x, a)
        return np.where(x > 0, x, a[0] * x) if a.size else out, cache

    @mistake("N1301", replaces="prelu_forward")
    def larger_of_both(x, a):
        """max(x, a x) is right only for slopes up to 1: choose by the sign of x."""
        return np.maximum(x, beside(a, x) * x), prelu_forward(x, a)[1]

    @variant("slope 1 at 0", source="flax.linen.PReLU: where(x >= 0, x, a * x)", replaces="prelu_backward")
    def slope_1_at_0(dout, cache):
        """At the kink the derivative from the right is taken."""
        x, _ = cache
        dx, da = prelu_backward(dout, cache)
        return np.where(x == 0, dout, dx), da
