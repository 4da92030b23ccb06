"""Gradient descent: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import sgd
from nnspec.spec_tests._kinds import STEPS, Case, Malformed, UpdateRule, mistake


class TestSgd(UpdateRule):
    rows = ("04.10",)

    def definition(self, w, dw1, dw2, dw3, *, lr=1e-2):
        """w = w - lr dw. CS231n notes "Optimization"; assignments, `sgd`."""
        return w - lr * dw1, w - lr * (dw1 + dw2), w - lr * (dw1 + dw2 + dw3)

    def law_entries_do_not_mix(self, run, problem):
        """Reversing all arrays reverses the path."""
        turned = {name: problem.inputs[name][::-1].copy() for name in problem.inputs}
        last = f"w{STEPS}"
        return run(**turned)[last], run()[last][::-1]

    def law_nothing_is_remembered(self, run, problem):
        """The third step depends on the third gradient alone: it is as long whatever the others were."""
        path, other = run(), run(dw1=-2 * problem.inputs["dw1"], dw2=0 * problem.inputs["w"])
        return other["w3"] - other["w2"], path["w3"] - path["w2"]

    def law_without_gradient_w_stays(self, run, problem):
        """dw = 0 moves nothing."""
        return run(dw2=0 * problem.inputs["w"])["w2"], run()["w1"]

    cases = (Case("large lr", lr=0.5), Case("lr 0", lr=0.0))
    beyond = (Case("an image", {"shape": (2, 1, 3, 2)}, lr=0.1),)
    extremes = (
        Case("no gradient", inputs={"dw": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]}),
        Case("gradients of 1e15 and 1e-15", inputs={"dw": [[1e15, -1e15, 1e-15], [-1e-15, 1.0, -1.0]]}),
    )
    ties = (Case("empty", {"shape": (0, 3)}),)
    bad = (Malformed("lr a string", "lr", lambda _: "fast"), Malformed("lr None", "lr", lambda _: None))

    @mistake("M38", replaces="sgd")
    def uphill(w, dw, state=None, *, lr=1e-2):
        """Step against the gradient: w - lr dw, not w + lr dw."""
        return sgd(w, dw, state, lr=-lr)

    @mistake("M45", replaces="sgd")
    def w_updated_in_place(w, dw, state=None, *, lr=1e-2):
        """Return a new w: w -= lr * dw also moves the caller's, which others may still need."""
        w -= w.dtype.type(lr) * dw
        return w, None

    @mistake("M56", replaces="sgd")
    def gradient_scaled_in_place(w, dw, state=None, *, lr=1e-2):
        """Multiply a copy: dw *= lr changes a gradient that others still need."""
        dw *= dw.dtype.type(lr)
        return w - dw, None

    @mistake("N703", replaces="sgd")
    def lr_fixed(w, dw, state=None, *, lr=1e-2):
        """Use the lr that is given; 1e-2 is only its default."""
        return sgd(w, dw)

    @mistake("N723", replaces="sgd")
    def w_lost(w, dw, state=None, *, lr=1e-2):
        """The step starts from w: w - lr dw, not -lr dw alone."""
        return -lr * dw, None

    @mistake("N858", replaces="sgd")
    def lr_forgotten(w, dw, state=None, *, lr=1e-2):
        """The gradient has a direction and no length: multiply it by lr."""
        return w - dw, None

    @mistake("N859", replaces="sgd")
    def sign_of_the_gradient(w, dw, state=None, *, lr=1e-2):
        """A steeper slope makes a longer step: multiply by dw, not by its sign."""
        return w - lr * np.sign(dw), None

    @mistake("N859", replaces="sgd")
    def gradient_normalized(w, dw, state=None, *, lr=1e-2):
        """A steeper slope makes a longer step: leave the length of dw as it is."""
        return w - lr * dw / max(1e-12, np.sqrt((dw * dw).sum())), None

    @mistake("N860", replaces="sgd")
    def weights_decay_too(w, dw, state=None, *, lr=1e-2):
        """Plain descent moves by the gradient alone: decay belongs to the loss, or to AdamW."""
        return sgd(w, dw + w.dtype.type(0.01) * w, state, lr=lr)
