"""The loss of a classifier that has learned nothing: its laws, and classic mistakes."""

import math

import numpy as np

from nnspec.reference import (
    bce_with_logits_forward,
    expected_initial_loss,
    softmax_cross_entropy_forward,
    softmax_objective,
    svm_loss_forward,
)
from nnspec.spec_tests._kinds import Case, Malformed, Procedure, mistake

CALL = Case("", inputs={"kind": "svm", "C": 3})
X, Y = np.array([[2.0, -1.0], [0.5, 3.0], [0.0, 0.0]]), np.array([3, 0, 3])  # 3 samples of 4 classes
LARGE = np.array([[3.0, -2.0, 1.0, 0.5], [-1.0, 4.0, 0.0, 2.0]])


class TestExpectedInitialLoss(Procedure):
    rows = ("02.25",)

    def law_softmax(self, f):
        """log C: 2.302585 for ten classes, and 0 for a single one."""
        return rounded(f("softmax", C) for C in (1, 2, 3, 10, 1000)), [0, 0.693147, 1.098612, 2.302585, 6.907755]

    def law_svm(self, f):
        """(C - 1) delta: 9 for ten classes and a margin of 1."""
        found = [f("svm", 10), f("svm", 1), f("svm", 3, delta=2.5), f("svm", 1000, delta=0.5)]
        return rounded(found), [9, 0, 5, 499.5]

    def law_no_margin(self, f):
        """Where equal scores are right by enough, the SVM has nothing to lose."""
        return rounded([f("svm", 5, delta=0.0), f("svm", 5, delta=-2.0)]), [0, 0]

    def law_bce(self, f):
        """log 2, of one question and of the mean over many."""
        return rounded(f("bce", C) for C in (1, 2, 10)), [0.693147] * 3

    def law_the_margin_is_that_of_the_svm(self, f):
        """delta says nothing to the others."""
        return rounded(f(kind, 4, delta=7.0) for kind in ("softmax", "bce")), rounded([math.log(4), math.log(2)])

    def law_what_the_losses_say(self, f):
        """The softmax and the SVM loss of equal scores, whatever they are equal to and whatever the labels are."""
        scores = np.full((3, 4), 1.5)
        losses = [loss(scores, Y)[0] for loss in (softmax_cross_entropy_forward, svm_loss_forward)]
        return rounded([f("softmax", 4), f("svm", 4)]), rounded(losses)

    def law_what_the_bce_says(self, f):
        """The mean of log 2 for labels that are soft, too."""
        bce, _ = bce_with_logits_forward(np.zeros((2, 3)), np.array([[0, 0.25, 1], [0.5, 1, 0]]))
        return rounded([f("bce", 3)]), rounded([bce])

    def law_the_part_of_the_data(self, f):
        """Weights that the samples do not feel leave the expected loss, and the penalty, which is no part of it."""
        loss, _ = softmax_objective(LARGE, 0 * X, Y, reg=0.5)
        return rounded([f("softmax", 4)]), rounded([loss - 0.5 * (LARGE**2).sum()])

    bad = (
        Malformed("no class", "C", lambda _: 0, case=CALL),
        Malformed("C a fraction", "C", lambda _: 2.5, case=CALL),
        Malformed("kind unknown", "kind", lambda _: "mse", case=CALL),
        Malformed("delta a text", "delta", lambda _: "wide", case=CALL),
        Malformed("delta NaN", "delta", lambda _: math.nan, case=CALL),
    )

    @mistake("M12", replaces="expected_initial_loss")
    def right_class_counted(kind, C, *, delta=1.0):
        """Leave out the right class: C - 1 margins are lost, 9 of ten classes and not 10."""
        loss = expected_initial_loss(kind, C, delta=delta)
        return loss + delta if kind == "svm" else loss

    @mistake("M24", replaces="expected_initial_loss")
    def softmax_of_probabilities(kind, C, *, delta=1.0):
        """Of a perfect classifier a second softmax cannot get below log(1 + (C - 1) / e): the first loss is log C."""
        return math.log1p((C - 1) / math.e) if kind == "softmax" else expected_initial_loss(kind, C, delta=delta)

    @mistake("N1550", replaces="expected_initial_loss")
    def logarithm_to_base_2(kind, C, *, delta=1.0):
        """The losses are in nats: log is the natural one, 2.302585 for ten classes and not 3.32."""
        return expected_initial_loss(kind, C, delta=delta) / (1 if kind == "svm" else math.log(2))

    @mistake("N1550", replaces="expected_initial_loss")
    def probability_for_its_logarithm(kind, C, *, delta=1.0):
        """Minus the logarithm of 1 / C is lost, not 1 - 1 / C."""
        return 1 - 1 / C if kind == "softmax" else expected_initial_loss(kind, C, delta=delta)

    @mistake("N1551", replaces="expected_initial_loss")
    def bce_like_a_softmax(kind, C, *, delta=1.0):
        """Each question of the BCE has two answers, however many questions there are: log 2."""
        return expected_initial_loss("softmax" if kind == "bce" else kind, C, delta=delta)

    @mistake("N1551", replaces="expected_initial_loss")
    def bce_summed_over_the_classes(kind, C, *, delta=1.0):
        """The BCE is the mean over all entries: log 2, and not C log 2."""
        return expected_initial_loss(kind, C, delta=delta) * (C if kind == "bce" else 1)

    @mistake("N55", replaces="expected_initial_loss")
    def svm_divided_by_c(kind, C, *, delta=1.0):
        """The SVM loss is the sum over the wrong classes; PyTorch's MultiMarginLoss divides by C."""
        return expected_initial_loss(kind, C, delta=delta) / (C if kind == "svm" else 1)

    @mistake("N59", replaces="expected_initial_loss")
    def delta_ignored(kind, C, *, delta=1.0):
        """Use the margin that is given; 1 is only its default."""
        return expected_initial_loss(kind, C)

    @mistake("N57", replaces="expected_initial_loss")
    def margin_below_0_counted(kind, C, *, delta=1.0):
        """A hinge is never negative: without a margin the SVM loses nothing."""
        return (C - 1) * delta if kind == "svm" else expected_initial_loss(kind, C, delta=delta)


def rounded(losses):
    return [round(float(loss), 6) for loss in losses]
