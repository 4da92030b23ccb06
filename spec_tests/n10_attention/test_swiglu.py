"""SwiGLU, the gate and the feed-forward network around it: definitions, laws, cases and classic mistakes."""

import numpy as np

from nnspec import reference
from nnspec.reference import swiglu_backward, swiglu_forward, swiglu_mlp_backward, swiglu_mlp_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, ParamsBlock, mistake
from nnspec.spec_tests._truth import exp, named
from nnspec.spec_tests.n10_attention._parts import Parts


class TestSwiglu(Layer):
    rows = ("10.21",)

    def definition(self, a, g):
        """out = a SiLU(g) = a g / (1 + e^-g). Shazeer 2020, eq. 5, without its weights."""
        return a * g / (1 + exp(-g))

    def law_a_gate_wide_open(self, run, problem):
        """Where g is large, SiLU(g) = g: a comes through, times g."""
        a = problem.inputs["a"]
        return run(g=np.full_like(a, 100))["out"], 100 * a

    def law_two_sides_add_up(self, run, problem):
        """SiLU(g) - SiLU(-g) = g."""
        a, g = problem.inputs.values()
        return run()["out"] - run(g=-g)["out"], a * g

    extremes = (
        Case("saturated", inputs={"g": [[1000.0, -1000.0, 40.0], [-40.0, 95.0, -85.0]]}),
        Case("tiny", inputs={"g": [[1e-8, -1e-20, 1e-30], [-1e-4, 3e-3, 0.0]]}),
    )
    ties = (Case("empty", {"shape": (0, 3)}),)

    @mistake("M111", replaces="swiglu_forward")
    def silu_on_the_other_branch(a, g):
        """The gate g is the second argument: out = a SiLU(g), not SiLU(a) g."""
        return swiglu_forward(g, a)[0], swiglu_forward(a, g)[1]

    @mistake("N1010", replaces="swiglu_forward")
    def sigmoid_for_the_gate(a, g):
        """The gate is SiLU(g) = g sigmoid(g); the sigmoid alone is the plain GLU."""
        return a * reference.sigmoid_forward(g)[0], swiglu_forward(a, g)[1]

    @mistake("N1010", replaces="swiglu_forward")
    def gelu_for_the_gate(a, g):
        """The gate is SiLU; GELU makes GEGLU."""
        return a * reference.gelu_forward(g)[0], swiglu_forward(a, g)[1]

    @mistake("M54", replaces="swiglu_backward")
    def sigmoid_taken_for_a_constant(dout, cache):
        """The sigmoid depends on g too: dg = dout a (s + g s (1 - s))."""
        a, g, s = cache
        return dout * (g * s), dout * a * s

    @mistake("N1011", replaces="swiglu_backward")
    def gradients_exchanged(dout, cache):
        """Gradients come in the order of the arguments: da, dg."""
        da, dg = swiglu_backward(dout, cache)
        return dg, da


class TestSwigluMlp(ParamsBlock):
    rows = ("10.21",)

    def definition(self, x, *, W1, W2, W3):
        """out = (x W1 * SiLU(x W2)) W3. Shazeer 2020, eq. 6, with W1 = V, W2 = W and W3 = W_2."""
        g = named(x @ W2)
        return named((x @ W1) * named(g / (1 + exp(-g)))) @ W3

    def law_tokens_alone(self, run, problem):
        """A token is answered as it is in any company and at any place."""
        x = problem.inputs["x"]
        return run(x=x[::-1, ::-1])["out"][::-1, ::-1], run()["out"]

    def law_nothing_gives_nothing(self, run, problem):
        """Without biases 0 stays 0."""
        out = run(x=0 * problem.inputs["x"])["out"]
        return out, 0 * out

    sizes = {"batch": (2, 3), "E": 2, "H": 4}
    cases = (Case("one axis of tokens", {"batch": (4,)}),)
    beyond = (Case("a single token", {"batch": ()}),)
    ties = (Case("no tokens", {"batch": (2, 0)}),)
    bad = (
        Malformed("W2 missing", "params", lambda params: {key: params[key] for key in ("W1", "W3")}),
        Malformed("W3 transposed", "params", lambda params: {**params, "W3": params["W3"].T}),
    )

    def cases_of_scale(self):
        return [Case("many tokens", {"batch": (40, 17), "E": 16, "H": 43})]

    @mistake("M111", replaces="swiglu_mlp_forward")
    def silu_on_the_other_branch(x, params):
        """SiLU is on x W2, as in the course's note; where it is on x W1, the two weights have changed places."""
        ops = Parts(swiglu_forward=lambda a, g: swiglu_forward(g, a))
        return swiglu_mlp_forward(x, params, ops=ops)

    @mistake("N1012", replaces="swiglu_mlp_forward")
    def branches_added(x, params):
        """The gate multiplies: x W1 * SiLU(x W2), entry by entry."""
        ops = Parts(swiglu_forward=lambda a, g: (a + reference.silu_forward(g)[0], swiglu_forward(a, g)[1]))
        return swiglu_mlp_forward(x, params, ops=ops)

    @mistake("N1013", replaces="swiglu_mlp_forward")
    def no_gate(x, params):
        """There are two ways in: x W1 is multiplied by the gate SiLU(x W2)."""
        ops = Parts(swiglu_forward=lambda a, g: (reference.silu_forward(g)[0], swiglu_forward(a, g)[1]))
        return swiglu_mlp_forward(x, params, ops=ops)

    @mistake("M55", replaces="swiglu_mlp_backward")
    def gradient_through_the_gate_lost(dout, cache):
        """x goes two ways: its gradient is the sum of both."""
        ops, through, gate, gated, out_of = cache
        _, grads = swiglu_mlp_backward(dout, cache)
        dhidden, _ = out_of.back(dout.reshape(-1, dout.shape[-1]))
        dx, _ = through.back(ops.swiglu_backward(dhidden, gated)[0])
        return dx.reshape(dout.shape), grads
