"""RMSProp: definition, laws and cases. Classic mistakes: mistakes_rmsprop.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Malformed, variant
from nnspec.spec_tests._truth import sqrt
from nnspec.spec_tests.n04_optimization._entrywise import CHANGING, EntrywiseRule, rates


class TestRmsprop(EntrywiseRule):
    rows = ("04.14",)

    def definition(self, w, dw1, dw2, dw3, *, lr=1e-2, rho=0.99, eps=1e-8):
        """s = rho s + (1 - rho) dw^2, w = w - lr dw / (sqrt(s) + eps). Tieleman and Hinton 2012; CS231n."""
        s, path = 0 * w, []
        for dw, rate in zip((dw1, dw2, dw3), rates(lr), strict=True):
            s = rho * s + (1 - rho) * dw**2
            w = w - rate * dw / (sqrt(s) + eps)
            path.append(w)
        return tuple(path)

    def law_the_first_step(self, run, problem):
        """It is lr / sqrt(1 - rho) long, against the sign of the gradient: nothing is corrected."""
        problem.options = {"lr": 0.5, "rho": 0.75, "eps": 0.0}
        w, dw = problem.inputs["w"], problem.inputs["dw1"]
        return run()["w1"] - w, -np.sign(dw)

    def law_the_twelfth_step(self, run, problem):
        """s = (1 - rho) sum_t rho^(12 - t) g_t^2: old gradients fade, and none is cut off."""
        T, rho = 12, 0.75
        factors = np.resize([1.0, -0.5, 2.0, 0.25, 1.0], T)  # of one gradient: powers of two, which round nothing
        w, dw = problem.inputs["w"], problem.inputs["dw1"]
        problem.options = {"lr": 0.5, "rho": rho, "eps": 0.0}
        problem.inputs = {"w": w, **{f"dw{t + 1}": factor * dw for t, factor in enumerate(factors.astype(dw.dtype))}}
        s = (1 - rho) * np.longdouble(rho) ** np.arange(T)[::-1] @ factors**2
        path = run()
        return path[f"w{T}"] - path[f"w{T - 1}"], -0.5 * factors[-1] * np.sign(dw) / np.sqrt(s)

    cases = (
        Case("large lr", lr=0.5),
        Case("another rho", lr=0.1, rho=0.5),
        Case("rho 0, signs alone", lr=0.1, rho=0.0),
        CHANGING,
        Case("tiny gradients", lr=0.1, inputs={"dw": lambda rng, shape: 1e-7 * rng.standard_normal(shape)}),
        Case("large eps", lr=0.1, eps=0.25),
    )
    bad = (Malformed("lr a string", "lr", lambda _: "fast"), Malformed("rho of 1", "rho", rho=1.0))

    @variant("eps inside the root", source="TensorFlow and Keras, RMSprop; Ruder 2016; d2l.ai", replaces="rmsprop")
    def eps_inside_the_root(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
        """eps is added below the root: w = w - lr dw / sqrt(s + eps)."""
        s = rho * (0 * w if state is None else state) + (1 - rho) * dw * dw
        return w - lr * dw / np.sqrt(s + eps), s

    @variant("squares start at 1", source="TensorFlow 1, tf.train.RMSPropOptimizer", replaces="rmsprop")
    def squares_start_at_one(w, dw, state=None, *, lr=1e-2, rho=0.99, eps=1e-8):
        """s is 1 before the first step, so that no step is longer than lr dw, and eps stands below the root."""
        s = rho * (np.ones_like(w) if state is None else state) + (1 - rho) * dw * dw
        return w - lr * dw / np.sqrt(s + eps), s
