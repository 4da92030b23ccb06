"""Nesterov's accelerated gradient: definition, laws and cases. Classic mistakes: mistakes_nesterov.py."""

import numpy as np

from nnspec.reference import nesterov
from nnspec.spec_tests._kinds import STEPS, Case, Malformed, variant
from nnspec.spec_tests.n04_optimization._entrywise import CHANGING, EntrywiseRule, rates


class TestNesterov(EntrywiseRule):
    rows = ("04.12",)

    def definition(self, w, dw1, dw2, dw3, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """v = mu v - lr dw, theta = theta + v, w = theta + mu v: where dw is taken. Sutskever et al. 2013, eq. 3 and 4.
        With lr outside v = mu v + dw, w = w - lr (dw + mu v). PyTorch."""
        theta, v, path = w, 0 * w, []
        for dw, rate in zip((dw1, dw2, dw3), rates(lr), strict=True):
            v = mu * v - rate * dw if lr_in_velocity else mu * v + dw
            theta = theta + v
            w = theta + mu * v if lr_in_velocity else w - rate * (dw + mu * v)
            path.append(w)
        return tuple(path)

    def law_a_push_goes_on(self, run, problem):
        """After one gradient the step without any is mu times as long as the velocity, mu^2 / (1 + mu) of the step."""
        zero = 0 * problem.inputs["w"]
        path = run(w=zero, dw2=zero, dw3=zero)
        mu = problem.dtype.type(0.9)
        return path["w2"] - path["w1"], mu * mu / (1 + mu) * path["w1"]

    def law_down_a_parabola(self, run, problem):
        """Of f = w^2 / 2 from 1 with lr = 0.1 and mu = 0.9: 0.81, 0.5751, 0.327321."""
        problem.options = {"lr": 0.1, "mu": 0.9}
        w, path = np.ones_like(problem.inputs["w"]), [1.0, 0.81, 0.5751]
        found = run(w=w, **{f"dw{step + 1}": problem.dtype.type(at) * w for step, at in enumerate(path)})
        return np.array([found[f"w{step + 1}"].flat[0] for step in range(STEPS)]), np.array([0.81, 0.5751, 0.327321])

    cases = (
        Case("large lr", lr=0.5),
        Case("another mu", lr=0.1, mu=0.5),
        Case("mu 0, plain descent", lr=0.1, mu=0.0),
        Case("lr outside", lr=0.1, mu=0.25, lr_in_velocity=False),
        CHANGING,
        Case("lr of each step, outside", lr=(0.5, 0.125, 2.0), lr_in_velocity=False),
    )
    bad = (Malformed("lr a string", "lr", lambda _: "fast"), Malformed("mu None", "mu", lambda _: None))

    @variant("lr outside", source="PyTorch, torch.optim.SGD(nesterov=True)", replaces="nesterov")
    def lr_outside(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=False):
        """By default the learning rate stays out of the velocity: v = mu v + dw, w = w - lr (dw + mu v)."""
        return nesterov(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
