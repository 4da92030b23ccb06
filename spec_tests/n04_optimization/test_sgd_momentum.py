"""Gradient descent with momentum: definition, laws and cases. Classic mistakes: mistakes_sgd_momentum.py."""

import numpy as np

from nnspec.reference import sgd_momentum
from nnspec.spec_tests._kinds import STEPS, Case, Malformed, UpdateRule, variant
from nnspec.spec_tests._truth import exact

OUTSIDE = {"lr_in_velocity": False}
CHANGING = (0.5, 0.125, 2.0)  # lr of each step


class TestSgdMomentum(UpdateRule):
    rows = ("04.11",)

    def definition(self, w, dw1, dw2, dw3, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        """v = mu v - lr dw, w = w + v; with lr outside v = mu v + dw, w = w - lr v. CS231n notes, part 3; PyTorch."""
        return path_of(w, (dw1, dw2, dw3), (lr,) * STEPS, mu, lr_in_velocity)

    def law_entries_do_not_mix(self, run, problem):
        """Every entry has its own velocity: reversing all arrays reverses the path."""
        turned = {name: problem.inputs[name][::-1].copy() for name in problem.inputs}
        last = f"w{STEPS}"
        return run(**turned)[last], run()[last][::-1]

    def law_a_push_goes_on(self, run, problem):
        """After one gradient the step without any is mu times the step before, with mu = 0.9."""
        still = {"dw2": 0 * problem.inputs["w"], "dw3": 0 * problem.inputs["w"], "w": 0 * problem.inputs["w"]}
        path = run(**still)
        return path["w3"] - path["w2"], problem.dtype.type(0.9) * (path["w2"] - path["w1"])

    cases = (
        Case("large lr", lr=0.5),
        Case("another mu", lr=0.1, mu=0.5),
        Case("mu 0, plain descent", lr=0.1, mu=0.0),
        Case("lr outside", lr=0.1, lr_in_velocity=False),
        Case("lr outside, another mu", lr=0.1, mu=0.25, lr_in_velocity=False),
    )
    extremes = (
        Case("no gradient", inputs={"dw": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]}),
        Case("gradients of 1e15 and 1e-15", inputs={"dw": [[1e15, -1e15, 1e-15], [-1e-15, 1.0, -1.0]]}),
    )
    ties = (Case("empty", {"shape": (0, 3)}),)
    bad = (Malformed("lr a string", "lr", lambda _: "fast"), Malformed("mu None", "mu", lambda _: None))

    @variant("lr outside", source="PyTorch, torch.optim.SGD", replaces="sgd_momentum")
    def lr_outside(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=False):
        """By default the learning rate stays out of the velocity: v = mu v + dw, w = w - lr v."""
        return sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)


class TestSgdMomentumChangingLr(UpdateRule):
    """Only where lr changes do the two forms part."""

    rows = ("04.11",)
    op = "sgd_momentum"

    def definition(self, w, dw1, dw2, dw3, *, mu=0.9, lr_in_velocity=True):
        """The same with lr = 1/2, 1/8 and 2 in the three steps."""
        return path_of(w, (dw1, dw2, dw3), exact(np.array(CHANGING)), mu, lr_in_velocity)

    cases = (Case("lr outside", options=OUTSIDE),)

    def options_of(self, problem, step):
        return {**problem.options, "lr": CHANGING[step]}

    @variant("lr outside", source="PyTorch, torch.optim.SGD", replaces="sgd_momentum")
    def lr_outside(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=False):
        """By default the learning rate stays out of the velocity: v = mu v + dw, w = w - lr v."""
        return sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)


def path_of(w, gradients, rates, mu, lr_in_velocity):
    v, path = 0 * w, []
    for dw, lr in zip(gradients, rates, strict=True):
        v = mu * v - lr * dw if lr_in_velocity else mu * v + dw
        w = w + v if lr_in_velocity else w - lr * v
        path.append(w)
    return tuple(path)
