"""Lion: definition, laws and cases. Classic mistakes: mistakes_lion.py."""

import numpy as np

from nnspec.spec_tests._kinds import STEPS, Case, Malformed
from nnspec.spec_tests._truth import where_positive
from nnspec.spec_tests.n04_optimization._entrywise import CHANGING, EntrywiseRule, rates


class TestLion(EntrywiseRule):
    rows = ("04.19",)

    def definition(self, w, dw1, dw2, dw3, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
        """c = beta1 m + (1 - beta1) dw, w = w - lr (sign(c) + weight_decay w), m = beta2 m + (1 - beta2) dw. Chen
        et al. 2023, algorithm 2."""
        m, path = 0 * w, []
        for dw, rate in zip((dw1, dw2, dw3), rates(lr), strict=True):
            c = beta1 * m + (1 - beta1) * dw
            w = w - rate * (where_positive(c, 1) - where_positive(-c, 1) + weight_decay * w)
            m = beta2 * m + (1 - beta2) * dw
            path.append(w)
        return tuple(path)

    def law_every_entry_moves_by_lr(self, run, problem):
        """Whatever the gradient's size, a step has the length lr."""
        problem.options = {"lr": 0.5}
        path = run(w=0 * problem.inputs["w"], dw1=2.0**-40 * problem.inputs["dw1"])
        return np.abs(path["w1"]), 0 * path["w1"] + 0.5

    def law_the_memory_is_slower_than_the_step(self, run, problem):
        """After a gradient of 16 one of -2 turns the step at beta1 = 1/2, beta2 = 15/16; one of -1/2 does not."""
        w = problem.inputs["w"]
        problem.options = {"lr": 0.5, "beta1": 0.5, "beta2": 0.9375}
        path = run(w=0 * w, dw1=0 * w + 16, dw2=0 * w - 2, dw3=0 * w - 0.5)
        return np.array([path["w1"], path["w2"], path["w3"]]), np.array([w * 0 + at for at in (-0.5, 0.0, -0.5)])

    def law_without_gradient_every_weight_shrinks_alike(self, run, problem):
        """With dw = 0 sign(0) = 0, and a step leaves 1 - lr weight_decay of w, large or small."""
        problem.options = {"lr": 0.5, "weight_decay": 0.25}
        path = run(**{f"dw{step + 1}": 0 * problem.inputs["w"] for step in range(STEPS)})
        return path["w1"], problem.inputs["w"] * problem.dtype.type(0.875)

    cases = (
        Case("large lr", lr=0.5),
        Case("other betas", lr=0.125, beta1=0.25, beta2=0.5),
        Case("decay", lr=0.5, weight_decay=0.25),
        CHANGING,
        Case("tiny gradients", lr=0.125, inputs={"dw": lambda rng, shape: 1e-7 * rng.standard_normal(shape)}),
    )
    bad = (
        Malformed("lr a string", "lr", lambda _: "fast"),
        Malformed("beta1 of 1", "beta1", beta1=1.0),
        Malformed("beta2 of 1", "beta2", beta2=1.0),
        Malformed("weight_decay a string", "weight_decay", lambda _: "much"),
    )
