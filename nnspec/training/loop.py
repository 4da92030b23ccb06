"""The loop in which every model is trained: batches, an update rule on a schedule, validation, checkpoints."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np

from nnspec.training import schedules


@dataclass(frozen=True)
class Recipe:
    """How a model is trained."""

    epochs: int
    batch: int
    rule: str = "adam"
    lr: float = 3e-3
    reg: float = 0.0
    clip: float | None = None  # the largest norm of all gradients together
    schedule: str = "cosine"  # a name in `schedules`


@dataclass
class Clock:
    """What was done in how many seconds; the first step counts for nothing, because kernels are compiled in it."""

    units: int = 0
    seconds: float = 0.0
    warm: bool = False

    def time(self, step: Callable[[], None], units: int):
        start = time.perf_counter()
        step()
        if self.warm:
            self.seconds += time.perf_counter() - start
            self.units += units
        self.warm = True

    @property
    def speed(self) -> float:
        """Units a second."""
        return self.units / self.seconds if self.seconds else float("nan")


class Task(Protocol):
    """A model with its data."""

    recipe: Recipe
    unit: str  # what is counted: images, tokens
    measure: str  # accuracy, bits per character
    better: Callable[..., float]  # of two measures: max or min

    def init(self, rng: np.random.Generator) -> tuple[dict, dict]:
        """Parameters, and the arrays that a step takes and gives back new."""

    def steps_of_an_epoch(self) -> int: ...

    def batches(self, rng: np.random.Generator) -> Iterator[Any]:
        """Those of one epoch, with how many units each holds."""

    def loss(self, ops, params, batch, states) -> tuple[float, dict, dict]: ...

    def measured(self, ops, params, states, part: str) -> float:
        """On the validation or the test part."""


@dataclass
class Training:
    """All that the next step depends on: saved and taken up again, it goes on with the same bits."""

    task: Task
    ops: Any
    rng: np.random.Generator
    params: dict
    states: dict
    of_rule: dict
    epochs: int
    epoch: int = 0
    losses: list[float] = field(default_factory=list)  # of every step
    validated: list[float] = field(default_factory=list)  # after every epoch
    clock: Clock = field(default_factory=Clock)

    @classmethod
    def begin(cls, task: Task, ops, seed: int, epochs: int | None = None):
        """With the parameters of a seed: two that begin with one have the same."""
        rng = np.random.default_rng(seed)
        params, states = task.init(rng)
        params, states = ({key: np.float32(value) for key, value in arrays.items()} for arrays in (params, states))
        return cls(task, ops, rng, params, states, dict.fromkeys(params), epochs or task.recipe.epochs)

    def run_epoch(self, on_step: Callable[["Training"], None] = lambda training: None, beside=None):
        """One pass over the training data, and the measure on the validation part.

        beside: another training of the same task, which makes the same steps; one epoch ours goes first, the next that.
        """
        steps = self.task.steps_of_an_epoch()
        recipe = self.task.recipe
        rate = schedules.rates(recipe.schedule, recipe.lr, steps * self.epochs, self._errors())
        batches = enumerate(self.task.batches(self.rng), start=self.epoch * steps)
        trainings, batches = ([self, beside], list(batches)) if beside else ([self], batches)
        for training in trainings[:: -1 if self.epoch % 2 else 1]:
            for t, (batch, count) in batches:
                training.clock.time(partial(training.step, batch, rate(t)), count)
                on_step(training)
        self.epoch += 1
        self.validated.append(self.measured("validation"))

    def step(self, batch, lr):
        recipe = self.task.recipe
        loss, grads, self.states = self.task.loss(self.ops, self.params, batch, self.states)
        if recipe.clip is not None:
            grads, _ = self.ops.clip_by_global_norm(grads, recipe.clip)
        update = getattr(self.ops, recipe.rule)
        moved = {key: update(w, grads[key], self.of_rule[key], lr=lr) for key, w in self.params.items()}
        self.params = {key: w for key, (w, _) in moved.items()}
        self.of_rule = {key: state for key, (_, state) in moved.items()}
        self.losses.append(float(loss))

    def measured(self, part: str) -> float:
        return self.task.measured(self.ops, self.params, self.states, part)

    def _errors(self) -> list[float]:
        """Of every epoch on the validation part, the lower the better."""
        return [1 - measure for measure in self.validated] if self.task.better is max else self.validated

    def mean_losses(self) -> list[float]:
        """Of every epoch that is over."""
        steps = self.task.steps_of_an_epoch()
        return np.reshape(self.losses[: self.epoch * steps], (self.epoch, steps)).mean(axis=1).tolist()

    @property
    def parameters(self) -> int:
        return sum(w.size for w in self.params.values())
