"""Models that tell what is on an image."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnspec import reference
from nnspec.training.data import Images
from nnspec.training.loop import Recipe

AT_A_TIME = 250  # images whose scores are computed together


@dataclass(frozen=True)
class ImageModel:
    """init(image shape, classes, rng) gives its parameters, and the arrays that a step in training gives back new."""

    loss: str
    init: Callable[[tuple[int, ...], int, np.random.Generator], tuple[dict, dict]]
    recipe: Recipe
    flat: bool = False  # whether it takes an image as one long row
    options: Callable[[tuple[int, ...]], dict[str, Any]] = lambda image: {}


class ImageTask:
    unit, measure, better = "images", "accuracy", staticmethod(max)

    def __init__(self, model: ImageModel, data: Images):
        self.model, self.data, self.recipe = model, data, model.recipe
        self.options = model.options(data.shape)

    def init(self, rng):
        return self.model.init(self.data.shape, self.data.classes, rng)

    def steps_of_an_epoch(self) -> int:
        return -(-len(self.data.x["train"]) // self.recipe.batch)

    def batches(self, rng):
        for idx in reference.epoch_batches(len(self.data.x["train"]), self.recipe.batch, rng=rng):
            yield (self.shaped(self.data.x["train"][idx]), self.data.y["train"][idx]), len(idx)

    def loss(self, ops, params, batch, states):
        """A model without states returns none; one that was given none yet begins with its own."""
        options = self.options | ({"reg": self.recipe.reg} if self.recipe.reg else {})
        given = [states] if states else []
        loss, grads, *new = getattr(ops, self.model.loss)(params, *batch, *given, **options)
        return loss, grads, new[0] if new else states

    def measured(self, ops, params, states, part):
        return float(reference.accuracy(self.predicted(ops, params, states, self.data.x[part]), self.data.y[part]))

    def predicted(self, ops, params, states, x):
        return np.concatenate([self._scores(ops, params, states, part).argmax(axis=1) for part in _parts(x)])

    def _scores(self, ops, params, states, x):
        at_test_time = {"running": states, "train": False} if states else {}
        return getattr(ops, self.model.loss)(params, self.shaped(x), **self.options, **at_test_time)

    def shaped(self, x):
        """Images as the model takes them."""
        return x.reshape(len(x), -1) if self.model.flat else x


class LinearTask(ImageTask):
    """A linear classifier: one array, whose last row is the bias and has no penalty."""

    def loss(self, ops, params, batch, states):
        x, y = batch
        objective = getattr(ops, self.model.loss)
        loss, dw = objective(params["w"], ops.append_ones(x), y, reg=self.recipe.reg, bias_row=True)
        return loss, {"w": dw}, states

    def _scores(self, ops, params, states, x):
        scores, _ = ops.linear_scores_forward(ops.append_ones(self.shaped(x)), params["w"])
        return scores


def _parts(x):
    return np.array_split(x, range(AT_A_TIME, len(x), AT_A_TIME))
