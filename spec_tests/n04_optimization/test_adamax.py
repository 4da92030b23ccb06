"""Adamax: definition, laws and cases. Classic mistakes: mistakes_adamax.py."""

import numpy as np

from nnspec.reference import adamax
from nnspec.spec_tests._kinds import variant
from nnspec.spec_tests._truth import absolute, named, where_positive
from nnspec.spec_tests.n04_optimization._entrywise import NO_TWO_MOMENTS, OF_TWO_MOMENTS, EntrywiseRule, rates


class TestAdamax(EntrywiseRule):
    rows = ("04.19",)

    def definition(self, w, dw1, dw2, dw3, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """u = max(beta2 u, |dw| + eps), w = w - lr m / (1 - beta1^t) / u, m as in Adam. Kingma and Ba 2015,
        algorithm 2, with the eps of PyTorch."""
        m, u, path = 0 * w, 0 * w, []
        for t, (dw, rate) in enumerate(zip((dw1, dw2, dw3), rates(lr), strict=True), start=1):
            m = beta1 * m + (1 - beta1) * dw
            faded, here = beta2 * u, absolute(dw) + eps
            u = named(where_positive(here - faded, here, faded))
            w = w - rate * m / (1 - beta1**t) / u
            path.append(w)
        return tuple(path)

    def law_the_largest_gradient_fades(self, run, problem):
        """After a gradient of 4 those of 1/4 are divided by 4 beta2, and 4 beta2^2."""
        w = problem.inputs["w"]
        problem.options = {"lr": 0.5, "beta1": 0.0, "beta2": 0.5, "eps": 0.0}
        path = run(w=0 * w, dw1=0 * w - 4, dw2=0 * w + 0.25, dw3=0 * w + 0.25)
        return np.array([path["w1"], path["w2"], path["w3"]]), np.array([w * 0 + at for at in (0.5, 0.4375, 0.3125)])

    def law_no_step_is_longer_than_lr(self, run, problem):
        """Without momentum |dw| <= u: whatever comes, a step has at most the length lr."""
        problem.options = {"lr": 0.5, "beta1": 0.0, "eps": 0.0}
        steps = np.diff([problem.inputs["w"], *run().values()], axis=0)
        return np.abs(steps) <= np.longdouble(0.5) * (1 + 8 * np.finfo(problem.dtype).eps), np.ones(steps.shape, bool)

    cases, bad = OF_TWO_MOMENTS, NO_TWO_MOMENTS

    @variant("eps under the moment", source="TensorFlow and Keras, Adamax", replaces="adamax")
    def eps_under_the_moment(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """eps is added to u where it divides, and not to what u remembers: u = max(beta2 u, |dw|), m / (u + eps)."""
        m, u, t = (0 * w, 0 * w, 0) if state is None else state
        m, u, t = beta1 * m + (1 - beta1) * dw, np.maximum(beta2 * u, np.abs(dw)), t + 1
        return w - lr * m / (1 - beta1**t) / (u + eps), (m, u, t)

    @variant("no eps", source="Kingma and Ba 2015, algorithm 2", replaces="adamax")
    def no_eps(w, dw, state=None, *, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """u = max(beta2 u, |dw|) divides as it is: an entry that never had a gradient becomes 0/0."""
        with np.errstate(invalid="ignore"):
            return adamax(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=0.0)
