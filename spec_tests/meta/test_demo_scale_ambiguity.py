"""`nnspec demo scale_ambiguity`: regions stay, the SVM loses nothing from a = 1 on, and a penalty has a best scale."""

import numpy as np

from nnspec import reference
from nnspec.demos.gallery.scale_ambiguity import SCALES, at_the_margin, panels, samples
from nnspec.demos.shared import smallest_lead

LOSSES, OF_W, OF_4_W = panels(reference)


def test_w_and_4_w_decide_alike_and_rightly():
    assert (OF_W.labels == OF_4_W.labels).all() and set(np.unique(OF_W.labels)) == {0, 1, 2}
    x, y = samples()
    assert ((x @ at_the_margin(reference, x, y)).argmax(axis=1) == y).all()


def test_from_1_on_all_margins_hold():
    x, y = samples()
    assert abs(smallest_lead(x @ at_the_margin(reference, x, y), y) - 1) < 1e-12
    svm = LOSSES.curves["SVM"]
    assert (svm[SCALES > 1 + 1e-9] == 0).all() and (svm[SCALES < 1 - 1e-9] > 0).all()


def test_softmax_likes_each_larger_scale_better():
    assert (np.diff(LOSSES.curves["softmax"]) < 0).all() and LOSSES.curves["softmax"].min() > 0


def test_with_a_penalty_each_has_one_best_scale():
    for name, low, high in (("SVM and penalty", 0.8, 1.1), ("softmax and penalty", 1.5, 3)):
        loss = LOSSES.curves[name]
        assert low < SCALES[loss.argmin()] < high
        assert (np.diff(np.sign(np.diff(loss))) != 0).sum() == 1  # down, and then up
