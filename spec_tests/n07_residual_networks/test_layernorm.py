"""Layer normalization: definition, laws and cases. Classic mistakes: mistakes_layernorm.py."""

from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer, Malformed
from nnspec.spec_tests._truth import named, sqrt


def drawn(scale=1.0, offset=0.0):
    return lambda rng, shape: offset + scale * rng.standard_normal(shape)


class TestLayernorm(Layer):
    rows = ("07.05",)
    trivial = ("D",)  # of one feature xhat is 0, and what is left is rounding

    def definition(self, x, gamma, beta, *, eps=1e-5):
        """out = gamma (x - mean) / sqrt(var + eps) + beta, each row by its own statistics. Ba et al., eq. 3, 4."""
        out = np.empty(x.shape, object)
        for index in np.ndindex(*x.shape[:-1]):
            row = x[index]
            mean = named(sum(row) / len(row))
            var = named(sum((row - mean) ** 2) / len(row))
            out[index] = gamma * named((row - mean) / named(sqrt(var + eps))) + beta
        return out

    def law_ignores_a_shift(self, run, problem):
        """Adding a constant to a row changes neither out nor the gradient."""
        moved, still = run(x=problem.inputs["x"] + problem.dtype.type(2)), run()
        return [moved[name] for name in ("out", "dx")], [still[name] for name in ("out", "dx")]

    def law_gradient_sums_to_zero(self, run, problem):
        """sum_d dx_d = 0 in each row: a shift of the row changes nothing."""
        dx = run()["dx"]
        return dx.sum(axis=-1), 0 * dx[..., 0]

    def law_rows_alone(self, run, problem):
        """A row is normalized as it is in any batch: no other row is seen."""
        x = problem.inputs["x"]
        return run(x=np.broadcast_to(x[:1], x.shape))["out"][0], run()["out"][0]

    cases = (
        Case("rows", {"batch": (2,), "D": 4}),
        Case("as many rows as features", {"batch": (4,), "D": 4}),
        Case("one feature", {"batch": (3,), "D": 1}, value_only=True),  # the gradients are 0, but for rounding,
        Case("two features", {"batch": (3,), "D": 2}, value_only=True),  # and here but for eps
        Case("large eps", eps=0.5),
        Case("small spread", inputs={"x": drawn(1e-3)}),
    )
    beyond = (Case("no batch axis", {"batch": (), "D": 4}),)
    extremes = (
        Case("a constant row", {"batch": (2,)}, inputs={"x": [[2, 2, 2], [1, 3, -2]]}),
        Case("tiny spread", D=4, inputs={"x": drawn(1e-6)}),
        Case("a common offset", D=4, inputs={"x": drawn(1, 1000)}),
        Case("a large offset", D=4, inputs={"x": drawn(1, 1e5)}),
        Case("large", D=4, inputs={"x": drawn(1e10)}),
    )
    ties = (Case("empty batch", {"batch": (0,)}),)
    bad = (Malformed("eps a string", "eps", lambda _: "small"),)

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """What is left of dx where its terms cancel, as all do in rows of one entry, no neighbour tells."""
        found = super().budgets(problem, want, lenient, at_tie)
        if "dx" not in found or not lenient:
            return found
        x, gamma, _ = problem.floats().values()
        dout = abs(problem.douts[0])
        std = np.sqrt(x.var(axis=-1, keepdims=True) + problem.options.get("eps", 1e-5))
        pulls = (dout + dout.mean(axis=-1, keepdims=True)) * abs(gamma) / std
        more = found["dx"].rounding + np.finfo(problem.dtype).eps / 2 * pulls
        return found | {"dx": replace(found["dx"], rounding=more)}
