"""The worked circuits of the course: definitions, laws and cases. Classic mistakes: mistakes_circuits.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer
from nnspec.spec_tests._truth import exp, named

BEYOND = (Case("an image", {"shape": (2, 1, 3, 2)}), Case("one number", {"shape": ()}))
NEURON = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}
NOTHING = Case("empty", {"shape": (0, 3)})


class TestCircuitXyz(Layer):
    rows = ("05.16",)

    def definition(self, x, y, z):
        """q = x + y, out = q z. CS231n notes "Backpropagation, Intuitions"."""
        q = named(x + y)
        return q * z

    def law_the_notes_example(self, run, problem):
        """At (-2, 5, -4) it is -12, with the gradients -4, -4 and 3."""
        return at(run, problem, x=-2, y=5, z=-4), scaled(problem, -12, -4, -4, 3)

    def law_x_and_y_may_change_places(self, run, problem):
        """A sum hands the same gradient to both."""
        x, y, z = problem.inputs.values()
        here, there = run(), run(x=y, y=x, z=z)
        return np.stack([there["dx"], here["dx"]]), np.stack([here["dy"], here["dy"]])

    beyond = BEYOND
    extremes = (Case("large", inputs={"x": [[1e15] * 3] * 2, "y": [[-1e15] * 3] * 2, "z": [[1e10] * 3] * 2}),)
    ties = (NOTHING,)


class TestSigmoidNeuron(Layer):
    rows = ("05.16",)

    def definition(self, w0, x0, w1, x1, w2):
        """dot = w0 x0 + w1 x1 + w2, out = 1 / (1 + e^-dot). CS231n notes "Backpropagation, Intuitions"."""
        dot = named(w0 * x0 + w1 * x1 + w2)
        return 1 / (1 + exp(-dot))

    def law_the_slope_is_that_of_the_output(self, run, problem):
        """w2 has dout out (1 - out), and the factors of a product switch."""
        w0, x0, w1, x1, _ = problem.inputs.values()
        found = run()
        ddot = problem.douts[0] * found["out"] * (1 - found["out"])
        names = ("dw0", "dx0", "dw1", "dx1", "dw2")
        return np.stack([found[name] for name in names]), np.stack([ddot * x0, ddot * w0, ddot * x1, ddot * w1, ddot])

    def law_products_may_change_places(self, run, problem):
        """The pair (w0, x0) for (w1, x1) and back."""
        w0, x0, w1, x1, w2 = problem.inputs.values()
        here, there = run(), run(w0=w1, x0=x1, w1=w0, x1=x0, w2=w2)
        return np.stack([there["out"], there["dw0"], there["dx1"]]), np.stack([here["out"], here["dw1"], here["dx0"]])

    cases = (Case("the notes' example", {"shape": ()}, inputs=NEURON),)
    beyond = BEYOND
    extremes = (
        Case("saturated", inputs={"w0": [[500.0, -500.0, 50.0]] * 2, "x0": [[2.0, 2.0, 1.0]] * 2}),
        Case("far below", inputs={"w2": [[-1000.0, -95.0, -40.0]] * 2}),
    )
    ties = (NOTHING,)


class TestStagedF(Layer):
    rows = ("05.16",)

    def definition(self, x, y):
        """num = x + sigma(y), den = sigma(x) + (x + y)^2, out = num / den. CS231n notes, staged computation."""
        num = named(x + 1 / (1 + exp(-y)))
        den = named(1 / (1 + exp(-x)) + (x + y) ** 2)
        return num / den

    def law_on_the_diagonal(self, run, problem):
        """At y = -x the square is 0, and so is its slope: out = (x + sigma(-x)) / sigma(x)."""
        x = problem.inputs["x"]
        sigma = 1 / (1 + np.exp(-x.astype(np.longdouble)))
        return run(x=x, y=-x)["out"], (x + 1 - sigma) / sigma

    def law_both_slopes_of_the_sum(self, run, problem):
        """dx - dy has nothing of (x + y)^2: it is dnum (1 - sigma'(y)) + dden sigma'(x)."""
        x, y = (a.astype(np.longdouble) for a in problem.inputs.values())
        found, sigx, sigy = run(), 1 / (1 + np.exp(-x)), 1 / (1 + np.exp(-y))
        den = sigx + (x + y) ** 2
        dnum = problem.douts[0] / den
        dden = -dnum * (x + sigy) / den
        return found["dx"] - found["dy"], dnum * (1 - sigy * (1 - sigy)) + dden * sigx * (1 - sigx)

    beyond = BEYOND
    extremes = (
        Case("saturated", inputs={"x": [[1000.0, -1000.0, 90.0]] * 2, "y": [[-999.0, 998.0, -88.0]] * 2}),
        Case("large", inputs={"x": [[1e12, -1e12, 3e12]] * 2, "y": [[2e12, -1e12, 1.0]] * 2}),
    )
    ties = (NOTHING,)


def at(run, problem, **point):
    """Output and gradients at a point, in every entry the same, as one vector of each."""
    shape = problem.inputs["x"].shape
    found = run(**{name: np.full(shape, value, problem.dtype) for name, value in point.items()})
    return np.stack([found["out"], *(found[f"d{name}"] for name in point)])


def scaled(problem, out, *slopes):
    """An output, and gradients for a dout of 1, as `at` gives them for that of the problem."""
    dout = problem.douts[0]
    return np.stack([np.full_like(dout, out), *(slope * dout for slope in slopes)])
