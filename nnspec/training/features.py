"""What a classifier may be given in the place of pixels. CS231n, assignment 1, `features.ipynb`."""

from dataclasses import replace

import numpy as np

from nnspec.training.data import Images

CELLS = 4  # of oriented gradients, along each side of an image


def _standardized(x, ops):
    flat = {part: images.reshape(len(images), -1) for part, images in x.items()}
    mean, std = ops.standardize_fit(flat["train"])
    return {part: ops.standardize(rows, mean, std) for part, rows in flat.items()}


def _hog(x, ops):
    """Oriented gradients and the histogram of hues, standardized; of a grey image, hues say nothing and become 0."""
    rgb = {part: np.broadcast_to(images, (len(images), 3, *images.shape[2:])) for part, images in x.items()}
    last = {part: np.moveaxis(images, 1, 3) for part, images in rgb.items()}  # (N, H, W, 3)
    found = ops.feature_pipeline(
        last["train"], np.concatenate(list(last.values())), cell=last["train"].shape[1] // CELLS
    )
    ends = np.cumsum([len(images) for images in x.values()])[:-1]
    return dict(zip(x, np.split(found[:, :-1], ends), strict=True))  # a model adds the one for its bias by itself


OF_IMAGES = {"standardized": _standardized, "hog": _hog}
NAMES = ("raw", *OF_IMAGES)


def featured(data: Images, name: str, ops) -> Images:
    """Rows of features, by what the training images alone show; raw: the images. ops: the implementation of the parts.

    Raises ValueError for a name that is none, and for a text.
    """
    if name == "raw":
        return data
    if name not in NAMES:
        raise ValueError(f"train: features must be {', '.join(NAMES[:-1])} or {NAMES[-1]}, got {name}")
    if not isinstance(data, Images):
        raise ValueError(f"train: features are those of images, got {name} of a text")
    x = OF_IMAGES[name](data.x, ops)
    rows = {part: np.ascontiguousarray(found, np.float32) for part, found in x.items()}
    return replace(data, x=rows, features=name)
