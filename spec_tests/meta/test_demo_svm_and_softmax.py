"""`nnspec demo svm_and_softmax`: the SVM stops at its margin, softmax goes on, and far on the wrong side they agree."""

import numpy as np

from nnspec import reference
from nnspec.demos.gallery.svm_and_softmax import LEADS, panels

LOSS, PULL, LEARNED = panels(reference)


def test_the_svm_has_had_enough_from_a_lead_of_1():
    enough = LEADS >= 1 + 1e-9
    assert (LOSS.curves["SVM"][enough] == 0).all() and (LOSS.curves["SVM"][~enough][:-1] > 0).all()
    assert (PULL.curves["SVM"][enough] == 0).all() and (PULL.curves["SVM"][~enough][:-1] == 1).all()


def test_softmax_never_has():
    assert (np.diff(LOSS.curves["softmax"]) < 0).all() and LOSS.curves["softmax"].min() > 0
    np.testing.assert_allclose(PULL.curves["softmax"], 1 / (1 + np.exp(LEADS)), rtol=1e-12)


def test_far_on_the_wrong_side_both_pull_alike():
    assert abs(PULL.curves["SVM"][0] - PULL.curves["softmax"][0]) < 0.05


def test_while_learning_the_svm_stays_at_the_margin_and_softmax_goes_on():
    svm, softmax = LEARNED.curves["SVM"], LEARNED.curves["softmax"]
    there = np.flatnonzero(svm >= 1)[0]
    assert there < len(svm) / 10 and np.ptp(svm[there:]) == 0 and svm[-1] < 1.1
    assert (np.diff(softmax[10:]) > 0).all() and softmax[-1] > 3 * svm[-1]
