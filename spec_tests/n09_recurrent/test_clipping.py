"""Gradient clipping: definitions, laws and cases. Classic mistakes: mistakes_clipping.py."""

import numpy as np

from nnspec.reference import clip_by_global_norm
from nnspec.spec_tests._kinds import Case, Function, Malformed, variant
from nnspec.spec_tests._truth import sqrt, where_positive
from nnspec.spec_tests._verdict import require

KEYS = ("W", "b")
THREE_FOUR = {"W": [[3.0]], "b": [4.0]}  # their norm is 5, exactly


class Clipping(Function):
    """What goes in and comes out is a dict; judged is each array of it, under the name `clipped_<key>`."""

    def run(self, call, problem, gradient=True):
        grads, *more = self._returned(call(self.op, *problem.inputs.values(), **problem.options))
        complete = isinstance(grads, dict) and list(grads) == list(problem.inputs["grads"])
        require(complete, f"{self.op} must return the gradients in a dict under their keys, in their order")
        return {f"clipped_{key}": grads[key] for key in grads} | dict(
            zip(self.outputs[len(grads) :], more, strict=True)
        )


class TestClipByGlobalNorm(Clipping):
    rows = ("09.11",)
    outputs = ("clipped_W", "clipped_b", "norm")

    def definition(self, W, b, max_norm, *, eps=1e-6):
        """g = g min(1, max_norm / (norm + eps)), norm over all gradients. Pascanu et al. 2013, alg. 1; PyTorch."""
        norm = sqrt(np.sum(W**2) + np.sum(b**2))
        scale = where_positive(norm + eps - max_norm, max_norm / (norm + eps), 1)
        return W * scale, b * scale, norm

    @property
    def returned(self):
        return {self.op: "(grads, norm)"}

    def _returned(self, result):
        return self.unpack(result, 2, f"{self.op} must return (grads, norm)")

    def law_the_direction_stays(self, run, problem):
        """All gradients are scaled by one number, which is max_norm / norm where they are too long."""
        clipped, (W, b) = run(max_norm=0.125), (problem.inputs["grads"][key] for key in KEYS)
        return clipped["clipped_W"] * b[0], W * clipped["clipped_b"][0]

    def law_what_is_short_stays(self, run, problem):
        """Nothing is scaled up."""
        return run(max_norm=1000.0)["clipped_W"], problem.inputs["grads"]["W"]

    def law_the_norm_is_that_of_before(self, run, problem):
        """The second output does not depend on max_norm."""
        return run(max_norm=0.125)["norm"], run(max_norm=1000.0)["norm"]

    cases = (
        Case("short enough", inputs={"max_norm": 1000.0}),
        Case("much too long", inputs={"max_norm": 2.0**-10}),
        Case("limit 0", inputs={"max_norm": 0.0}),
        Case("3 and 4", N=1, D=1, inputs={**THREE_FOUR, "max_norm": 1.0}),
        Case("large eps", eps=0.5, inputs={"max_norm": 1.0}),
        Case("no eps", eps=0.0, inputs={"max_norm": 1.0}),
    )
    extremes = (
        Case("one large beside small ones", N=1, D=3, inputs={"W": [[1e8, 1.0, -1e-8]], "b": [0, 1e-10, 1]}),
        Case("no gradient", N=1, D=2, inputs={"W": [[0.0, 0.0]], "b": [0.0, 0.0]}),
    )
    ties = (
        Case("an infinite limit", inputs={"max_norm": np.inf}),
        Case("no rows", N=0),
        Case("nothing at all", N=0, D=0),
        Case("infinity", N=1, D=2, inputs={"W": [[np.inf, 1.0]], "b": [2.0, -1.0]}),
        Case("NaN", N=1, D=2, inputs={"W": [[np.nan, 1.0]], "b": [2.0, -1.0]}),
    )
    bad = (
        Malformed("max_norm below 0", "max_norm", lambda _: -1.0),
        Malformed("max_norm NaN", "max_norm", lambda _: np.nan),
        Malformed("a list of gradients", "grads", lambda grads: list(grads.values())),
        Malformed("gradients of integers", "grads", lambda grads: {k: g.astype(int) for k, g in grads.items()}),
    )

    @variant(
        "no eps",
        source="Pascanu et al. 2013, algorithm 1; TensorFlow, clip_by_global_norm",
        replaces="clip_by_global_norm",
    )
    def no_eps(grads, max_norm, *, eps=0.0):
        """Without eps the clipped norm is max_norm itself; what is shorter stays."""
        norm = np.sqrt(sum((g * g).sum() for g in grads.values()))
        return clip_by_global_norm(grads, max_norm, eps=eps if norm > 0 else 1)


class TestClipByValue(Clipping):
    rows = ("09.11",)
    outputs = ("clipped_W", "clipped_b")

    def definition(self, W, b, limit):
        """g = max(-limit, min(g, limit)), entry by entry. PyTorch, `clip_grad_value_`."""
        return tuple(_between(g, limit) for g in (W, b))

    @property
    def returned(self):
        return {self.op: "grads"}

    def _returned(self, result):
        return (result,)

    def law_twice_is_once(self, run, problem):
        """What is clipped already stays as it is."""
        once = run(limit=0.5)
        again = run(limit=0.5, **{key: once[f"clipped_{key}"] for key in KEYS})
        return again["clipped_W"], once["clipped_W"]

    def law_both_signs_alike(self, run, problem):
        """The negative gradients are clipped to the negative of it."""
        W, b = (problem.inputs["grads"][key] for key in KEYS)
        return run(W=-W, b=-b)["clipped_W"], -run()["clipped_W"]

    cases = (
        Case("a wide limit", inputs={"limit": 1000.0}),
        Case("a narrow limit", inputs={"limit": 2.0**-10}),
        Case("limit 0", inputs={"limit": 0.0}),
    )
    extremes = (
        Case("large and small", N=1, D=3, inputs={"W": [[1e30, 1.0, -1e-30]], "b": [0, 1e-10, -1e10], "limit": 1.0}),
    )
    ties = (
        Case("at the limit", N=1, D=2, inputs={"W": [[0.5, -0.5]], "b": [0.0, 0.5], "limit": 0.5}),
        Case("an infinite limit", inputs={"limit": np.inf}),
        Case("infinity and NaN", N=1, D=3, inputs={"W": [[np.inf, -np.inf, np.nan]], "b": [1, 0, -1], "limit": 0.5}),
        Case("no rows", N=0),
    )
    bad = (
        Malformed("limit below 0", "limit", lambda _: -1.0),
        Malformed("a list of gradients", "grads", lambda grads: list(grads.values())),
    )


def _between(g, limit):
    above = where_positive(g - limit, limit, g)
    return where_positive(-limit - above, -limit, above)
