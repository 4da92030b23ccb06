"""What a linear classifier looks for: its weights as images

Each column of w is as large as an image: a score is the sum of pixel times weight, so w is a template that the image is
laid upon. Bright pixels speak for the class, dark ones against it. A digit's stroke can be made out where all ways of
writing it agree; where they differ, the one template must serve them all, and is blurred. That is what a linear
classifier cannot do: two templates for one class. Below, how the loss fell while they were learned.
"""

import numpy as np

from nnspec.demos.panels import Curves, Images
from nnspec.training.data import load_images

SIDE = 8  # pixels of scikit-learn's digits
SMOOTH = 20  # losses that one point of the curve is the mean of


def panels(ops):
    w, history = learned(ops)
    losses = np.convolve(history["loss"], np.ones(SMOOTH) / SMOOTH, "valid")
    images = ops.weights_to_images(w, (SIDE, SIDE, 1))
    return [
        Images("templates of the ten digits", images, tuple(str(c) for c in range(10))),
        Curves(f"softmax loss, mean of {SMOOTH} steps", {"loss": losses}, xlabel="step"),
    ]


def learned(ops, steps=600):
    """Weights without a bias (64, 10), from the training images of the digits."""
    data = load_images("digits", seed=0)
    x = data.x["train"].reshape(-1, SIDE * SIDE).astype(np.float64)
    rng = np.random.default_rng(0)
    return ops.train_linear(x, data.y["train"], lr=0.5, reg=1e-3, steps=steps, batch=100, rng=rng)
