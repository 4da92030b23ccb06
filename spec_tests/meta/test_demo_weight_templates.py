"""`nnspec demo weight_templates`: the templates are of what was learned, and what was learned classifies."""

import numpy as np

from nnspec import reference
from nnspec.demos.gallery.weight_templates import SIDE, learned, panels
from nnspec.training.data import load_images


def test_the_templates_classify_digits_that_were_not_seen():
    data = load_images("digits", seed=0)
    w, history = learned(reference)
    scores = data.x["test"].reshape(-1, SIDE * SIDE) @ w
    assert reference.accuracy(scores.argmax(axis=1), data.y["test"]) > 0.93
    assert np.mean(history["loss"][-50:]) < 0.5 < history["loss"][0]


def test_a_template_resembles_its_digit():
    """Laid upon the mean image of each class, the template of that class answers most, for at least eight of ten."""
    data = load_images("digits", seed=0)
    means = np.array([data.x["test"][data.y["test"] == c].mean(axis=0).ravel() for c in range(10)])
    templates = panels(reference)[0].images.reshape(10, -1).astype(float)
    templates -= templates.mean(axis=1, keepdims=True)
    assert ((means @ templates.T).argmax(axis=1) == np.arange(10)).sum() >= 8
