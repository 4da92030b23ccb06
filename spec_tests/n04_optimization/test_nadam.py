"""Nadam: definition, laws and cases. Classic mistakes: mistakes_nadam.py."""

import numpy as np

from nnspec.reference import nadam
from nnspec.spec_tests._kinds import Case, Malformed, variant
from nnspec.spec_tests._truth import exact, sqrt
from nnspec.spec_tests.n04_optimization._entrywise import CHANGING, EntrywiseRule, rates


class TestNadam(EntrywiseRule):
    rows = ("04.17",)

    def definition(self, w, dw1, dw2, dw3, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """w = w - lr (beta1 m + (1 - beta1) dw) / (1 - beta1^t) / (sqrt(vhat) + eps). Dozat 2016; with a schedule
        mu_{t+1} m / (1 - mu_1 … mu_{t+1}) + (1 - mu_t) dw / (1 - mu_1 … mu_t), algorithm 2 and section 2.2."""
        m, v, product, path = 0 * w, 0 * w, 1, []
        for t, (dw, rate) in enumerate(zip((dw1, dw2, dw3), rates(lr), strict=True), start=1):
            m = beta1 * m + (1 - beta1) * dw
            v = beta2 * v + (1 - beta2) * dw**2
            ahead = (beta1 * m + (1 - beta1) * dw) / (1 - beta1**t)
            if schedule is not None:
                mu, following = (beta1 * (1 - exact(0.96) ** (schedule * step) / 2) for step in (t, t + 1))
                product = product * mu
                ahead = following * m / (1 - product * following) + (1 - mu) * dw / (1 - product)
            w = w - rate * ahead / (sqrt(v / (1 - beta2**t)) + eps)
            path.append(w)
        return tuple(path)

    def law_the_first_step(self, run, problem):
        """mhat is dw, and so is dw / (1 - beta1) times 1 - beta1: the step is (1 + beta1) lr long."""
        problem.options = {"lr": 0.5, "beta1": 0.5, "eps": 0.0}
        w, dw = problem.inputs["w"], problem.inputs["dw1"]
        return run()["w1"] - w, -0.75 * np.sign(dw)

    def law_the_twelfth_step(self, run, problem):
        """m and v of all twelve gradients, corrected by 1 - beta^12."""
        T, lr, (beta1, beta2) = 12, 0.5, np.array([0.9, 0.999], np.longdouble)
        factors = np.resize([1.0, -0.5, 2.0, 0.25, 1.0], T)  # of one gradient: powers of two, which round nothing
        w, dw = problem.inputs["w"], problem.inputs["dw1"]
        problem.options = {"lr": lr, "eps": 0.0}
        problem.inputs = {"w": w, **{f"dw{t + 1}": factor * dw for t, factor in enumerate(factors.astype(dw.dtype))}}
        m, v = ((1 - b) * b ** np.arange(T)[::-1] @ factors**k / (1 - b**T) for b, k in ((beta1, 1), (beta2, 2)))
        ahead = beta1 * m + (1 - beta1) * factors[-1] / (1 - beta1**T)
        path = run()
        return path[f"w{T}"] - path[f"w{T - 1}"], -lr * ahead / np.sqrt(v) * np.sign(dw)

    cases = (
        Case("large lr", lr=0.5),
        Case("other betas", lr=0.1, beta1=0.5, beta2=0.75),
        CHANGING,
        Case("tiny gradients", lr=0.1, inputs={"dw": lambda rng, shape: 1e-7 * rng.standard_normal(shape)}),
        Case("large eps", lr=0.1, eps=0.25),
        Case("schedule", lr=0.1, schedule=0.004),
        Case("steep schedule", lr=0.1, beta1=0.5, beta2=0.75, schedule=8.0),
        Case("beta1 0", lr=0.1, beta1=0.0, schedule=0.004),
    )
    bad = (
        Malformed("lr a string", "lr", lambda _: "fast"),
        Malformed("beta1 of 1", "beta1", beta1=1.0),
        Malformed("beta2 of 1", "beta2", beta2=1.0),
        Malformed("schedule below 0", "schedule", schedule=-0.5),
    )

    @variant("scheduled by default", source="PyTorch, torch.optim.NAdam; Keras; Dozat 2016", replaces="nadam")
    def scheduled_by_default(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=0.004):
        """Without being asked the momentum follows the schedule mu_t = beta1 (1 - 0.96^(0.004 t) / 2)."""
        schedule = 0.004 if schedule is None else schedule
        return nadam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, schedule=schedule)

    @variant("corrected as of the next step", source="Dozat 2016, algorithm 2, mu constant; optax", replaces="nadam")
    def corrected_as_of_the_next_step(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, schedule=None):
        """m is divided by 1 - beta1^(t + 1), and dw alone by 1 - beta1^t."""
        _, (m, v, t) = moved = nadam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, schedule=schedule)
        if schedule is not None:
            return moved
        ahead = beta1 * m / (1 - beta1 ** (t + 1)) + (1 - beta1) * dw / (1 - beta1**t)
        return w - lr * ahead / (np.sqrt(v / (1 - beta2**t)) + eps), (m, v, t)
