"""Adam: definition, cases, laws and classic mistakes."""

import itertools

import numpy as np

from nnspec.reference import adam
from nnspec.spec_tests._kinds import STEPS, Case, Malformed, UpdateRule, mistake, variant
from nnspec.spec_tests._truth import sqrt

ALL_STEPS = itertools.count()


class TestAdam(UpdateRule):
    rows = ("04.16",)

    cases = (
        Case("large lr", options={"lr": 0.5}),
        Case("other betas", options={"lr": 0.1, "beta1": 0.5, "beta2": 0.75}),
        Case(
            "tiny gradients", options={"lr": 0.1}, inputs={"dw": lambda rng, shape: 1e-7 * rng.standard_normal(shape)}
        ),
        Case("large eps", options={"lr": 0.1, "eps": 0.25}),
    )
    extremes = (
        Case("no gradient", inputs={"dw": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]}),
        Case("gradients of 1e15 and 1e-15", inputs={"dw": [[1e15, -1e15, 1e-15], [-1e-15, 1.0, -1.0]]}),
    )
    ties = (Case("empty", {"shape": (0, 3)}),)
    bad = (Malformed("lr a string", "lr", lambda _: "fast"),)

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

    def law_entries_do_not_mix(self, run, problem):
        """Every entry has its own moments: reversing all arrays reverses the path."""
        turned = {name: problem.inputs[name][::-1].copy() for name in problem.inputs}
        last = f"w{STEPS}"
        return run(**turned)[last], run()[last][::-1]

    def law_the_twelfth_step(self, run, problem):
        """m = (1 - beta1) sum_t beta1^(12 - t) g_t, v likewise of g_t^2: they go on to be corrected."""
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

    @variant("eps-hat", "eps is added to the root before its correction: lr_t = lr sqrt(1 - beta2^t) / (1 - beta1^t).",
             source="Kingma and Ba 2015, end of section 2; TensorFlow; CS231n, assignment 3",
             replaces="adam")  # fmt: skip
    def eps_hat(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        m, v, t = state or (0 * w, 0 * w, 0)
        m, v, t = beta1 * m + (1 - beta1) * dw, beta2 * v + (1 - beta2) * dw * dw, t + 1
        return w - lr * (1 - beta2**t) ** 0.5 / (1 - beta1**t) * m / (np.sqrt(v) + eps), (m, v, t)

    @variant("t starts at 1", "The count is 1 before the first step and goes up before it is used.",
             source="CS231n, assignment 2 as it was handed out until 2017", replaces="adam")  # fmt: skip
    def t_starts_at_1(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        m, v, t = state or (0 * w, 0 * w, 1)
        return adam(w, dw, (m, v, t), lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("M40", "Count the step before the bias correction: at t = 0 it divides by 0.", replaces="adam")
    def step_counted_afterwards(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        m, v, t = state or (0 * w, 0 * w, 0)
        m, v = beta1 * m + (1 - beta1) * dw, beta2 * v + (1 - beta2) * dw**2
        with np.errstate(divide="ignore", invalid="ignore"):
            step = lr * (m / np.float64(1 - beta1**t)) / (np.sqrt(v / np.float64(1 - beta2**t)) + eps)
        return w - step, (m, v, t + 1)

    @mistake("M40", "Divide the moments by 1 - beta^t: without it the first steps are too short.", replaces="adam")
    def no_bias_correction(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        m, v, t = state or (0 * w, 0 * w, 0)
        m, v = beta1 * m + (1 - beta1) * dw, beta2 * v + (1 - beta2) * dw**2
        return w - lr * m / (np.sqrt(v) + eps), (m, v, t + 1)

    @mistake(
        "M41", "Keep the uncorrected moments as state; the corrected ones are for this step only.", replaces="adam"
    )
    def corrected_moments_stored(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        w, (m, v, t) = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return w, (m / (1 - beta1**t), v / (1 - beta2**t), t)

    @mistake("M40", "Count the steps: here every one is corrected like the first.", replaces="adam")
    def count_never_goes_up(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        new, (m, v, _) = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return new, (m, v, 0)

    @mistake("M40", "Divide the moments by 1 - beta^t, and add eps to the root, not below it.", replaces="adam")
    def no_bias_correction_and_eps_inside(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        m, v, t = state or (0 * w, 0 * w, 0)
        m, v = beta1 * m + (1 - beta1) * dw, beta2 * v + (1 - beta2) * dw**2
        return w - lr * m / np.sqrt(v + eps), (m, v, t + 1)

    @mistake("M42", "Count the steps of each tensor by itself; here every call takes two.", replaces="adam")
    def step_counted_twice(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        m, v, t = state or (0 * w, 0 * w, 0)
        return adam(w, dw, (m, v, t + 1), lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("M42", "Count the steps of each tensor by itself; here one count serves all of them.", replaces="adam")
    def one_count_for_all_tensors(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        m, v, _ = state or (0 * w, 0 * w, 0)
        return adam(w, dw, (m, v, next(ALL_STEPS)), lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("N700", "Count every step: here the corrections stay those of the third.", replaces="adam")
    def count_ends_at_three(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        m, v, t = state or (0 * w, 0 * w, 0)
        return adam(w, dw, (m, v, min(t, 2)), lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("N700", "Correct in every step: here the correction is left out once the moments have some steps behind "
             "them.", replaces="adam")  # fmt: skip
    def corrected_in_the_first_steps_only(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        new, (m, v, t) = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return (new if t < 10 else w - lr * m / (np.sqrt(v) + eps)), (m, v, t)

    @mistake("M44", "beta1 = 0.9 is for the mean of the gradient, beta2 = 0.999 for that of its square.",
             replaces="adam")  # fmt: skip
    def betas_swapped(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        return adam(w, dw, state, lr=lr, beta1=beta2, beta2=beta1, eps=eps)

    @mistake("M44", "beta stays with the old moment and 1 - beta goes to the gradient.", replaces="adam")
    def beta_and_one_minus_beta_swapped(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        m, v, t = state or (0 * w, 0 * w, 0)
        m, v, t = (1 - beta1) * m + beta1 * dw, (1 - beta2) * v + beta2 * dw**2, t + 1
        return w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), (m, v, t)

    @mistake("N701", "Divide by the root of the second moment.", replaces="adam")
    def root_forgotten(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        _, (m, v, t) = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return w - lr * (m / (1 - beta1**t)) / (v / (1 - beta2**t) + eps), (m, v, t)

    @mistake("N701", "The numerator is the mean of the gradients; with the gradient itself it is RMSProp.",
             replaces="adam")  # fmt: skip
    def step_along_the_gradient_itself(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        _, (m, v, t) = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return w - lr * dw / (np.sqrt(v / (1 - beta2**t)) + eps), (m, v, t)

    @mistake("N702", "Use the lr, the betas and the eps that are given.", replaces="adam")
    def eps_fixed(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        return adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2)

    @mistake("M43", "Add eps to the root, not below it: sqrt(vhat) + eps.", replaces="adam")
    def eps_inside_the_root(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        _, (m, v, t) = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return w - lr * (m / (1 - beta1**t)) / np.sqrt(v / (1 - beta2**t) + eps), (m, v, t)

    @mistake("M43", "eps is missing: an entry without gradient becomes 0/0.", replaces="adam")
    def eps_missing(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        with np.errstate(invalid="ignore"):
            return adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=0.0)

    @mistake("M45", "Return a new w: the rule is pure, the caller's w must not move.", replaces="adam")
    def w_updated_in_place(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        new, state = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        w[...] = new
        return w, state

    @mistake("M45", "Make new moments: those in the caller's state must not move.", replaces="adam")
    def state_changed_in_place(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        new, (m, v, t) = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        if state is not None:
            state[0][...], state[1][...] = m, v
        return new, (m, v, t)

    @mistake("M38", "Step against the gradient: w - lr …, not w + lr ….", replaces="adam")
    def uphill(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        return adam(w, dw, state, lr=-lr, beta1=beta1, beta2=beta2, eps=eps)
