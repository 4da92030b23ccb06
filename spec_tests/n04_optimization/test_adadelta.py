"""AdaDelta: definition, laws and cases. Classic mistakes: mistakes_adadelta.py."""

import numpy as np

from nnspec.spec_tests._kinds import STEPS, Case, Malformed
from nnspec.spec_tests._truth import named, sqrt
from nnspec.spec_tests.n04_optimization._entrywise import CHANGING, EntrywiseRule, rates


class TestAdadelta(EntrywiseRule):
    rows = ("04.15",)

    def definition(self, w, dw1, dw2, dw3, *, lr=1.0, rho=0.9, eps=1e-6):
        """s = rho s + (1 - rho) dw^2, u = sqrt(d + eps) / sqrt(s + eps) dw, d = rho d + (1 - rho) u^2, w = w - lr u.
        Zeiler 2012, algorithm 1."""
        s, d, path = 0 * w, 0 * w, []
        for dw, rate in zip((dw1, dw2, dw3), rates(lr), strict=True):
            s = named(rho * s + (1 - rho) * dw**2)
            u = named(sqrt(d + eps) / sqrt(s + eps) * dw)
            d = named(rho * d + (1 - rho) * u**2)
            w = w - rate * u
            path.append(w)
        return tuple(path)

    def law_the_first_step(self, run, problem):
        """It is sqrt(eps) long for large gradients, over sqrt(1 - rho): d is 0 before, and not updated yet."""
        problem.options = {"rho": 0.75, "eps": 2.0**-40}
        w, dw = problem.inputs["w"], problem.inputs["dw1"]
        return run(w=0 * w, dw1=1024 * np.sign(dw))["w1"], -np.sign(dw) * problem.dtype.type(2.0**-19)

    def law_steps_do_not_ask_for_the_unit_of_the_gradient(self, run, problem):
        """Gradients 1024 times as large make the same steps, where eps is nothing beside their squares."""
        problem.options = {"eps": 2.0**-60}
        large = {f"dw{step + 1}": np.sign(problem.inputs[f"dw{step + 1}"]) for step in range(STEPS)}
        larger = {name: 1024 * dw for name, dw in large.items()}
        zero = 0 * problem.inputs["w"]
        return run(w=zero, **larger)["w3"], run(w=zero, **large)["w3"]

    cases = (
        Case("small lr", lr=0.125),
        Case("another rho", rho=0.5),
        Case("rho 0", rho=0.0, eps=0.25),
        CHANGING,
        Case("tiny gradients", inputs={"dw": lambda rng, shape: 1e-4 * rng.standard_normal(shape)}),
        Case("large eps", eps=0.25),
    )
    bad = (Malformed("lr a string", "lr", lambda _: "fast"), Malformed("rho of 1", "rho", rho=1.0))
