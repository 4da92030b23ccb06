"""AMSGrad: definition, laws and cases. Classic mistakes: mistakes_amsgrad.py."""

import numpy as np

from nnspec.reference import amsgrad
from nnspec.spec_tests._kinds import variant
from nnspec.spec_tests._truth import named, sqrt, where_positive
from nnspec.spec_tests.n04_optimization._entrywise import NO_TWO_MOMENTS, OF_TWO_MOMENTS, EntrywiseRule, rates


class TestAmsgrad(EntrywiseRule):
    rows = ("04.19",)

    def definition(self, w, dw1, dw2, dw3, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """top = max(top, v), w = w - lr mhat / (sqrt(top / (1 - beta2^t)) + eps), m and v as in Adam. Reddi et al.
        2018, algorithm 2, with bias corrections."""
        m, v, top, path = 0 * w, 0 * w, 0 * w, []
        for t, (dw, rate) in enumerate(zip((dw1, dw2, dw3), rates(lr), strict=True), start=1):
            m = beta1 * m + (1 - beta1) * dw
            v = named(beta2 * v + (1 - beta2) * dw**2)
            top = named(where_positive(v - top, v, top))
            w = w - rate * (m / (1 - beta1**t)) / (sqrt(top / (1 - beta2**t)) + eps)
            path.append(w)
        return tuple(path)

    def law_the_largest_gradient_goes_on_dividing(self, run, problem):
        """After a gradient of 4 those of 1/4 are still divided by the root of 16 (1 - beta2)."""
        w = problem.inputs["w"]
        problem.options = {"lr": 0.5, "beta1": 0.0, "beta2": 0.5, "eps": 0.0}
        path = run(w=0 * w, dw1=0 * w + 4, dw2=0 * w + 0.25, dw3=0 * w + 0.25)
        steps = np.array([path["w1"], path["w2"] - path["w1"], path["w3"] - path["w2"]])
        lengths = [-0.5, -0.5 * 0.25 * np.sqrt(0.75 / 8), -0.5 * 0.25 * np.sqrt(0.875 / 8)]
        return steps, np.broadcast_to(np.reshape(lengths, (3, *[1] * w.ndim)), steps.shape)

    cases, bad = OF_TWO_MOMENTS, NO_TWO_MOMENTS

    @variant("no bias corrections", source="Reddi et al. 2018, algorithm 2", replaces="amsgrad")
    def no_bias_corrections(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """The moments are taken as they are: w = w - lr m / (sqrt(top) + eps)."""
        _, (m, v, top, t) = amsgrad(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return w - lr * m / (np.sqrt(top) + eps), (m, v, top, t)

    @variant("eps-hat", source="TensorFlow and Keras, Adam(amsgrad=True)", replaces="amsgrad")
    def eps_hat(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """eps is added to the root before its correction: lr_t = lr sqrt(1 - beta2^t) / (1 - beta1^t)."""
        _, (m, v, top, t) = amsgrad(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return w - lr * (1 - beta2**t) ** 0.5 / (1 - beta1**t) * m / (np.sqrt(top) + eps), (m, v, top, t)

    @variant("largest of the corrected", source="optax, scale_by_amsgrad", replaces="amsgrad")
    def largest_of_the_corrected(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        """v is corrected first, and the largest corrected one divides."""
        top = 0 * w if state is None else state[2]
        _, (m, v, _, t) = amsgrad(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        top = np.maximum(top, v / (1 - beta2**t))
        return w - lr * m / (1 - beta1**t) / (np.sqrt(top) + eps), (m, v, top, t)
