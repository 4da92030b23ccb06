"""Weight decay in gradient descent: definition, laws and cases. Classic mistakes: mistakes_sgd_weight_decay.py.

That Adam is another matter is a law of `adam` and of `adamw`.
"""

from nnspec.reference import l2_penalty
from nnspec.spec_tests._kinds import STEPS, Case, Malformed
from nnspec.spec_tests.n04_optimization._entrywise import CHANGING, EntrywiseRule, rates


class TestSgdWeightDecay(EntrywiseRule):
    rows = ("03.06",)

    def definition(self, w, dw1, dw2, dw3, *, lr=1e-2, weight_decay=1e-2, mu=0):
        """v = mu v - lr (dw + weight_decay w), w = w + v. Loshchilov and Hutter 2019, eq. 1 and 2; PyTorch, SGD."""
        v, path = 0 * w, []
        for dw, rate in zip((dw1, dw2, dw3), rates(lr), strict=True):
            v = mu * v - rate * (dw + weight_decay * w)
            w = w + v
            path.append(w)
        return tuple(path)

    def law_decay_is_the_l2_penalty(self, run, problem):
        """Descent on the gradient and that of weight_decay/2 sum w^2 goes the same way without any decay."""
        return self._by_a_penalty(run, problem, mu=0.0)

    def law_with_momentum_too(self, run, problem):
        """The penalty goes through the velocity, and so does the decay."""
        return self._by_a_penalty(run, problem, mu=0.5)

    def law_decay_is_a_factor(self, run, problem):
        """Without momentum w is first shrunk by 1 - lr weight_decay, and then moved by the gradient alone."""
        w = problem.inputs["w"]
        problem.options = {"lr": 0.5, "weight_decay": 0.25}
        decayed = run()["w1"]
        problem.options = {"lr": 0.5, "weight_decay": 0.0}
        return decayed, run(w=problem.dtype.type(0.875) * w)["w1"]

    def law_without_gradient_every_weight_shrinks_alike(self, run, problem):
        """With dw = 0 a step leaves 1 - lr weight_decay of w, large or small, in each of three."""
        still = {f"dw{step + 1}": 0 * problem.inputs["w"] for step in range(STEPS)}
        problem.options = {"lr": 0.5, "weight_decay": 0.5}
        return run(**still)["w3"], problem.inputs["w"] * problem.dtype.type(0.75**3)

    def law_without_decay_it_is_plain_descent(self, run, problem):
        """weight_decay = 0 leaves w - lr dw."""
        w, dw = problem.inputs["w"], problem.inputs["dw1"]
        problem.options = {"lr": 0.5, "weight_decay": 0.0}
        return run()["w1"], w - dw / 2

    cases = (
        Case("large lr", lr=0.5),
        Case("strong decay", lr=0.1, weight_decay=0.5),
        Case("no decay", lr=0.1, weight_decay=0.0),
        CHANGING,
        Case("momentum", lr=0.1, weight_decay=0.5, mu=0.9),
        Case("momentum without decay", lr=0.1, weight_decay=0.0, mu=0.5),
        Case("nothing lost", lr=0.1, weight_decay=0.25, mu=1.0),
    )
    bad = (
        Malformed("lr a string", "lr", lambda _: "fast"),
        Malformed("weight_decay None", "weight_decay", lambda _: None),
        Malformed("mu a string", "mu", lambda _: "much"),
    )

    def _by_a_penalty(self, run, problem, mu):
        """The path with decay, and that of gradients to which the penalty's was added at each of its points."""
        problem.options = {"lr": 0.5, "weight_decay": 0.25, "mu": mu}
        path = run()
        at = [problem.inputs["w"], path["w1"], path["w2"]]
        problem.options = {"lr": 0.5, "weight_decay": 0.0, "mu": mu}
        penalized = {
            f"dw{step}": problem.inputs[f"dw{step}"] + l2_penalty(w.astype(problem.dtype), 0.25, half=True)[1]
            for step, w in enumerate(at, start=1)
        }
        return path["w3"], run(**penalized)["w3"]
