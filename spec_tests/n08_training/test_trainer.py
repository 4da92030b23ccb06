"""Training by minibatches: the recursion by hand where the order of samples does not matter, and laws where it does.

Batches are drawn, and every implementation draws its own. So values are judged with one batch an epoch, or with samples
that are all equal; at lr = 0 the loss of each step tells which it saw. Classic mistakes: mistakes_trainer.py.
"""

from typing import ClassVar

import numpy as np

from nnspec import reference
from nnspec.backends import NotSupplied
from nnspec.spec_tests._kinds import Case, Function, Malformed
from nnspec.spec_tests._verdict import require

H, C, KEYS = 4, 3, ("W1", "b1", "W2", "b2")
OPTIONS = {"model": "two_layer_loss", "rule": "sgd_momentum", "lr": 0.5, "epochs": 3, "batch": 100_000}
NEVER_RIGHT = {"x_val": lambda rng, shape: np.zeros(shape), "y_val": [0, 1]}  # what stands in the biases says 2
DEFAULTS = {"rule": "sgd_momentum", "lr": 1e-2, "epochs": 10, "batch": 100}
EQUAL = {"x_train": lambda rng, shape: np.ones(shape) * rng.standard_normal(shape[1:])}
LARGE = {"x_val": lambda rng, shape: 1e6 * rng.standard_normal(shape)}


class TestTrain(Function):
    """A two-layer network with 4 hidden units and 3 classes learns from 7 samples, unless a case says otherwise."""

    rows = ("08.25",)
    outputs = ("loss", "val_accuracy", *KEYS)

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
            scores = scores_by_hand(params, x_val)[1]
            accuracies.append(((scores.argmax(axis=1) == y_val) & ~np.isnan(scores).any(axis=1)).mean())
            if accuracies[-1] > max(accuracies[:-1], default=-1) and not np.isnan(params["W2"]).any():
                best = params
        return tuple(np.array(value, np.longdouble) for value in (losses, accuracies, *(best[key] for key in KEYS)))

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

    cases = (
        Case("adam", options={"rule": "adam"}, lr=0.1),
        Case("decaying lr", lr_decay=0.25),
        Case("regularized", reg=0.5),
        Case("large scores", V=40, inputs=LARGE),
        Case("images", {"d": (1, 2, 2)}),
        Case("several batches", N=5, batch=2, lr_decay=0.5, inputs=EQUAL),
        Case("several batches, adam", N=5, batch=2, lr=0.1, options={"rule": "adam"}, lr_decay=0.5, inputs=EQUAL),
        Case("best before the end", epochs=8, lr=4.0),
        Case("never right", V=2, lr=2.0**-10, inputs=NEVER_RIGHT),
        Case("defaults", N=100, options=dict.fromkeys(DEFAULTS), inputs=EQUAL),
        Case("defaults, two batches", N=101, options=dict.fromkeys(DEFAULTS), inputs=EQUAL),
    )
    ties = (
        Case("equal epochs", V=1, epochs=5, lr=1e-3),
        Case(
            "scores of NaN",  # all of a sample, or some
            V=12,
            inputs={
                "x_val": lambda rng, shape: np.where(
                    np.indices(shape)[-1], 1, np.repeat([[np.nan], [np.inf], [-np.inf], [1]], 3, axis=0)
                ),
                "y_val": np.arange(12),
            },
        ),
        Case(
            "NaN from the first step on",
            V=2,
            inputs={"x_train": lambda rng, shape: np.full(shape, np.nan), "y_val": [0, 1]},
        ),
    )
    bad = (
        Malformed("params a list", "params", list),
        Malformed("model unknown", "model", lambda _: "three_layer_loss"),
        Malformed("rule unknown", "rule", lambda _: "adamant"),
        Malformed("rule a function", "rule", lambda _: reference.adam),
        Malformed("no epoch", "epochs", lambda _: 0),
        Malformed("batch of 0", "batch", lambda _: 0),
        Malformed("lr a text", "lr", lambda _: "fast"),
        Malformed("a seed for a generator", "rng", lambda _: 0),
        Malformed("no training data", "x_train", N=0),
        Malformed("no validation data", "x_val", V=0),
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

    def test_dtype(self, planned, backend):
        """float32 parameters stay float32."""
        problem = self.problem(planned, backend)
        answer = self.answer(backend, problem)
        for key in KEYS:
            require(answer[key].dtype == problem.dtype, f"{key} was {problem.dtype} and is {answer[key].dtype}")

    def _every_epoch_is_told(self, backend, problem):
        told = []
        problem.options = {"on_epoch": lambda history: told.append([len(history[name]) for name in self.outputs[:2]])}
        self.answer(backend, problem)
        wanted = [[1, 1], [2, 2], [3, 3]]
        require(told == wanted, f"on_epoch must be called with the history after every epoch, got lengths {told}")

    purity = {**Function.purity, "every epoch is told": _every_epoch_is_told}


class TestTrainRunning(Function):
    """A network with batch normalization learns from 7 images of 3 x 3, all of them in each batch."""

    rows = ("08.25",)
    op = "train"
    options = {"model": "resnet_loss", "lr": 0.05, "epochs": 3, "batch": 100}
    outputs = ("loss", "val_accuracy", "fc.b", "bn1.running_mean", "block1.bn2.running_var")

    def definition(self, params, x_train, y_train, x_val, y_val, *, model, lr, epochs, batch):
        """loss, grads, running = model(params, x, y, running); the scores of x_val are those by the last running."""
        running, states, losses, accuracies = None, {key: {} for key in params}, [], []
        for _ in range(epochs):
            loss, grads, running = reference.resnet_loss(params, x_train, y_train, running)
            moves = {key: momentum_by_hand(states[key], grads[key], 1, lr) for key in params}
            states = {key: state for key, (state, _) in moves.items()}
            params = {key: params[key] + move for key, (_, move) in moves.items()}
            losses.append(loss)
            scores = reference.resnet_loss(params, x_val, None, running, train=False)
            accuracies.append((scores.argmax(axis=1) == y_val).mean())
            if accuracies[-1] > max(accuracies[:-1], default=-1):
                best = params | running
        return tuple(np.array(value, np.longdouble) for value in (losses, accuracies, *map(best.get, self.outputs[2:])))

    cases = (Case("one epoch", options={**options, "epochs": 1}), Case("six epochs", options={**options, "epochs": 6}))

    def small(self):
        return [Case("distinct"), *self.cases]

    def cases_of_agreement(self):
        return [Case("more images", N=11, V=9)]

    def nothing_more(self):
        """A network takes its time in the simulator, and the rest is asked of the trainer above."""
        return []

    cases_of_scale = cases_of_layout = cases_of_purity = nothing_more

    def refusals(self):
        return []

    def draw(self, case, dims, dtype):
        inputs = super().draw(case, {"N": 7, "V": 5, **case.dims, "d": (1, 3, 3)}, dtype)
        inputs |= {name: inputs[name] % C for name in ("y_train", "y_val")}
        params = reference.resnet_init(1, C, blocks=(1,), widths=(2,), rng=np.random.default_rng(5))
        return {"params": {key: w.astype(dtype) for key, w in params.items()}, **inputs}

    def run(self, call, problem, gradient=True):
        try:
            result = call(self.op, *problem.inputs.values(), rng=np.random.default_rng(0), **problem.options)
        except ValueError as error:
            if "too many values to unpack" in str(error):  # of loss, grads = …
                raise NotSupplied("it trains no model with running statistics") from error
            raise
        best, history = self.unpack(result, 2, "train must return (best_params, history)")
        require("running" in history, "train must return the running statistics of a model that has some in history")
        found = history | best | history["running"]
        return {name: np.asarray(found[name]) for name in self.outputs}

    def truth(self, problem):
        wide = {name: array.astype(np.longdouble) for name, array in problem.floats().items()}
        given = {name: wide.get(name, value) for name, value in problem.inputs.items() if name != "params"}
        params = {key: wide[key] for key in problem.inputs["params"]}
        return dict(zip(self.outputs, self.definition(params, **given, **problem.options), strict=True))

    def test_dtype(self, planned, backend):
        """float32 parameters and statistics stay float32."""
        problem = self.problem(planned, backend)
        answer = self.answer(backend, problem)
        for key in self.outputs[2:]:
            require(answer[key].dtype == problem.dtype, f"{key} was {problem.dtype} and is {answer[key].dtype}")


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
    mhat, vhat = m / (1 - np.longdouble(0.9) ** t), v / (1 - np.longdouble(0.999) ** t)
    return {"m": m, "v": v}, -lr * mhat / (np.sqrt(vhat) + 1e-8)


BY_HAND = {"sgd_momentum": momentum_by_hand, "adam": adam_by_hand}
