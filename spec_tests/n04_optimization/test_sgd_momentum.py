"""Gradient descent with momentum: definition, cases, laws and classic mistakes."""

import numpy as np

from nnspec.reference import sgd_momentum
from nnspec.spec_tests._kinds import STEPS, Case, Malformed, UpdateRule, mistake, variant
from nnspec.spec_tests._truth import exact

OUTSIDE = {"lr_in_velocity": False}
CHANGING = (0.5, 0.125, 2.0)  # lr of each step


def path_of(w, gradients, rates, mu, lr_in_velocity):
    v, path = 0 * w, []
    for dw, lr in zip(gradients, rates, strict=True):
        v = mu * v - lr * dw if lr_in_velocity else mu * v + dw
        w = w + v if lr_in_velocity else w - lr * v
        path.append(w)
    return tuple(path)


class TestSgdMomentum(UpdateRule):
    rows = ("04.11",)

    cases = (
        Case("large lr", options={"lr": 0.5}),
        Case("another mu", options={"lr": 0.1, "mu": 0.5}),
        Case("mu 0, plain descent", options={"lr": 0.1, "mu": 0.0}),
        Case("lr outside", options={"lr": 0.1, **OUTSIDE}),
        Case("lr outside, another mu", options={"lr": 0.1, "mu": 0.25, **OUTSIDE}),
    )
    extremes = (
        Case("no gradient", inputs={"dw": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]}),
        Case("gradients of 1e15 and 1e-15", inputs={"dw": [[1e15, -1e15, 1e-15], [-1e-15, 1.0, -1.0]]}),
    )
    ties = (Case("empty", {"shape": (0, 3)}),)
    bad = (Malformed("lr a string", "lr", lambda _: "fast"), Malformed("mu None", "mu", lambda _: None))

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

    @variant("lr outside", "By default the learning rate stays out of the velocity: v = mu v + dw, w = w - lr v.",
             source="PyTorch, torch.optim.SGD", replaces="sgd_momentum")  # fmt: skip
    def lr_outside(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=False):
        return sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)

    @mistake("M38", "Step against the gradient: v = mu v - lr dw before w + v.", replaces="sgd_momentum")
    def uphill(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        return sgd_momentum(w, dw, state, lr=-lr, mu=mu, lr_in_velocity=lr_in_velocity)

    @mistake("M38", "Step against the gradient: subtract lr v, whose sign is that of dw.", replaces="sgd_momentum")
    def velocity_added_though_lr_is_outside(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        new, v = sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
        return (new if lr_in_velocity else w + lr * v), v

    @mistake("M45", "Return a new w: the rule is pure, the caller's w must not move.", replaces="sgd_momentum")
    def w_updated_in_place(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        new, v = sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
        w[...] = new
        return w, v

    @mistake("M45", "Make a new velocity: the one in the caller's state must not move.", replaces="sgd_momentum")
    def velocity_changed_in_place(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        new, v = sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
        if state is not None:
            state[...] = v
        return new, v

    @mistake("M45", "Copy the first gradient into the velocity: an alias of dw changes the caller's array.",
             replaces="sgd_momentum")  # fmt: skip
    def velocity_is_the_first_gradient(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        if state is None:
            state = dw
        else:
            state *= w.dtype.type(mu)
            state += dw
        return w - lr * state, state

    @mistake("M45", "Give the velocity the dtype of w: integers lose what is below 1.", replaces="sgd_momentum")
    def velocity_of_integers(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        new, v = sgd_momentum(w, dw, None if state is None else state.astype(w.dtype), lr=lr, mu=mu,
                              lr_in_velocity=lr_in_velocity)  # fmt: skip
        return new, v.astype(np.int64)

    @mistake("N63", "The gradient enters with lr alone; (1 - mu) belongs to averages such as Adam's.",
             replaces="sgd_momentum")  # fmt: skip
    def gradient_times_one_minus_mu(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        return sgd_momentum(w, (1 - mu) * dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)

    @mistake("M39", "Plain momentum moves by v; Nesterov's looks ahead and moves by (1 + mu) v - mu v_before.",
             replaces="sgd_momentum")  # fmt: skip
    def nesterov_in_its_place(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        _, v = sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
        before = 0 * w if state is None else state
        return (w - mu * before + (1 + mu) * v if lr_in_velocity else w - lr * (dw + mu * v)), v

    @mistake("N723", "The step starts from w: w + v, not v alone.", replaces="sgd_momentum")
    def w_lost(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        new, v = sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
        return new - w, v

    @mistake("N703", "Use the mu that is given; 0.9 is only its default.", replaces="sgd_momentum")
    def mu_fixed(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        return sgd_momentum(w, dw, state, lr=lr, lr_in_velocity=lr_in_velocity)

    @mistake("N703", "mu belongs to the velocity and lr to the gradient.", replaces="sgd_momentum")
    def lr_and_mu_swapped(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        return sgd_momentum(w, dw, state, lr=mu, mu=lr, lr_in_velocity=lr_in_velocity)

    @mistake("N64", "Hand the velocity on as state: without it this is plain descent.", replaces="sgd_momentum")
    def velocity_forgotten(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        return sgd_momentum(w, dw, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)

    @mistake("N64", "Step with the velocity of this step, not with the one before.", replaces="sgd_momentum")
    def step_with_the_old_velocity(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        _, v = sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)
        old = 0 * w if state is None else state
        return w + (old if lr_in_velocity else -lr * old), v


class TestSgdMomentumChangingLr(UpdateRule):
    """Only where lr changes do the two forms part."""

    rows = ("04.11",)
    op = "sgd_momentum"

    cases = (Case("lr outside", options=OUTSIDE),)

    def options_of(self, problem, step):
        return {**problem.options, "lr": CHANGING[step]}

    def definition(self, w, dw1, dw2, dw3, *, mu=0.9, lr_in_velocity=True):
        """The same with lr = 1/2, 1/8 and 2 in the three steps."""
        return path_of(w, (dw1, dw2, dw3), exact(np.array(CHANGING)), mu, lr_in_velocity)

    @variant("lr outside", "By default the learning rate stays out of the velocity: v = mu v + dw, w = w - lr v.",
             source="PyTorch, torch.optim.SGD", replaces="sgd_momentum")  # fmt: skip
    def lr_outside(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=False):
        return sgd_momentum(w, dw, state, lr=lr, mu=mu, lr_in_velocity=lr_in_velocity)

    @mistake("N704", "Where lr changes, v = mu v - lr dw and v = mu v + dw part: look at lr_in_velocity.",
             replaces="sgd_momentum")  # fmt: skip
    def lr_always_inside(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        return sgd_momentum(w, dw, state, lr=lr, mu=mu)
