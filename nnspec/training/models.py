"""Which models `nnspec train` knows, and how each is trained."""

from dataclasses import replace
from functools import partial

import numpy as np

from nnspec import reference
from nnspec.training.data import Images, Text
from nnspec.training.images import ImageModel, ImageTask, LinearTask
from nnspec.training.loop import Recipe, Task
from nnspec.training.texts import GPT, CharLM


def _linear(image, classes, rng):
    return {"w": 1e-3 * rng.standard_normal((int(np.prod(image)) + 1, classes))}, {}


def _two_layer(image, classes, rng):
    D = int(np.prod(image))
    return reference.two_layer_init(D, 100, classes, scale=np.sqrt(2 / D), rng=rng), {}


def _fc_net(image, classes, rng):
    """Every weight of the size that its fan-in asks for, and batch normalization behind it."""
    params = reference.fc_net_init([int(np.prod(image)), 100, 100, classes], norm="batchnorm", rng=rng)
    running = {f"running_{name}{l}": np.zeros(100) for l in (1, 2) for name in ("mean", "var")}
    return params | _kaiming(params, rng), running


def _five_layer(image, classes, rng):
    params = reference.fc_net_init([int(np.prod(image)), *[100] * 4, classes], rng=rng)
    return params | _kaiming(params, rng), {}


def _convnet(image, classes, rng):
    params = reference.three_layer_convnet_init(*image, 16, 5, 100, classes, rng=rng)
    return params | _kaiming(params, rng), {}


def _resnet20(image, classes, rng):
    """Three stages suit small images as well as CIFAR-10's. Its running statistics begin by themselves."""
    return reference.resnet_init(image[0], classes, rng=rng), {}


def _patch(image) -> int:
    """Four patches each way on the digits, seven on MNIST."""
    return 2 if image[-1] < 16 else 4


def _vit(image, classes, rng):
    """In the form of the paper, but for the mean over all tokens in the place of a class token."""
    C, H, W = image
    S = (H // _patch(image)) * (W // _patch(image))
    return reference.vit_init(C, _patch(image), 64, 128, 3, classes, S=S, norm_first=True, scale=0.1, rng=rng), {}


def _of_vit(image):
    return {"heads": 4, "patch": _patch(image), "norm_first": True}


def _kaiming(params, rng):
    return {key: reference.kaiming_normal(w.shape, rng=rng) for key, w in params.items() if w.ndim > 1}


LINEAR = {
    "softmax_classifier": ImageModel("softmax_objective", _linear, Recipe(40, 100, lr=1e-2, reg=1e-4), flat=True),
    "svm": ImageModel("svm_objective", _linear, Recipe(40, 100, lr=1e-2, reg=1e-4), flat=True),
}
OF_IMAGES = LINEAR | {
    "two_layer_net": ImageModel("two_layer_loss", _two_layer, Recipe(20, 100, reg=1e-4), flat=True),
    "fc_net": ImageModel(
        "fc_net_loss", _fc_net, Recipe(20, 100, reg=1e-4), flat=True, options=lambda image: {"norm": "batchnorm"}
    ),
    "five_layer_net": ImageModel("fc_net_loss", _five_layer, Recipe(20, 100, reg=1e-4), flat=True),
    "three_layer_convnet": ImageModel("three_layer_convnet_loss", _convnet, Recipe(8, 50, lr=2e-3, reg=1e-4)),
    "resnet20": ImageModel("resnet_loss", _resnet20, Recipe(10, 50, lr=3e-3, reg=1e-4)),
    "vit": ImageModel("vit_loss", _vit, Recipe(25, 50, rule="adamw", lr=2e-3, clip=1.0), options=_of_vit),
}
OF_TEXTS = {
    "char_rnn": partial(CharLM, cell="rnn", recipe=Recipe(8, 32, lr=2e-3, clip=1.0)),
    "char_lstm": partial(CharLM, cell="lstm", recipe=Recipe(16, 32, lr=3e-3, clip=1.0)),
    "gpt": partial(GPT, recipe=Recipe(8, 16, rule="adamw", lr=2e-3, clip=1.0)),
}
NAMES = ("knn", *OF_IMAGES, *OF_TEXTS)
# For a table of all: the data that shows what a model can, and how long it takes there, where that is not as usual.
SHOWN = {
    **dict.fromkeys(OF_IMAGES, ("digits", None)),
    "three_layer_convnet": ("mnist", None),
    "resnet20": ("mnist", 6),
    **dict.fromkeys(OF_TEXTS, ("prose", None)),
}


def task_of(model: str, data: Images | Text, **changes) -> Task:
    """changes: what of its recipe is to be another. Raises ValueError where the model does not read such data."""
    if model in OF_IMAGES:
        if not isinstance(data, Images):
            raise ValueError(f"train: {model} takes images, got a text")
        made = OF_IMAGES[model]
        if not (made.flat or data.are_images):
            raise ValueError(f"train: {model} takes images, got features of them")
        task = LinearTask if model in LINEAR else ImageTask
        return task(replace(made, recipe=replace(made.recipe, **changes)), data)
    if not isinstance(data, Text):
        raise ValueError(f"train: {model} takes a text, got images")
    made = OF_TEXTS[model]
    return made(data, recipe=replace(made.keywords["recipe"], **changes))
