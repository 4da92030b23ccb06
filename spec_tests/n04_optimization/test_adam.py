"""Adam: definition, laws and cases. Classic mistakes: mistakes_adam.py."""

import numpy as np

from nnspec.reference import adam
from nnspec.spec_tests._kinds import STEPS, Case, Malformed, UpdateRule, variant
from nnspec.spec_tests._truth import sqrt


class TestAdam(UpdateRule):
    rows = ("03.06", "04.16")

    def definition(self, w, dw1, dw2, dw3, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """w -= lr mhat / (sqrt(vhat) + eps), mhat = m/(1 - beta1^t), vhat = v/(1 - beta2^t). Kingma and Ba, alg. 1."""
        m, v, path = 0 * w, 0 * w, []
        for t, g in enumerate((dw1, dw2, dw3), start=1):
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g**2
            w = w - lr * (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + eps)
            path.append(w)
        return tuple(path)

    def law_first_step_is_lr(self, run, problem):
        """The first step has length lr against the sign of the gradient, as long as eps is small beside it."""
        w, dw = problem.inputs["w"], problem.inputs["dw1"]
        eps_share = 1e-8 / (np.abs(dw) + 1e-8)
        return run()["w1"] - w, -problem.dtype.type(1e-3) * np.sign(dw) * (1 - eps_share)

    def law_an_l2_penalty_is_no_decay(self, run, problem):
        """A penalty's gradient is divided by its own root: weak or strong, it shrinks every weight by lr."""
        w = problem.inputs["w"]
        problem.options = {"lr": 2.0**-7, "eps": 0.0}
        weak, strong = (run(dw1=problem.dtype.type(strength) * w)["w1"] for strength in (0.125, 4))
        shrunk = w - np.sign(w) / 128
        return [weak, strong], [shrunk, shrunk]

    def law_entries_do_not_mix(self, run, problem):
        """Every entry has its own moments: reversing all arrays reverses the path."""
        turned = {name: problem.inputs[name][::-1].copy() for name in problem.inputs}
        last = f"w{STEPS}"
        return run(**turned)[last], run()[last][::-1]

    def law_the_twelfth_step(self, run, problem):
        """m = (1 - beta1) sum_t beta1^(12 - t) g_t, v likewise of g_t^2; both are still divided by 1 - beta^12."""
        T, lr = 12, 0.5
        factors = np.resize([1.0, -0.5, 2.0, 0.25, 1.0], T)  # of one gradient: powers of two, which round nothing
        w, dw = problem.inputs["w"], problem.inputs["dw1"]
        problem.options = {"lr": lr}
        problem.inputs = {"w": w, **{f"dw{t + 1}": factor * dw for t, factor in enumerate(factors.astype(dw.dtype))}}
        m, v = (
            (1 - beta) * beta ** np.arange(T)[::-1] @ factors**power / (1 - beta**T)
            for beta, power in ((np.longdouble(0.9), 1), (np.longdouble(0.999), 2))
        )
        path = run()
        return path[f"w{T}"] - path[f"w{T - 1}"], -lr * m * dw / (np.sqrt(v) * np.abs(dw) + 1e-8)

    cases = (
        Case("large lr", lr=0.5),
        Case("other betas", lr=0.1, beta1=0.5, beta2=0.75),
        Case("tiny gradients", lr=0.1, inputs={"dw": lambda rng, shape: 1e-7 * rng.standard_normal(shape)}),
        Case("large eps", lr=0.1, eps=0.25),
    )
    extremes = (
        Case("no gradient", inputs={"dw": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]}),
        Case("gradients of 1e15 and 1e-15", inputs={"dw": [[1e15, -1e15, 1e-15], [-1e-15, 1.0, -1.0]]}),
    )
    ties = (Case("empty", {"shape": (0, 3)}),)
    bad = (
        Malformed("lr a string", "lr", lambda _: "fast"),
        Malformed("beta1 of 1", "beta1", beta1=1.0),
        Malformed("beta2 of 1", "beta2", beta2=1.0),
    )

    @variant(
        "eps-hat", source="Kingma and Ba 2015, end of section 2; TensorFlow; CS231n, assignment 3", replaces="adam"
    )
    def eps_hat(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """eps is added to the root before its correction: lr_t = lr sqrt(1 - beta2^t) / (1 - beta1^t)."""
        m, v, t = state or (0 * w, 0 * w, 0)
        m, v, t = beta1 * m + (1 - beta1) * dw, beta2 * v + (1 - beta2) * dw * dw, t + 1
        return w - lr * (1 - beta2**t) ** 0.5 / (1 - beta1**t) * m / (np.sqrt(v) + eps), (m, v, t)

    @variant("t starts at 1", source="CS231n, assignment 2 as it was handed out until 2017", replaces="adam")
    def t_starts_at_1(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """The count is 1 before the first step and goes up before it is used."""
        m, v, t = state or (0 * w, 0 * w, 1)
        return adam(w, dw, (m, v, t), lr=lr, beta1=beta1, beta2=beta2, eps=eps)
