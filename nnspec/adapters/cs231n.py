"""`cs231n:FOLDER`: a folder with the API of the assignments of Stanford's CS231n, or one that holds it as `cs231n/`.

Options that the assignments take as dicts are ours as keywords; running statistics and optimizer state, which they keep
in those dicts, go in and come out. What the folders of different years differ in is measured and not assumed: `p` of
dropout is the probability to keep since 2018 and was that to drop before. A function that is still a stub (returns
None, or raises NotImplementedError) is not implemented. What the assignments have no option for, ours does not get.
"""

import functools
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np

from nnspec.adapters import _linear_classifiers
from nnspec.adapters._agreement import agreed
from nnspec.backends import CannotLoad

FILES = (
    "layers", "optim", "rnn_layers",
    "classifiers.k_nearest_neighbor", "classifiers.linear_svm", "classifiers.softmax",
    "classifiers.fc_net", "classifiers.cnn",
)  # fmt: skip
# Imported at the top of files of some years for what no check needs: plots, images, data, Python 2.
OPTIONAL = ("past", "past.builtins", "future", "six", "six.moves", "h5py", "imageio", "matplotlib", "matplotlib.pyplot")


def load(target: str, imported) -> dict:
    return adapted(locate(target))


def locate(folder: str) -> Path:
    """The folder that holds layers.py or, where it is that of the first assignment, classifiers. Raises CannotLoad."""
    path = Path(folder).expanduser()
    for found in (path, path / "cs231n"):
        if (found / "layers.py").is_file() or (found / "classifiers").is_dir():
            return found.resolve()
    raise CannotLoad(f"there is no layers.py and no folder classifiers in {folder} or in {path / 'cs231n'}")


def adapted(folder: Path) -> dict[str, Callable]:
    modules = _import(folder)
    made = {}
    for name, adapt in _ADAPTED.items():
        for module in modules:
            if (theirs := getattr(module, adapt.theirs, None)) is not None:
                made |= {f"{name}{ending}": f for ending, f in adapt.make(theirs, module).items()}
    return _linear_classifiers.penalty(modules) | _losses(modules) | made


class _Adapted(SimpleNamespace):
    """theirs: the name in the assignment. make(theirs, module) -> {"": f} or {"_forward": f, "_backward": g}."""


def _import(folder: Path) -> list[ModuleType]:
    """The modules that are there, as the package `cs231n`, which is what their imports of each other expect."""
    package = ModuleType("cs231n")
    package.__path__ = [str(folder)]
    for name in [name for name in sys.modules if name == "cs231n" or name.startswith("cs231n.")]:
        del sys.modules[name]
    sys.modules["cs231n"] = package
    for name in OPTIONAL:
        if name not in sys.modules and not _installed(name):
            sys.modules[name] = _Placeholder(name)
    there = [name for name in FILES if (folder / (name.replace(".", "/") + ".py")).is_file()]
    return [importlib.import_module(f"cs231n.{name}") for name in there]


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


class _Placeholder(ModuleType):
    """Stands for a package that is not installed, as long as it is only imported."""

    __path__ = ()
    xrange, range, cPickle = range, range, importlib.import_module("pickle")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Placeholder(f"{self.__name__}.{name}")


def _filled(result, name: str):
    """What a function returned, unless it is still a stub."""
    parts = result if isinstance(result, tuple) else (result,)
    if parts[0] is None:
        raise NotImplementedError(f"{name} is still a stub: it returns None")
    return result


def _called(theirs, *args) -> tuple:
    result = theirs(*args)
    return result if isinstance(result, tuple) else (result,)


def _as_it_is(theirs, module, ending="_forward"):
    """A layer whose signatures are ours already."""
    name = theirs.__name__

    def forward(*args):
        return _filled(theirs(*args), name)

    forward.__signature__ = inspect.signature(theirs)
    return {"_forward": forward, "_backward": _backward(module, name)}


def _backward(module, forward_name: str) -> Callable:
    name = forward_name.replace("_forward", "_backward")

    def backward(*args):
        theirs = getattr(module, name, None)
        if theirs is None:
            raise NotImplementedError(f"there is no {name}")
        return _filled(theirs(*args), name)

    return backward


def _conv(theirs, module):
    def forward(x, w, b, *, stride=1, pad=0):
        return _filled(theirs(x, w, b, {"stride": stride, "pad": pad}), theirs.__name__)

    return {"_forward": forward, "_backward": _backward(module, theirs.__name__)}


def _pool(theirs, module):
    def forward(x, *, k=2, stride=None):
        options = {"pool_height": k, "pool_width": k, "stride": stride or k}
        return _filled(theirs(x, options), theirs.__name__)

    return {"_forward": forward, "_backward": _backward(module, theirs.__name__)}


def _batchnorm(theirs, module):
    def forward(x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5):
        options = {"mode": "train" if train else "test", "eps": eps, "momentum": momentum}
        options |= {"running_mean": running_mean.copy(), "running_var": running_var.copy()}
        out, cache = _filled(theirs(x, gamma, beta, options), theirs.__name__)
        return out, options["running_mean"], options["running_var"], cache

    return {"_forward": forward, "_backward": _backward(module, theirs.__name__)}


def _layernorm(theirs, module):
    """The assignment's takes rows; ours any number of leading axes."""
    rows_backward = _backward(module, theirs.__name__)

    def forward(x, gamma, beta, *, eps=1e-5):
        rows = x if x.ndim == 2 else x.reshape(-1, x.shape[-1])
        out, cache = _filled(theirs(rows, gamma, beta, {"eps": eps}), theirs.__name__)
        return np.reshape(out, x.shape), (x.shape, cache)

    def backward(dout, cache):
        shape, cache = cache
        dx, dgamma, dbeta = rows_backward(dout if dout.ndim == 2 else dout.reshape(-1, shape[-1]), cache)
        return np.reshape(dx, shape), dgamma, dbeta

    return {"_forward": forward, "_backward": backward}


def _dropout(theirs, module):
    def p_of(keep):
        """What the folder calls p, found by counting what it keeps of ten thousand ones."""
        out, _ = _filled(theirs(np.ones(10_000), {"mode": "train", "p": 0.2, "seed": 0}), theirs.__name__)
        means_keep = (np.asarray(out) != 0).mean() < 0.5
        return keep if means_keep else 1 - keep

    def forward(x, *, keep, train=True, rng=None):
        seed = {} if rng is None else {"seed": int(rng.integers(2**31))}
        options = {"mode": "train" if train else "test", "p": p_of(keep)} | seed
        return _filled(theirs(x, options), theirs.__name__)

    return {"_forward": forward, "_backward": _backward(module, theirs.__name__)}


def _losses(modules) -> dict[str, Callable]:
    """The losses: in layers.py `(loss, dx)` of the scores, and those inside of the linear classifiers."""
    made = {}
    for name, in_layers in (("svm_loss", "svm_loss"), ("softmax_cross_entropy", "softmax_loss")):
        own = next(filter(None, (getattr(module, in_layers, None) for module in modules)), None)
        versions = {in_layers: own} if own else {}
        if versions := versions | _linear_classifiers.losses(modules, name):
            made |= {f"{name}{ending}": f for ending, f in _loss(versions).items()}
    return made


def _loss(versions: dict[str, Callable]) -> dict[str, Callable]:
    """The gradient comes with the loss: it is the cache."""

    def forward(scores, y):
        given = [scores, *(scores.copy() for _ in range(len(versions) - 1))]  # the first may show that it writes to it
        calls = {
            name: functools.partial(_called, theirs, array, y)
            for (name, theirs), array in zip(versions.items(), given, strict=True)
        }
        return agreed(calls, scores.dtype)

    def backward(dloss, dscores):
        return _filled(None if dscores is None else dloss * dscores, " and ".join(versions))

    return {"_forward": forward, "_backward": backward}


def _rule(**renamed):
    """An update rule; its state lives in a dict beside its options, which may be written to, as w may."""

    def make(theirs, module):
        def rule(w, dw, state=None, **options):
            config = {renamed[name]: value for name, value in options.items()} | dict(state or {})
            w, config = _filled(theirs(w.copy(), dw, config), theirs.__name__)
            return w, {name: value for name, value in config.items() if name not in renamed.values()}

        options = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in renamed]
        arguments = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in ("w", "dw")]
        state = inspect.Parameter("state", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)
        rule.__signature__ = inspect.Signature([*arguments, state, *options])
        return {"": rule}

    return make


def _distance(*methods):
    """The first of these methods of KNearestNeighbor that is written, with which the others have to agree."""

    def make(theirs, module):
        def distance(xq, xt):
            knn = theirs()
            knn.train(xt, np.zeros(len(xt), np.int64))
            calls = {n: functools.partial(_called, getattr(knn, n), xq) for n in methods if hasattr(knn, n)}
            return agreed(calls, xq.dtype)[0]

        return {"": distance}

    return make


def _predict(theirs, module):
    def predict(x_train, y_train, x_test, *, k=1):
        knn = theirs()
        knn.train(x_train, y_train)
        labels = _filled(knn.predict_labels(knn.compute_distances_two_loops(x_test), k=k), "predict_labels")
        return np.asarray(labels).astype(np.int64)  # the assignment's own array is one of float zeros

    return {"": predict}


def _model(*arguments):
    """A class with `params` and `loss(X, y)`, given the sizes that its parameters have."""

    def make(theirs, module):
        def loss(params, x, y=None, *, reg=0.0):
            model = theirs(**{name: size(params, x) for name, size in arguments}, reg=reg)
            model.params = {key: array.copy() for key, array in params.items()}
            if hasattr(model, "dtype"):
                model.dtype = x.dtype
            return _filled(model.loss(x, y), theirs.__name__)

        return {"": loss}

    return make


_ADAPTED = {
    "affine": _Adapted(theirs="affine_forward", make=_as_it_is),
    "relu": _Adapted(theirs="relu_forward", make=_as_it_is),
    "conv2d": _Adapted(theirs="conv_forward_naive", make=_conv),
    "max_pool2d": _Adapted(theirs="max_pool_forward_naive", make=_pool),
    "batchnorm": _Adapted(theirs="batchnorm_forward", make=_batchnorm),
    "batchnorm2d": _Adapted(theirs="spatial_batchnorm_forward", make=_batchnorm),
    "layernorm": _Adapted(theirs="layernorm_forward", make=_layernorm),
    "dropout": _Adapted(theirs="dropout_forward", make=_dropout),
    "sgd_momentum": _Adapted(theirs="sgd_momentum", make=_rule(lr="learning_rate", mu="momentum")),
    "adam": _Adapted(
        theirs="adam", make=_rule(lr="learning_rate", beta1="beta1", beta2="beta2", eps="epsilon")
    ),
    "lstm_step": _Adapted(theirs="lstm_step_forward", make=_as_it_is),
    "l2_distance": _Adapted(
        theirs="KNearestNeighbor", make=_distance("compute_distances_two_loops", "compute_distances_one_loop")
    ),
    "l2_distance_gemm": _Adapted(theirs="KNearestNeighbor", make=_distance("compute_distances_no_loops")),
    "knn_predict": _Adapted(theirs="KNearestNeighbor", make=_predict),
    "two_layer_loss": _Adapted(
        theirs="TwoLayerNet",
        make=_model(
            ("input_dim", lambda params, x: len(params["W1"])),
            ("hidden_dim", lambda params, x: len(params["b1"])),
            ("num_classes", lambda params, x: len(params["b2"])),
        ),
    ),
    "three_layer_convnet_loss": _Adapted(
        theirs="ThreeLayerConvNet",
        make=_model(
            ("input_dim", lambda params, x: x.shape[1:]),
            ("num_filters", lambda params, x: len(params["W1"])),
            ("filter_size", lambda params, x: params["W1"].shape[-1]),
            ("hidden_dim", lambda params, x: len(params["b2"])),
            ("num_classes", lambda params, x: len(params["b3"])),
        ),
    ),
}  # fmt: skip
