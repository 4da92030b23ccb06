"""Classic mistakes of training a linear classifier."""

from functools import partial

import numpy as np

from nnspec import reference
from nnspec.reference import sample_batch, train_linear
from nnspec.spec_tests._known import mistake
from nnspec.spec_tests.n04_optimization._trainers import put_wrong

DEFAULTS = {"model": "softmax_objective", "lr": 1e-3, "reg": 1e-5, "steps": 100, "batch": 200}


class Trainer:
    """A trainer in pieces, for mistakes to put a wrong one in."""

    def __init__(self, x, y, w=None, *, rng, ops=None, **options):
        vars(self).update(DEFAULTS | options)
        self.x, self.y, self.rng, self.losses = x, y, rng, []
        self.w = self.begin() if w is None else w
        self.objective = getattr(reference, self.model)

    def begin(self):
        return (0.001 * self.rng.standard_normal((self.x.shape[1], int(self.y.max()) + 1))).astype(self.x.dtype)

    def train(self):
        for _ in range(self.steps):
            self.step(*self.samples())
        return self.w, {"loss": self.losses}

    def samples(self):
        idx = sample_batch(len(self.x), self.batch, rng=self.rng)
        return self.x[idx], self.y[idx]

    def step(self, x, y):
        loss, dw = self.objective(self.w, x, y, reg=self.reg)
        self.losses.append(float(loss))
        self.w = self.moved(dw)

    def moved(self, dw):
        return self.w - self.lr * dw


with_a_wrong = partial(put_wrong, Trainer)


class MistakesOfTrainLinear:
    @mistake("M49", replaces="train_linear")
    @with_a_wrong("samples")
    def labels_drawn_apart(self):
        """Take inputs and labels by one and the same indices."""
        return self.x[sample_batch(len(self.x), self.batch, rng=self.rng)], Trainer.samples(self)[1]

    @mistake("M09", replaces="train_linear")
    @with_a_wrong("samples")
    def always_the_first_rows(self):
        """Draw a batch in every step: the first rows alone never show the others."""
        return self.x[: self.batch], self.y[: self.batch]

    @mistake("N885", replaces="train_linear")
    @with_a_wrong("samples")
    def one_batch_for_all_steps(self):
        """Draw a batch in every step, inside the loop."""
        self.drawn = getattr(self, "drawn", None) or Trainer.samples(self)
        return self.drawn

    @mistake("N885", replaces="train_linear")
    @with_a_wrong("samples")
    def all_samples_in_every_step(self):
        """Take a batch in each step: all samples at once are gradient descent without minibatches."""
        return self.x, self.y

    @mistake("N885", replaces="train_linear")
    @with_a_wrong("samples")
    def one_sample_in_every_step(self):
        """Draw as many samples as `batch` says, not one."""
        idx = sample_batch(len(self.x), 1, rng=self.rng)
        return self.x[idx], self.y[idx]

    @mistake("M38", replaces="train_linear")
    @with_a_wrong("moved")
    def uphill(self, dw):
        """Step against the gradient: w - lr dw."""
        return self.w + self.lr * dw

    @mistake("M45", replaces="train_linear")
    @with_a_wrong("moved")
    def w_updated_in_place(self, dw):
        """Put a new w in place of the old: w -= lr dw moves the caller's."""
        self.w -= self.w.dtype.type(self.lr) * dw
        return self.w

    @mistake("M56", replaces="train_linear")
    @with_a_wrong("step")
    def loss_of_after_the_step(self, x, y):
        """The loss of a step belongs to the w that its gradient was taken at: take both at once, before the step."""
        _, dw = self.objective(self.w, x, y, reg=self.reg)
        self.w = self.moved(dw)
        self.losses.append(float(self.objective(self.w, x, y, reg=self.reg)[0]))

    @mistake("M15", replaces="train_linear")
    @with_a_wrong("step")
    def half_the_penalty_in_the_gradient(self, x, y):
        """The gradient of reg sum w^2 is 2 reg w: the loss has no half."""
        loss, _ = self.objective(self.w, x, y, reg=self.reg)
        self.losses.append(float(loss))
        self.w = self.moved(self.objective(self.w, x, y, reg=self.reg / 2)[1])

    @mistake("N886", replaces="train_linear")
    @with_a_wrong("step")
    def penalty_never_handed_on(self, x, y):
        """Hand reg on to the objective."""
        self.reg = 0.0
        Trainer.step(self, x, y)

    @mistake("N886", replaces="train_linear")
    def always_a_softmax(x, y, w=None, *, model="softmax_objective", lr=1e-3, reg=1e-5, steps=100, batch=200, rng):
        """Use the objective that is asked for."""
        return train_linear(x, y, w, lr=lr, reg=reg, steps=steps, batch=batch, rng=rng)

    @mistake("N887", replaces="train_linear")
    @with_a_wrong("begin")
    def weights_begin_large(self):
        """Begin with small weights, 0.001 N(0, 1): the first loss is then about log C."""
        return self.rng.standard_normal((self.x.shape[1], int(self.y.max()) + 1)).astype(self.x.dtype)

    @mistake("N887", replaces="train_linear")
    @with_a_wrong("begin")
    def a_class_for_each_label_that_occurs(self):
        """There are max(y) + 1 classes: labels that do not occur here may occur elsewhere."""
        return np.zeros((self.x.shape[1], int(self.y.max()) + 1), self.x.dtype)[:, : len(np.unique(self.y))]

    @mistake("N888", replaces="train_linear")
    def a_step_too_few(x, y, w=None, *, model="softmax_objective", lr=1e-3, reg=1e-5, steps=100, batch=200, rng):
        """Take as many steps as asked for, from 0 to steps - 1."""
        options = {"model": model, "lr": lr, "reg": reg, "batch": batch, "rng": rng}
        return train_linear(x, y, w, steps=max(1, steps - 1), **options)

    @mistake("N888", replaces="train_linear")
    def weights_of_the_best_loss(
        x, y, w=None, *, model="softmax_objective", lr=1e-3, reg=1e-5, steps=100, batch=200, rng
    ):
        """Return the weights of the last step: the loss of one batch does not tell which are best."""
        options = {"model": model, "lr": lr, "reg": reg, "batch": batch, "rng": rng}
        last, history = train_linear(x, y, w, steps=steps, **options)
        return (last if w is None else w.copy()), history
