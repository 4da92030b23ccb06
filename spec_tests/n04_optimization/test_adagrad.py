"""AdaGrad: definition, laws and cases. Classic mistakes: mistakes_adagrad.py."""

import numpy as np

from nnspec.reference import adagrad
from nnspec.spec_tests._kinds import STEPS, Case, Malformed, variant
from nnspec.spec_tests._truth import sqrt
from nnspec.spec_tests.n04_optimization._entrywise import CHANGING, EntrywiseRule, rates


class TestAdagrad(EntrywiseRule):
    rows = ("04.13",)

    def definition(self, w, dw1, dw2, dw3, *, lr=1e-2, eps=1e-8):
        """s = s + dw^2, w = w - lr dw / (sqrt(s) + eps). Duchi et al. 2011, fig. 1; CS231n notes, part 3."""
        s, path = 0 * w, []
        for dw, rate in zip((dw1, dw2, dw3), rates(lr), strict=True):
            s = s + dw**2
            w = w - rate * dw / (sqrt(s) + eps)
            path.append(w)
        return tuple(path)

    def law_steps_shrink_as_one_over_the_root(self, run, problem):
        """Of one gradient again and again, the step t is lr / sqrt(t) long: nothing is forgotten."""
        T, w, dw = 16, problem.inputs["w"], problem.inputs["dw1"]
        problem.options = {"lr": 0.5, "eps": 0.0}
        problem.inputs = {"w": 0 * w, **{f"dw{t + 1}": dw for t in range(T)}}
        path = run()
        steps = np.array([path[f"w{t + 1}"] - path[f"w{t}"] for t in (3, 8, 15)])
        return steps, np.array([-0.5 / np.sqrt(t + 1) * np.sign(dw) for t in (3, 8, 15)])

    def law_without_gradient_w_stays(self, run, problem):
        """dw = 0 moves nothing, whatever was summed up."""
        return run(dw3=0 * problem.inputs["w"])[f"w{STEPS}"], run()["w2"]

    cases = (
        Case("large lr", lr=0.5),
        CHANGING,
        Case("tiny gradients", lr=0.1, inputs={"dw": lambda rng, shape: 1e-7 * rng.standard_normal(shape)}),
        Case("large eps", lr=0.1, eps=0.25),
    )
    bad = (Malformed("lr a string", "lr", lambda _: "fast"),)

    @variant("eps inside the root", source="Ruder 2016, arXiv:1609.04747; d2l.ai", replaces="adagrad")
    def eps_inside_the_root(w, dw, state=None, *, lr=1e-2, eps=1e-8):
        """eps is added below the root: w = w - lr dw / sqrt(s + eps)."""
        s = (0 * w if state is None else state) + dw * dw
        return w - lr * dw / np.sqrt(s + eps), s

    @variant("sum starts at 0.1", source="TensorFlow, tf.keras.optimizers.legacy.Adagrad", replaces="adagrad")
    def sum_starts_at_a_tenth(w, dw, state=None, *, lr=1e-2, eps=1e-8):
        """s is 0.1 before the first step, so that small gradients do not begin with steps of lr."""
        return adagrad(w, dw, np.full_like(w, 0.1) if state is None else state, lr=lr, eps=eps)

    @variant("sum starts at 0.1, eps inside the root", source="Keras 3, optimizers.Adagrad", replaces="adagrad")
    def sum_starts_at_a_tenth_eps_inside(w, dw, state=None, *, lr=1e-2, eps=1e-8):
        """s is 0.1 before the first step, and eps is added below the root."""
        s = (np.full_like(w, 0.1) if state is None else state) + dw * dw
        return w - lr * dw / np.sqrt(s + eps), s
