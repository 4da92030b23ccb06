"""Training by minibatches: the recursion by hand where the order of samples does not matter, and laws where it does.

Batches are drawn, and every implementation draws its own. So values are judged with one batch an epoch, or with samples
that are all equal; at lr = 0 the loss of each step tells which samples it saw.
"""

from typing import ClassVar

import numpy as np

from nnspec import reference
from nnspec.reference import epoch_batches
from nnspec.spec_tests._kinds import Case, Function, Malformed, mistake
from nnspec.spec_tests._verdict import require

H, C = 4, 3
KEYS = ("W1", "b1", "W2", "b2")
OPTIONS = {"model": "two_layer_loss", "rule": "sgd_momentum", "lr": 0.5, "epochs": 3, "batch": 100_000}
NEVER_RIGHT = {"x_val": lambda rng, shape: np.zeros(shape), "y_val": [0, 1]}  # what stands in the biases says 2
DEFAULTS = {"rule": "sgd_momentum", "lr": 1e-2, "epochs": 10, "batch": 100}
EQUAL = {"x_train": lambda rng, shape: np.ones(shape) * rng.standard_normal(shape[1:])}


def scores_by_hand(params, x):
    hidden = x.reshape(len(x), -1) @ params["W1"] + params["b1"]
    return hidden, np.maximum(hidden, 0) @ params["W2"] + params["b2"]


def losses_by_hand(params, x, y):
    """The loss of each sample by itself, unregularized."""
    _, scores = scores_by_hand(params, x)
    top = scores.max(axis=1)
    return np.log(np.exp(scores - top[:, None]).sum(axis=1)) + top - scores[np.arange(len(y)), y]


def gradients_by_hand(params, x, y, reg):
    hidden, scores = scores_by_hand(params, x)
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    dscores = (p / p.sum(axis=1, keepdims=True) - np.eye(C)[y]) / len(y)
    dhidden = dscores @ params["W2"].T * (hidden > 0)
    active, rows = np.maximum(hidden, 0), x.reshape(len(x), -1)
    grads = {"W1": rows.T @ dhidden, "b1": dhidden.sum(axis=0), "W2": active.T @ dscores, "b2": dscores.sum(axis=0)}
    return {key: dw + reg * params[key] * (key[0] == "W") for key, dw in grads.items()}


def momentum_by_hand(state, dw, t, lr):
    v = 0.9 * state.get("v", 0) - lr * dw
    return {"v": v}, v


def adam_by_hand(state, dw, t, lr):
    m = 0.9 * state.get("m", 0) + np.longdouble(1 - 0.9) * dw
    v = 0.999 * state.get("v", 0) + np.longdouble(1 - 0.999) * dw * dw
    return {"m": m, "v": v}, -lr * (m / (1 - np.longdouble(0.9) ** t)) / (
        np.sqrt(v / (1 - np.longdouble(0.999) ** t)) + 1e-8
    )


BY_HAND = {"sgd_momentum": momentum_by_hand, "adam": adam_by_hand}


class Trainer:
    """A trainer in pieces, for mistakes to put a wrong one in."""

    def __init__(self, params, x_train, y_train, x_val, y_val, *, model, rule="sgd_momentum", lr=1e-2, lr_decay=1.0,
                 reg=0.0, epochs=10, batch=100, rng, on_epoch=None):  # fmt: skip
        self.params, self.states, self.history = dict(params), {}, {"loss": [], "val_accuracy": []}
        self.x, self.y, self.validation, self.rng = x_train, y_train, (x_val, y_val), rng
        self.model, self.rule = getattr(reference, model), getattr(reference, rule)
        self.lr, self.lr_decay, self.reg, self.epochs, self.batch = lr, lr_decay, reg, epochs, batch
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


def with_a_wrong(piece):
    """A trainer of which one piece is the decorated function."""

    def make(function):
        wrong = type("Wrong", (Trainer,), {piece: function})

        def train(*args, **options):
            return wrong(*args, **options).train()

        train.__name__ = function.__name__
        return train

    return make


class TestTrain(Function):
    """A two-layer network with 4 hidden units and 3 classes learns from 7 samples, unless a case says otherwise."""

    rows = ("08.25",)
    outputs = ("loss", "val_accuracy", *KEYS)

    cases = (
        Case("adam", options={"rule": "adam", "lr": 0.1}),
        Case("decaying lr", options={"lr_decay": 0.25}),
        Case("regularized", options={"reg": 0.5}),
        Case("images", {"d": (1, 2, 2)}),
        Case("several batches", {"N": 5}, {"batch": 2, "lr_decay": 0.5}, EQUAL),
        Case("several batches, adam", {"N": 5}, {"batch": 2, "lr": 0.1, "rule": "adam", "lr_decay": 0.5}, EQUAL),
        Case("best before the end", options={"epochs": 8, "lr": 4.0}),
        Case("never right", {"V": 2}, {"lr": 2.0**-10}, NEVER_RIGHT),
        Case("defaults", {"N": 100}, dict.fromkeys(DEFAULTS), EQUAL),
        Case("defaults, two batches", {"N": 101}, dict.fromkeys(DEFAULTS), EQUAL),
    )
    ties = (Case("equal epochs", {"V": 1}, {"epochs": 5, "lr": 1e-3}),)
    bad = (
        Malformed("model unknown", "model", lambda _: "three_layer_loss"),
        Malformed("rule unknown", "rule", lambda _: "adamant"),
        Malformed("rule a function", "rule", lambda _: reference.adam),
        Malformed("no epoch", "epochs", lambda _: 0),
        Malformed("batch of 0", "batch", lambda _: 0),
        Malformed("lr a text", "lr", lambda _: "fast"),
        Malformed("a seed for a generator", "rng", lambda _: 0),
        Malformed("no training data", "x_train", case=Case("", {"N": 0})),
        Malformed("no validation data", "x_val", case=Case("", {"V": 0})),
    )

    def draw(self, case, dims, dtype):
        dims = {**dims, "N": case.dims.get("N", 7)}
        inputs = super().draw(case, dims, dtype)
        inputs |= {name: inputs[name] % C for name in ("y_train", "y_val")}
        if "x_train" in case.inputs:
            inputs["y_train"][:] = 1
        rng, D = np.random.default_rng(5), int(np.prod(dims["d"]))
        shapes = {"W1": (D, H), "b1": (H,), "W2": (H, C), "b2": (C,)}
        return {"params": {key: rng.standard_normal(shape).astype(dtype) for key, shape in shapes.items()}, **inputs}

    returned: ClassVar = {"train": "(best_params, history)"}

    def run(self, call, problem, gradient=True):
        options = {**OPTIONS, "rng": np.random.default_rng(0), **problem.options}
        given = {name: value for name, value in options.items() if value is not None}  # None: the default
        result = call(self.op, *problem.inputs.values(), **given)
        best, history = self.unpack(result, 2, f"train must return {self.returned['train']}")
        for what, found, wanted in (("best_params", best, KEYS), ("history", history, self.outputs[:2])):
            complete = isinstance(found, dict) and found.keys() == set(wanted)
            require(complete, f"train must return {what} as a dict with the keys {', '.join(wanted)}")
        return {name: np.array(history[name], float) for name in history} | dict(best)

    def truth(self, problem):
        wide = {name: array.astype(np.longdouble) for name, array in problem.floats().items()}
        given = {name: wide.get(name, value) for name, value in problem.inputs.items() if name != "params"}
        params = {key: wide[key] for key in KEYS}
        options = {name: DEFAULTS[name] if value is None else value for name, value in problem.options.items()}
        return dict(zip(self.outputs, self.definition(params, **given, **OPTIONS | options), strict=True))

    def definition(
        self, params, x_train, y_train, x_val, y_val, *, model, rule, lr, epochs, batch, lr_decay=1.0, reg=0.0
    ):
        """Per batch w = rule(w, dloss/dw) for all w at once, per epoch lr = lr_decay lr. CS231n, `Solver`."""
        states, t, best, losses, accuracies = {key: {} for key in KEYS}, 0, params, [], []
        for epoch in range(epochs):
            for start in range(0, len(x_train), batch):
                x, y, t = x_train[start : start + batch], y_train[start : start + batch], t + 1
                penalty = reg / 2 * ((params["W1"] ** 2).sum() + (params["W2"] ** 2).sum())
                losses.append(losses_by_hand(params, x, y).mean() + penalty)
                grads = gradients_by_hand(params, x, y, reg)
                moves = {key: BY_HAND[rule](states[key], grads[key], t, lr * lr_decay**epoch) for key in KEYS}
                states = {key: moves[key][0] for key in KEYS}
                params = {key: params[key] + moves[key][1] for key in KEYS}
            accuracies.append((scores_by_hand(params, x_val)[1].argmax(axis=1) == y_val).mean())
            if accuracies[-1] > max(accuracies[:-1], default=-1):
                best = params
        return tuple(np.array(value, np.longdouble) for value in (losses, accuracies, *(best[key] for key in KEYS)))

    def test_dtype(self, planned, backend):
        """float32 parameters stay float32."""
        problem = self.problem(planned, backend)
        answer = self.answer(backend, problem)
        for key in KEYS:
            require(answer[key].dtype == problem.dtype, f"{key} was {problem.dtype} and is {answer[key].dtype}")

    def law_an_epoch_sees_every_sample_once(self, run, problem):
        """At lr = 0 and a batch of 1, the losses of an epoch are those of the samples, each with its own label."""
        problem.options = {"lr": 0.0, "batch": 1, "epochs": 2}
        params, x, y, *_ = problem.inputs.values()
        return np.sort(run()["loss"].reshape(2, len(x))), np.tile(np.sort(losses_by_hand(params, x, y)), (2, 1))

    def law_the_last_batch_is_shorter(self, run, problem):
        """Batches of 3 of 7 samples: at lr = 0 their losses, times 3, 3 and 1, add up to that of all samples."""
        problem.options = {"lr": 0.0, "batch": 3, "epochs": 2}
        params, x, y, *_ = problem.inputs.values()
        total = run()["loss"].reshape(2, 3) @ np.array([3.0, 3.0, 1.0])
        return total, np.tile(losses_by_hand(params, x, y).sum(), 2)

    def law_every_epoch_is_shuffled_anew(self, run, problem):
        """At lr = 0 and a batch of 1, no two epochs show their losses in one order, and none in that of the data."""
        problem.options = {"lr": 0.0, "batch": 1, "epochs": 6}
        params, x, y, *_ = problem.inputs.values()
        orders = {tuple(np.argsort(losses)) for losses in run()["loss"].reshape(6, len(x))}
        return [len(orders | {tuple(np.argsort(losses_by_hand(params, x, y)))})], [7]

    def law_the_generator_decides(self, run, problem):
        """The same generator state takes the same steps, and another one others."""
        losses = []
        for seed in (7, 7, 8):
            problem.options = {"batch": 2, "rng": np.random.default_rng(seed)}
            losses.append(run()["loss"])
        return [np.array_equal(losses[0], losses[1]), np.array_equal(losses[0], losses[2])], [True, False]

    def law_it_learns(self, run, problem):
        """Classes that lie apart are told apart by small batches, too."""
        problem.options = {"batch": 4, "epochs": 30, "lr": 0.02}
        y = np.arange(30) % C
        shape = (30, *problem.inputs["x_train"].shape[1:])
        x = np.zeros(shape, problem.dtype)
        x.reshape(30, -1)[np.arange(30), y] = 2
        answer = run(x_train=x, y_train=y, x_val=x, y_val=y)
        return answer["val_accuracy"][-1:], [1]

    def _every_epoch_is_told(self, backend, problem):
        told = []
        problem.options = {"on_epoch": lambda history: told.append([len(history[name]) for name in self.outputs[:2]])}
        self.answer(backend, problem)
        wanted = [[1, 1], [2, 2], [3, 3]]
        require(told == wanted, f"on_epoch must be called with the history after every epoch, got lengths {told}")

    purity = {**Function.purity, "every epoch is told": _every_epoch_is_told}

    @mistake("M42", "Count the steps of each tensor by itself: one count for all runs ahead.", replaces="train")
    @with_a_wrong("update")
    def one_count_for_all_tensors(self, key, dw):
        if self.rule is reference.adam:
            m, v, _ = self.states.get(key, (0 * dw, 0 * dw, 0))
            self.states[key] = m, v, sum(state[2] > 0 for state in self.states.values()) + len(self.history["loss"]) - 1
        Trainer.update(self, key, dw)

    @mistake("N91", "Hand the state on from step to step: without it there is no momentum.", replaces="train")
    @with_a_wrong("update")
    def state_forgotten(self, key, dw):
        self.states = {}
        Trainer.update(self, key, dw)

    @mistake("N91", "The state of the optimizer goes on from epoch to epoch.", replaces="train")
    @with_a_wrong("batches")
    def state_begun_anew_each_epoch(self):
        self.states = {}
        return Trainer.batches(self)

    @mistake("N91", "Every step has gradients of its own: those of earlier steps are not added.", replaces="train")
    @with_a_wrong("update")
    def gradients_pile_up(self, key, dw):
        self.sums = getattr(self, "sums", {})
        self.sums[key] = self.sums.get(key, 0) + dw
        Trainer.update(self, key, self.sums[key])

    @mistake("M45", "Put new arrays in place of the old: the caller's parameters must not move.", replaces="train")
    @with_a_wrong("update")
    def parameters_changed_in_place(self, key, dw):
        w = self.params[key]
        Trainer.update(self, key, dw)
        w[...] = self.params[key]
        self.params[key] = w

    @mistake("M49", "Take inputs and labels by one and the same indices.", replaces="train")
    @with_a_wrong("samples")
    def labels_drawn_apart(self, idx):
        return self.x[idx], self.y[self.rng.permutation(len(self.y))[: len(idx)]]

    @mistake("M56", "Know all gradients first, then update: here W1 steps by the new W2.", replaces="train")
    @with_a_wrong("step")
    def updated_while_gradients_are_taken(self, x, y):
        loss, grads = self.model(self.params, x, y, reg=self.reg)
        self.history["loss"].append(loss)
        for key in reversed(list(grads)):
            _, grads = self.model(self.params, x, y, reg=self.reg)
            self.update(key, grads[key])

    @mistake("M09", "Shuffle: batches of a sorted file are of one class.", replaces="train")
    @with_a_wrong("batches")
    def not_shuffled(self):
        return np.split(np.arange(len(self.x)), range(self.batch, len(self.x), self.batch))

    @mistake("N82", "Shuffle every epoch anew: a fixed seed gives all of them the same batches.", replaces="train")
    @with_a_wrong("batches")
    def every_epoch_the_same_batches(self):
        return epoch_batches(len(self.x), self.batch, rng=np.random.default_rng(0))

    @mistake("N82", "Use the generator that is given, or no run can be repeated.", replaces="train")
    @with_a_wrong("batches")
    def generator_ignored(self):
        return epoch_batches(len(self.x), self.batch, rng=np.random.default_rng())

    @mistake("N83", "The last batch counts, though it is shorter.", replaces="train")
    @with_a_wrong("batches")
    def last_batch_lost(self):
        return epoch_batches(len(self.x), min(self.batch, len(self.x)), rng=self.rng, drop_last=True)

    @mistake("N81", "An epoch sees every sample once: cut a permutation, do not draw anew.", replaces="train")
    @with_a_wrong("batches")
    def drawn_with_replacement(self):
        return [self.rng.integers(0, len(self.x), len(idx)) for idx in Trainer.batches(self)]

    @mistake("N92", "lr decays once an epoch, not with every step.", replaces="train")
    @with_a_wrong("step")
    def decay_in_every_step(self, x, y):
        Trainer.step(self, x, y)
        self.lr *= self.lr_decay

    @mistake("N92", "lr decays after every epoch.", replaces="train")
    @with_a_wrong("end_epoch")
    def lr_never_decays(self):
        pass

    @mistake("N92", "The first epoch runs with lr itself: decay after it.", replaces="train")
    @with_a_wrong("batches")
    def decayed_before_the_first_epoch(self):
        self.lr *= self.lr_decay if not self.history["loss"] else 1
        return Trainer.batches(self)

    @mistake("N93", "Return the parameters of the best epoch, not of the last.", replaces="train")
    @with_a_wrong("is_best")
    def last_parameters(self):
        return True

    @mistake("N93", "Keep a copy of the best: the dict goes on being changed.", replaces="train")
    @with_a_wrong("kept")
    def best_is_not_a_copy(self):
        return self.params

    @mistake("N93", "The validation data tells which epoch is best; accuracy in training only grows.", replaces="train")
    @with_a_wrong("is_best")
    def best_by_training_accuracy(self):
        self.fitted = [*getattr(self, "fitted", []), self.accuracy(self.x, self.y)]
        return self.fitted[-1] > max(self.fitted[:-1], default=-1)

    @mistake("N93", "Measure accuracy on the validation data, not on what is trained on.", replaces="train")
    @with_a_wrong("accuracy")
    def accuracy_on_the_training_data(self, x, y):
        return Trainer.accuracy(self, self.x, self.y)

    @mistake(
        "N724", "Begin below every accuracy: where none is right, an epoch is best all the same.", replaces="train"
    )
    @with_a_wrong("is_best")
    def best_begins_at_zero(self):
        *earlier, now = self.history["val_accuracy"]
        return now > max(earlier, default=0)

    @mistake("N725", "What is not given is lr 0.01, 10 epochs and batches of 100.", replaces="train")
    def defaults_of_its_own(*args, model, lr=1e-3, epochs=10, batch=100, **options):
        return reference.train(*args, model=model, lr=lr, epochs=epochs, batch=batch, **options)

    @mistake("N94", "Of epochs with the same accuracy the first is best.", replaces="train")
    @with_a_wrong("is_best")
    def last_of_equal_epochs(self):
        return self.history["val_accuracy"][-1] >= max(self.history["val_accuracy"])

    @mistake("N90", "Hand reg on to the model: the penalty is part of the loss.", replaces="train")
    @with_a_wrong("samples")
    def reg_dropped(self, idx):
        self.reg = 0.0
        return Trainer.samples(self, idx)

    @mistake("N90", "The loss of a step is that before it.", replaces="train")
    @with_a_wrong("step")
    def loss_after_the_step(self, x, y):
        Trainer.step(self, x, y)
        self.history["loss"][-1], _ = self.model(self.params, x, y, reg=self.reg)
