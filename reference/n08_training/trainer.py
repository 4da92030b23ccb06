"""Trainer: minibatches, an update rule for each parameter, the best parameters kept. CS231n, assignment 1, `Solver`.

    in each epoch, for each batch b of a fresh permutation:
        loss, grads = model(params, x_b, y_b)        w, state_w = rule(w, dw, state_w) for every parameter w
    then the accuracy on the validation data, and lr = lr_decay lr

x_train (N, …)    y_train (N,)    x_val (V, …)    y_val (V,)    params and best_params: dicts with the same keys

A composite: `model` and `rule` are names in `ops` (None: the reference), such as "two_layer_loss" and "adam". Every
parameter has a state of its own, so that each counts its own steps. All gradients are known before any parameter moves,
and nothing that was passed in is written to. The last batch of an epoch may be shorter. best_params are those after the
epoch with the highest validation accuracy, the first of several. A score of NaN predicts nothing: its sample counts as
wrong. Parameters that hold NaN are never the best; if there are no others, these are the ones that training began with.

A model that returns running statistics, `loss, grads, running = model(params, x, y, running)`, gets them again with the
next batch, and predicts by them: model(params, x, None, running, train=False).
"""

from collections.abc import Callable

import numpy as np

from nnspec.reference.n04_optimization.minibatch import epoch_batches
from nnspec.shapes import Array, Between, Float, Int


def train(
    params: dict,
    x_train: Float[Array, "N *d"],
    y_train: Int[Array, "N"],
    x_val: Float[Array, "V *d"],
    y_val: Int[Array, "V"],
    *,
    model: str,
    rule: str = "sgd_momentum",
    lr: float = 1e-2,
    lr_decay: float = 1.0,
    reg: float = 0.0,
    epochs: Between[1, None] = 10,
    batch: Between[1, None] = 100,
    rng: np.random.Generator,
    on_epoch: Callable[[dict], None] | None = None,
    ops=None,
):
    """(best_params, history): history["loss"] of every batch, history["val_accuracy"] of every epoch, and where a model
    has running statistics, history["running"]: those that belong to best_params.

    on_epoch is called with the history after every epoch.
    """
    if ops is None:
        from nnspec import reference as ops
    loss_of, update = _part(ops, "model", model), _part(ops, "rule", rule)
    if len(x_train) == 0 or len(x_val) == 0:
        raise ValueError(f"train: x_train and x_val must not be empty, got {len(x_train)} and {len(x_val)} samples")
    states, running = dict.fromkeys(params), []
    best_params, best, history = params, -np.inf, {"loss": [], "val_accuracy": []}
    for _ in range(epochs):
        for idx in epoch_batches(len(x_train), batch, rng=rng):
            loss, grads, *running = loss_of(params, x_train[idx], y_train[idx], *running, reg=reg)
            history["loss"].append(float(loss))
            params, states = _step(update, params, grads, states, lr)
        accuracy = _accuracy(loss_of, params, running, x_val, y_val, batch)
        if accuracy > best and not any(np.isnan(w).any() for w in params.values()):
            best_params, best = params, accuracy
            history |= {"running": {key: np.array(one) for key, one in running[0].items()}} if running else {}
        history["val_accuracy"].append(accuracy)
        lr = lr_decay * lr
        if on_epoch is not None:
            on_epoch(history)
    return {key: np.array(w) for key, w in best_params.items()}, history


def _step(update, params, grads, states, lr):
    """New parameters and states under the same keys."""
    moved = {key: update(w, grads[key], states[key], lr=lr) for key, w in params.items()}
    return {key: w for key, (w, _) in moved.items()}, {key: state for key, (_, state) in moved.items()}


def _accuracy(loss_of, params, running, x, y, batch):
    """The share of samples whose largest score is that of their label."""
    right, evaluation = 0, {"running": running[0], "train": False} if running else {}
    for start in range(0, len(x), batch):
        scores = np.asarray(loss_of(params, x[start : start + batch], **evaluation))  # (batch, C)
        hit = scores.argmax(axis=1) == y[start : start + batch]  # (batch,) argmax takes NaN for the largest
        right += np.count_nonzero(hit & ~np.isnan(scores).any(axis=1))
    return right / len(x)


def _part(ops, argument, name):
    part = getattr(ops, name, None)
    if not callable(part):
        raise ValueError(f"train: {argument} must be the name of a function of ops, got {name!r}")
    return part
