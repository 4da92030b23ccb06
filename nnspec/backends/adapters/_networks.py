"""The classes of the assignments that are whole networks: they get our parameters, and their own `loss` is called.

What they are built with differs by year: the names of the sizes, `use_batchnorm` or `normalization`, dropout as a
probability to drop (off at 0) or to keep (off at 1), a seed, a dtype. The penalty has the factor 1/2 since the second
assignment, which says so; in the networks of the first one it is measured.
"""

import contextlib
import functools
import inspect
import math
import re
import traceback
from collections.abc import Callable

import numpy as np

from nnspec.backends.adapters._agreement import Question
from nnspec.backends.adapters._course_folder import Folder
from nnspec.backends.adapters._stubs import Stubs

LAYERS = "dropout_forward", "dropout_backward"


class Networks:
    """Of one folder. p_of(keep): what the folder calls p, and whether that is the probability to keep."""

    def __init__(self, folder: Folder, stubs: Stubs, p_of: Callable):
        self.folder, self.stubs, self.p_of = folder, stubs, p_of

    def adapted(self) -> dict[str, Callable]:
        made = {}
        if forms := self._two_layer():
            made["two_layer_loss"] = self._two_layer_loss(forms)
        if net := self.folder.get("FullyConnectedNet"):
            made["fc_net_loss"] = self._fc_net_loss(net)
        if net := self.folder.get("ThreeLayerConvNet"):
            made["three_layer_convnet_loss"] = self._three_layer_convnet_loss(net)
        return made

    # -- two layers --------------------------------------------------------------------------------------------------

    def _two_layer(self) -> dict[str, Callable]:
        """(params, x, y, reg) -> (loss, grads) or scores, of each form: the two classes, and the function of 2015."""
        found = {}
        for module, net in self.folder.every("TwoLayerNet"):
            name = "TwoLayerNet" if "TwoLayerNet" not in found else f"{module}.TwoLayerNet"
            found[name] = functools.partial(self._loss_of_two_layers, name, net)
        if function := self.folder.get("two_layer_net"):
            found["two_layer_net"] = functools.partial(self._loss_of_a_function, function)
        return found

    def _loss_of_two_layers(self, name, net, params, x, y, reg):
        sizes = (params["W1"].shape[0], *(len(params[key]) for key in ("b1", "b2")))
        first_assignment = accepts(net, "input_size")
        names = (
            ("input_size", "hidden_size", "output_size")
            if first_assignment
            else ("input_dim", "hidden_dim", "num_classes")
        )
        options = dict(zip(names, sizes, strict=True))

        def loss(params, reg):
            if first_assignment:
                model = made(net, options)
                model.params = copied(params)
                rows = x.reshape(len(x), -1)  # images are for the second one
                return model.loss(rows, y, reg) if y is not None else model.loss(rows)
            model = made(net, options, reg=reg, dtype=x.dtype.type)
            model.params = copied(params)
            return model.loss(x, y)

        factor = self._factor(name, loss, params) if first_assignment and y is not None else 1
        return self._asked(name, functools.partial(loss, params, factor * reg))

    def _loss_of_a_function(self, function, params, x, y, reg):
        rows = x.reshape(len(x), -1)

        def loss(params, reg):
            return function(rows, copied(params), y, reg) if y is not None else function(rows, copied(params))

        factor = self._factor("two_layer_net", loss, params) if y is not None else 1
        return self._asked("two_layer_net", functools.partial(loss, params, factor * reg))

    def _factor(self, name, loss, params) -> float:
        """1/2 where reg stands for reg sum |W|^2, so that what comes out is ours: reg/2 sum |W|^2. Not where the loss
        alone has that form, and its gradient the other one."""
        weights = {key: array if key[0] == "W" else 0 * array for key, array in params.items()}
        (with_penalty, d), (without, d0) = (
            self._asked(name, functools.partial(loss, weights, reg)) for reg in (1.0, 0.0)
        )
        squares = sum((array.astype(float) ** 2).sum() for array in weights.values())
        of_the_half = all(
            key in d and key in d0 and np.allclose(d[key] - d0[key], params[key], rtol=1e-3) for key in ("W1", "W2")
        )
        return 0.5 if np.isclose(with_penalty - without, squares, rtol=1e-3) and not of_the_half else 1.0

    def _two_layer_loss(self, forms):
        keys = ("W1", "b1", "W2", "b2")

        def of(functions, params, x, y, reg):
            return parts(functions.two_layer_loss(params, x, y, reg=reg, ops=functions))

        def parts(result):
            """A tuple of arrays; keys that are missing or too many are left to whoever asked."""
            if not isinstance(result, tuple) or not isinstance(result[-1], dict):
                return (result,)
            loss, grads = result
            return (loss, *map(grads.get, keys), grads)

        def form(theirs):
            return lambda params, x, y, reg: parts(theirs(params, x.copy(), None if y is None else y.copy(), reg))

        def two_layer_loss(params, x, y=None, *, reg=0.0):
            question = Question(
                "two_layer_net",
                {name: form(theirs) for name, theirs in forms.items()},
                of,
                ("scores",) if y is None else ("loss", *(f"d{key}" for key in keys)),
                scale=lambda params, x, *_: abs(x).max(initial=1),
            )
            loss, *grads = question.answered(params, x, y, reg, dtype=x.dtype)
            if not grads:
                return loss
            *own, every = grads
            return loss, every | {key: part for key, part in zip(keys, own, strict=True) if key in every}

        if len(forms) == 1:
            (only,) = forms.values()
            return lambda params, x, y=None, *, reg=0.0: only(params, x, y, reg)
        return two_layer_loss

    # -- three layers, with a convolution ----------------------------------------------------------------------------

    def _three_layer_convnet_loss(self, net):
        def three_layer_convnet_loss(params, x, y=None, *, reg=0.0):
            if x.shape[2] % 2 or x.shape[3] % 2:
                raise NotImplementedError("the assignment promises pooling windows that divide the image")
            options = {
                "input_dim": x.shape[1:],
                "num_filters": len(params["W1"]),
                "filter_size": params["W1"].shape[-1],
                "hidden_dim": len(params["b2"]),
                "num_classes": len(params["b3"]),
            }

            def call():
                model = made(net, options, reg=reg, dtype=x.dtype.type)
                if more := sorted(map(str, model.params.keys() - params.keys())):
                    raise NotImplementedError(f"ThreeLayerConvNet is another network, it has {', '.join(more)} as well")
                model.params = copied(params)
                return model.loss(x, y)

            return self._asked("ThreeLayerConvNet", call)

        return three_layer_convnet_loss

    # -- any number of layers ----------------------------------------------------------------------------------------

    def _fc_net_loss(self, net):
        def fc_net_loss(params, x, y=None, running=None, *, norm=None, train=True, keep=1.0, masks=None, reg=0.0):
            last = sum(key.startswith("W") for key in params)
            if last < 2:
                raise NotImplementedError("the assignment's FullyConnectedNet has a hidden layer")
            drops = keep != 1 or masks is not None
            if train != (y is not None) and (norm == "batchnorm" or drops):
                raise NotImplementedError("FullyConnectedNet trains where it is given labels, and only there")
            if masks is not None and keep == 1:
                raise NotImplementedError("FullyConnectedNet has no dropout where everything is kept")
            if masks is None and drops and train:
                raise NotImplementedError("FullyConnectedNet draws its masks by a generator of its own")
            options = {"input_dim": math.prod(x.shape[1:]), "num_classes": len(params[f"b{last}"])}
            options |= normalization(net, norm)
            dropout = self._dropout(net, keep)

            def loss(**dropout):
                hidden = [len(params[f"b{i}"]) for i in range(1, last)]  # some put the sizes around it in there
                model = made(net, {"hidden_dims": hidden} | options | dropout, reg=reg, dtype=x.dtype.type)
                name_of = _names(model.params, params, norm)
                if norm == "batchnorm" and not hasattr(model, "bn_params"):
                    raise NotImplementedError("FullyConnectedNet keeps its running statistics elsewhere than bn_params")
                model.params = {name_of[key]: array.copy() for key, array in params.items()}
                normalized = list(enumerate(model.bn_params[: last - 1], start=1)) if norm == "batchnorm" else []
                for i, states in normalized:
                    states["mode"] = "test" if y is None else "train"  # until 2017 the line that does it has a slip
                    if running is not None:
                        states.update({f"running_{s}": running[f"running_{s}{i}"].copy() for s in ("mean", "var")})
                result = model.loss(x, y)
                if y is None or not isinstance(result, tuple):
                    return result
                loss, grads = result
                ours = {name: key for key, name in name_of.items()}
                result = loss, {ours.get(name, name): array for name, array in grads.items()}
                if norm != "batchnorm":
                    return result
                kinds = ("mean", "var")
                return *result, {f"running_{s}{i}": own.get(f"running_{s}") for i, own in normalized for s in kinds}

            if masks is None or y is None:
                return self._asked("FullyConnectedNet", lambda: loss(**dropout))
            given = [masks[f"mask{i}"] for i in range(1, last)]
            return self._asked(
                "FullyConnectedNet", lambda: self._masked(given, keep, dropout, lambda: loss(**dropout), loss)
            )

        return fc_net_loss

    def _dropout(self, net, keep) -> dict:
        """The option in which this year's network takes the strength of its dropout."""
        if keep == 1:
            return {}
        if accepts(net, "dropout_keep_ratio", strictly=True):
            return {"dropout_keep_ratio": keep}
        option = inspect.signature(net).parameters.get("dropout")
        if option is None:
            raise NotImplementedError("FullyConnectedNet takes no dropout")
        p, _ = self.p_of(keep)
        return {"dropout": keep if option.default == 1 else p}  # 1 or 0 by default: which of the two means no dropout

    def _masked(self, masks, keep, dropout, call, without_dropout):
        """With the given masks in place of those that its dropout layers would draw.

        The p that it hands down as it was given has the meaning that the network's own option has, whatever its layer
        makes of that: the layer is judged by itself.
        """
        from nnspec.spec_tests._verdict import require

        left, given = list(masks), list(dropout.values())
        _, means_keep = self.p_of(0.5)

        def dropout_forward(x, dropout_param):
            if dropout_param["mode"] != "train":
                return x, (dropout_param, None)
            require(left, f"FullyConnectedNet calls dropout_forward more than {len(masks)} times, once a hidden layer")
            p = dropout_param["p"]
            kept = keep if [p] == given else p if means_keep else 1 - p
            mask = left.pop(0).reshape(x.shape) / x.dtype.type(kept)
            return x * mask, (dropout_param, mask)

        def dropout_backward(dout, cache):
            return dout if cache[1] is None else dout * cache[1]

        with self.folder.replaced(dropout_forward=dropout_forward, dropout_backward=dropout_backward):
            result = call()
        if len(left) == len(masks):
            if call()[0] != without_dropout()[0]:
                raise NotImplementedError("FullyConnectedNet draws its masks itself, without dropout_forward")
            if not self._calls("dropout_forward"):
                raise NotImplementedError("FullyConnectedNet has no dropout yet: nothing calls dropout_forward")
        return result

    def _calls(self, name) -> bool:
        """Whether a file of the folder does, other than the one that defines it."""
        others = [source for source in self.folder.sources.values() if not source.defines(name)]
        return any(re.search(rf"{name}\s*\(", source.text) for source in others)

    def _asked(self, name, call):
        from nnspec.spec_tests._verdict import require

        with told_as(name):
            result = self.stubs.asked(name, call, says_nothing=_nothing)
        if isinstance(result, tuple):
            complete = len(result) > 1 and isinstance(result[1], dict) and result[1]
            got = ", ".join(
                "an empty dict" if type(part) is dict and not part else type(part).__name__ for part in result
            )
            require(complete, f"{name}.loss must return (loss, grads), grads under the names of params, got ({got})")
        return result


def _nothing(result) -> bool:
    """None or zeros, or a loss without any gradient."""
    if isinstance(result, tuple):
        return result[0] is None or (isinstance(result[1], dict) and not result[1])
    return result is None


@contextlib.contextmanager
def told_as(name: str):
    """An error of theirs, under the name of the class that was called."""
    from nnspec.spec_tests._calling import NUMPY_TAKES
    from nnspec.spec_tests._verdict import CheckFailed

    try:
        yield
    except (NotImplementedError, CheckFailed):
        raise
    except Exception as error:
        if isinstance(error, ValueError) and NUMPY_TAKES.search(str(error)):
            raise
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}, in {frame.name}"
        raise CheckFailed(f"{name} raised {type(error).__name__}: {error} ({where})") from error


def accepts(function, option: str, strictly=False) -> bool:
    """Whether it takes this option, by its name (strictly), or because it takes any of the second assignment's."""
    parameters = inspect.signature(function).parameters
    anything = any(p.kind is p.VAR_KEYWORD for p in parameters.values()) and option != "input_size"
    return option in parameters or (anything and not strictly)


def made(net, options: dict, **wanted):
    """An instance; of what is wanted it gets what it takes."""
    taken = {name: value for name, value in wanted.items() if accepts(net, name)}
    model = net(**options, **taken)
    for name, value in wanted.items():
        if name == "reg" or hasattr(model, name):
            setattr(model, name, value)
    return model


def _names(theirs: dict, ours: dict, norm) -> dict[str, str]:
    """By our name of a parameter, theirs: some count their layers from 0. What was drawn tells which is which."""
    from nnspec.spec_tests._verdict import require

    if not theirs or theirs.keys() == ours.keys():
        return {key: key for key in ours}
    mine, yours = _by_kind(ours), _by_kind(theirs)
    if norm and "gamma" not in yours:
        raise NotImplementedError(f"FullyConnectedNet has no {norm}: it makes no gamma1")
    told = f"FullyConnectedNet makes the parameters {', '.join(map(str, theirs))}, want {', '.join(ours)}"
    if any(len(yours.get(kind, ())) < len(keys) for kind, keys in mine.items()):  # no bias before a norm, for instance
        raise NotImplementedError(f"{told}: it cannot be given ours")
    require(sum(map(len, yours.values())) == len(ours), told)
    return {key: name for kind in mine for key, name in zip(mine[kind], yours[kind], strict=True)}


def _by_kind(params: dict) -> dict[str, list]:
    """The names of weights, biases, scales and shifts, each in the order of the layers."""
    kinds = {}
    for key in params:
        letters = "".join(re.findall("[A-Za-z]+", str(key))).lower()
        kind = next((known for known in ("gamma", "beta") if known in letters), letters)
        kinds.setdefault(kind, []).append((int((re.findall(r"\d+", str(key)) or [0])[-1]), key))
    return {kind: [key for _, key in sorted(keys)] for kind, keys in kinds.items()}


def copied(params: dict) -> dict:
    return {key: array.copy() for key, array in params.items()}


def normalization(net, norm) -> dict:
    if norm is None:
        return {}
    if accepts(net, "normalization", strictly=True):
        return {"normalization": norm}
    if norm == "batchnorm" and accepts(net, "use_batchnorm"):
        return {"use_batchnorm": True}
    if accepts(net, "normalization"):
        return {"normalization": norm}
    raise NotImplementedError(f"FullyConnectedNet has no {norm}")
