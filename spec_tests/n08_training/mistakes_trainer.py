"""Classic mistakes of training by minibatches."""

from functools import partial

import numpy as np

from nnspec import reference
from nnspec.reference import epoch_batches
from nnspec.spec_tests._known import mistake
from nnspec.spec_tests.n04_optimization._trainers import put_wrong

DEFAULTS = {"rule": "sgd_momentum", "lr": 1e-2, "lr_decay": 1.0, "reg": 0.0, "epochs": 10, "batch": 100}


class Trainer:
    """A trainer in pieces, for mistakes to put a wrong one in."""

    def __init__(self, params, x_train, y_train, x_val, y_val, *, model, rng, on_epoch=None, **options):
        vars(self).update(DEFAULTS | options)  # lr, lr_decay, reg, epochs, batch
        self.params, self.states, self.history = dict(params), {}, {"loss": [], "val_accuracy": []}
        self.x, self.y, self.validation, self.rng = x_train, y_train, (x_val, y_val), rng
        self.model, self.rule = getattr(reference, model), getattr(reference, self.rule)
        self.on_epoch = on_epoch or (lambda history: None)

    def train(self):
        best = dict(self.params)
        for _ in range(self.epochs):
            for idx in self.batches():
                self.step(*self.samples(idx))
            self.history["val_accuracy"].append(self.accuracy(*self.validation))
            if self.is_best():
                best = self.kept()
            self.end_epoch()
            self.on_epoch(self.history)
        return best, self.history

    def batches(self):
        return epoch_batches(len(self.x), self.batch, rng=self.rng)

    def samples(self, idx):
        return self.x[idx], self.y[idx]

    def step(self, x, y):
        loss, grads = self.model(self.params, x, y, reg=self.reg)
        self.history["loss"].append(loss)
        for key in grads:
            self.update(key, grads[key])

    def update(self, key, dw):
        self.params[key], self.states[key] = self.rule(self.params[key], dw, self.states.get(key), lr=self.lr)

    def accuracy(self, x, y):
        return (self.model(self.params, x).argmax(axis=1) == y).mean()

    def is_best(self):
        *earlier, now = self.history["val_accuracy"]
        return now > max(earlier, default=-1)

    def kept(self):
        return dict(self.params)

    def end_epoch(self):
        self.lr *= self.lr_decay


with_a_wrong = partial(put_wrong, Trainer)


class MistakesOfTrain:
    @mistake("M42", replaces="train")
    @with_a_wrong("update")
    def one_count_for_all_tensors(self, key, dw):
        """Count the steps of each tensor by itself: one count for all runs ahead."""
        if self.rule is reference.adam:
            m, v, _ = self.states.get(key, (0 * dw, 0 * dw, 0))
            self.states[key] = m, v, sum(state[2] > 0 for state in self.states.values()) + len(self.history["loss"]) - 1
        Trainer.update(self, key, dw)

    @mistake("N91", replaces="train")
    @with_a_wrong("update")
    def state_forgotten(self, key, dw):
        """Hand the state on from step to step: without it there is no momentum."""
        self.states = {}
        Trainer.update(self, key, dw)

    @mistake("N91", replaces="train")
    @with_a_wrong("batches")
    def state_begun_anew_each_epoch(self):
        """The state of the optimizer goes on from epoch to epoch."""
        self.states = {}
        return Trainer.batches(self)

    @mistake("N91", replaces="train")
    @with_a_wrong("update")
    def gradients_pile_up(self, key, dw):
        """Every step has gradients of its own: those of earlier steps are not added."""
        self.sums = getattr(self, "sums", {})
        self.sums[key] = self.sums.get(key, 0) + dw
        Trainer.update(self, key, self.sums[key])

    @mistake("M45", replaces="train")
    @with_a_wrong("update")
    def parameters_changed_in_place(self, key, dw):
        """Put new arrays in place of the old: the caller's parameters must not move."""
        w = self.params[key]
        Trainer.update(self, key, dw)
        w[...] = self.params[key]
        self.params[key] = w

    @mistake("M49", replaces="train")
    @with_a_wrong("samples")
    def labels_drawn_apart(self, idx):
        """Take inputs and labels by one and the same indices."""
        return self.x[idx], self.y[self.rng.permutation(len(self.y))[: len(idx)]]

    @mistake("M56", replaces="train")
    @with_a_wrong("step")
    def updated_while_gradients_are_taken(self, x, y):
        """Know all gradients first, then update: here W1 steps by the new W2."""
        loss, grads = self.model(self.params, x, y, reg=self.reg)
        self.history["loss"].append(loss)
        for key in reversed(list(grads)):
            _, grads = self.model(self.params, x, y, reg=self.reg)
            self.update(key, grads[key])

    @mistake("M09", replaces="train")
    @with_a_wrong("batches")
    def not_shuffled(self):
        """Shuffle: batches of a sorted file are of one class."""
        return np.split(np.arange(len(self.x)), range(self.batch, len(self.x), self.batch))

    @mistake("N82", replaces="train")
    @with_a_wrong("batches")
    def every_epoch_the_same_batches(self):
        """Shuffle every epoch anew: a fixed seed gives all of them the same batches."""
        return epoch_batches(len(self.x), self.batch, rng=np.random.default_rng(0))

    @mistake("N82", replaces="train")
    @with_a_wrong("batches")
    def generator_ignored(self):
        """Use the generator that is given, or no run can be repeated."""
        return epoch_batches(len(self.x), self.batch, rng=np.random.default_rng())

    @mistake("N83", replaces="train")
    @with_a_wrong("batches")
    def last_batch_lost(self):
        """The last batch counts, though it is shorter."""
        return epoch_batches(len(self.x), min(self.batch, len(self.x)), rng=self.rng, drop_last=True)

    @mistake("N81", replaces="train")
    @with_a_wrong("batches")
    def drawn_with_replacement(self):
        """An epoch sees every sample once: cut a permutation, do not draw anew."""
        return [self.rng.integers(0, len(self.x), len(idx)) for idx in Trainer.batches(self)]

    @mistake("N92", replaces="train")
    @with_a_wrong("step")
    def decay_in_every_step(self, x, y):
        """lr decays once an epoch, not with every step."""
        Trainer.step(self, x, y)
        self.lr *= self.lr_decay

    @mistake("N92", replaces="train")
    @with_a_wrong("end_epoch")
    def lr_never_decays(self):
        """lr decays after every epoch."""

    @mistake("N92", replaces="train")
    @with_a_wrong("batches")
    def decayed_before_the_first_epoch(self):
        """The first epoch runs with lr itself: decay after it."""
        self.lr *= self.lr_decay if not self.history["loss"] else 1
        return Trainer.batches(self)

    @mistake("N93", replaces="train")
    @with_a_wrong("is_best")
    def last_parameters(self):
        """Return the parameters of the best epoch, not of the last."""
        return True

    @mistake("N93", replaces="train")
    @with_a_wrong("kept")
    def best_is_not_a_copy(self):
        """Keep a copy of the best: the dict goes on being changed."""
        return self.params

    @mistake("N93", replaces="train")
    @with_a_wrong("is_best")
    def best_by_training_accuracy(self):
        """The validation data tells which epoch is best; accuracy in training only grows."""
        self.fitted = [*getattr(self, "fitted", []), self.accuracy(self.x, self.y)]
        return self.fitted[-1] > max(self.fitted[:-1], default=-1)

    @mistake("N93", replaces="train")
    @with_a_wrong("accuracy")
    def accuracy_on_the_training_data(self, x, y):
        """Measure accuracy on the validation data, not on what is trained on."""
        return Trainer.accuracy(self, self.x, self.y)

    @mistake("N724", replaces="train")
    @with_a_wrong("is_best")
    def best_begins_at_zero(self):
        """Begin below every accuracy: where none is right, an epoch is best all the same."""
        *earlier, now = self.history["val_accuracy"]
        return now > max(earlier, default=0)

    @mistake("N725", replaces="train")
    def defaults_of_its_own(*args, model, lr=1e-3, epochs=10, batch=100, **options):
        """What is not given is lr 0.01, 10 epochs and batches of 100."""
        return reference.train(*args, model=model, lr=lr, epochs=epochs, batch=batch, **options)

    @mistake("N94", replaces="train")
    @with_a_wrong("is_best")
    def last_of_equal_epochs(self):
        """Of epochs with the same accuracy the first is best."""
        return self.history["val_accuracy"][-1] >= max(self.history["val_accuracy"])

    @mistake("N90", replaces="train")
    @with_a_wrong("samples")
    def reg_dropped(self, idx):
        """Hand reg on to the model: the penalty is part of the loss."""
        self.reg = 0.0
        return Trainer.samples(self, idx)

    @mistake("N90", replaces="train")
    @with_a_wrong("step")
    def loss_after_the_step(self, x, y):
        """The loss of a step is that before it."""
        Trainer.step(self, x, y)
        self.history["loss"][-1], _ = self.model(self.params, x, y, reg=self.reg)


class TrainerOfStatistics(Trainer):
    """Of models that return running statistics."""

    running = None

    def step(self, x, y):
        loss, grads, self.running = self.model(self.params, x, y, self.running, reg=self.reg)
        self.history["loss"].append(loss)
        for key in grads:
            self.update(key, grads[key])

    def accuracy(self, x, y):
        return (self.model(self.params, x, None, self.running, train=False).argmax(axis=1) == y).mean()

    def kept(self):
        self.history["running"] = dict(self.running)
        return dict(self.params)


class MistakesOfTrainRunning:
    @mistake("M69", replaces="train")
    def statistics_anew_in_every_batch(*args, **options):
        """Give the model the running statistics of the batch before, or each begins at 0."""

        class Wrong(TrainerOfStatistics):
            def step(self, x, y):
                self.running = None
                super().step(x, y)

        return Wrong(*args, **options).train()

    @mistake("M69", replaces="train")
    def statistics_of_the_end_with_the_best_parameters(*args, **options):
        """Keep the running statistics that belong to the best parameters, not the last ones."""
        trainer = TrainerOfStatistics(*args, **options)
        best, history = trainer.train()
        return best, history | {"running": dict(trainer.running)}

    @mistake("M69", replaces="train")
    def validated_by_the_statistics_of_the_batch(*args, **options):
        """Predict the validation data by the running statistics: train=False."""

        class Wrong(TrainerOfStatistics):
            def accuracy(self, x, y):
                return (self.model(self.params, x).argmax(axis=1) == y).mean()

        return Wrong(*args, **options).train()
