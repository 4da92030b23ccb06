"""`nnspec demo spiral`: a line has half of it right, a hidden layer nearly all, and zero weights learn nothing."""

import numpy as np

from nnspec import reference
from nnspec.demos.gallery.spiral import STEPS, linear, network, scores


def drawn(seed=0):
    return reference.make_spiral(100, 3, rng=np.random.default_rng(seed))


def right(found, y):
    return float(reference.accuracy(found.argmax(axis=1), y))


def test_a_linear_classifier_has_half_right_however_long_it_learns():
    x, y = drawn()
    w, losses = linear(reference, x, y)
    assert 0.45 < right(reference.append_ones(x) @ w, y) < 0.6
    assert losses[0] - losses[STEPS // 2] > 0.3 and losses[STEPS // 2] - losses[-1] < 1e-3


def test_a_hidden_layer_has_nearly_all_right():
    x, y = drawn()
    params, losses = network(reference, x, y)
    assert right(scores(reference, params, x), y) >= 0.98 and losses[-1] < 0.3
    fresh_x, fresh_y = drawn(seed=7)
    assert right(scores(reference, params, fresh_x), fresh_y) > 0.9


def test_weights_that_are_all_zero_learn_nothing():
    """M57: nothing flows through them, and the loss stays at log 3."""
    x, y = drawn()
    params, losses = network(reference, x, y, scale=0.0)
    assert not params["W1"].any() and not params["W2"].any()
    np.testing.assert_allclose(losses, np.log(3), rtol=1e-12)
