"""What the objectives of the linear classifiers share: their kind, their cases and laws."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Malformed, Penalty

SMALL = 2.0**-20


class LinearObjective(Penalty):
    """`objective(w, x, y, *, reg, …) -> (loss, dw)`: a scalar and its gradient at once, as a penalty has them."""

    outputs = ("loss",)
    no_gradient = ("x",)
    apart, tall = (1,), ((257, 33),)  # what is wide and very tall is asked of the parts
    trivial = ("C",)  # of a single class the loss is 0

    @property
    def returned(self):
        return {self.op: "(loss, dw)"}

    def run(self, call, problem, gradient=True):
        result = call(self.op, *problem.inputs.values(), **problem.options)
        loss, dw = self.unpack(result, 2, f"{self.op} must return (loss, dw)")
        return {"loss": loss} | ({"dw": dw} if gradient else {})

    def law_the_mean_of_the_samples(self, run, problem):
        """Every sample twice changes neither the loss nor its gradient."""
        x, y = problem.inputs["x"], problem.inputs["y"]
        twice, once = run(x=np.concatenate([x, x]), y=np.concatenate([y, y])), run()
        return np.append(twice["loss"], twice["dw"]), np.append(once["loss"], once["dw"])

    def law_without_data_the_penalty_is_left(self, run, problem):
        """Where x is 0, all scores are equal, and dw is 2 reg w."""
        problem.options = problem.options | {"reg": 0.25}
        return run(x=0 * problem.inputs["x"])["dw"], problem.inputs["w"] / 2

    def law_a_bias_row_is_free(self, run, problem):
        """With bias_row the last row of dw has no part of the penalty, and the others have."""
        w = problem.inputs["w"]
        problem.options = problem.options | {"reg": 0.25, "bias_row": True}
        penalized = run()["dw"]
        problem.options = problem.options | {"reg": 0.0}
        return penalized - run()["dw"], np.where(np.arange(len(w)) < len(w) - 1, 1, 0)[:, None] * w / 2

    cases = (
        Case("regularized", reg=0.5),
        Case("a small reg", reg=SMALL),
        Case("a bias row", reg=0.5, bias_row=True),
        Case("N equals D", {"N": 3, "D": 3, "C": 2}, reg=0.25),
        Case("D equals C", {"N": 2, "D": 3, "C": 3}, reg=0.25),
        Case("nothing to penalize but the bias", D=1, reg=0.5, bias_row=True),
    )
    ties = (Case("no features", D=0, reg=0.5),)
    bad = (
        Malformed("mean of no samples", "y", N=0),
        Malformed("reg a string", "reg", lambda _: "much"),
        Malformed("bias_row a number", "bias_row", lambda _: 1),
    )


def scaled(run, problem, factor, reg):
    """Loss and gradient of three samples of three classes, which w leads by 2 `factor` each."""
    problem.options = {"reg": reg}
    x, w = np.eye(3, dtype=problem.dtype), 2 * factor * np.eye(3, dtype=problem.dtype)
    answer = run(w=w, x=x, y=np.arange(3))
    return np.append(answer["loss"], answer["dw"])


def scored(x, w):
    """(N, C), sum by sum."""
    return np.array([[sum(row * w[:, c]) for c in range(w.shape[1])] for row in x], object)


def penalty(w, reg, bias_row):
    return reg * sum(entry**2 for entry in w[: len(w) - bool(bias_row)].ravel())
