"""The check in front of a function. What has passed once is recognized, so that a call costs some microseconds.

Only plain values are remembered and handed on: arrays of NumPy's own class, and numbers, texts and containers of
Python's. Others are made plain first (a memmap is an array, np.int8(3) is 3) or, where their meaning would be lost
(matrices, masked arrays), refused.
"""

import contextlib
import functools
import inspect
from types import NoneType

import numpy as np

from nnspec.shapes.contract import FLOATS, Contract, contract, kind_of, within
from nnspec.shapes.notation import Cache

EXTENDED = (*FLOATS, np.dtype(np.longdouble))
REMEMBERED = 512  # calls of different shape that a function recognizes before it starts anew


_called: list[list[str]] = []  # by whoever watches the reference just now


@contextlib.contextmanager
def calls_of_the_reference():
    """The names of the reference's functions that are called in its block, through the package or a composite."""
    _called.append([])
    try:
        yield _called[-1]
    finally:
        _called.pop()


def checked(function, reference, *, backend="", extended=False, device=None):
    """`function` behind the check of its reference's annotations; a backward behind that of its forward's cache.

    backend: whose caches these are. extended: takes NumPy's longest floats too. device: takes also arrays for which
    `device.is_on_device` is true. A function that can work in place is asked for that by in_place=True, which its
    reference need not know.
    """
    if function.__name__.endswith("_backward") and "cache" in inspect.signature(reference).parameters:
        return _checked_backward(function, backend, extended, device)
    made = _checked_call(function, reference, backend, extended, device)
    if "in_place" not in inspect.signature(function).parameters:
        return made
    over = functools.wraps(function)(functools.partial(function, in_place=True))
    return _fresh_or_in_place(made, _checked_call(over, reference, backend, extended, device), device)


def _fresh_or_in_place(fresh, over, device):
    """An update rule, which writes over its weights and its state where it is asked to."""

    @functools.wraps(fresh)
    def call(w, dw, state=None, *, in_place=False, **options):
        if not in_place:
            return fresh(w, dw, state, **options)
        for name, arrays in (("w", [w]), ("state", state if isinstance(state, (tuple, list)) else [state])):
            for array in arrays:
                if not (array is None or isinstance(array, int) or _can_be_written_over(array, device)):
                    where = "" if device is None else " on the device"
                    raise ValueError(
                        f"{fresh.__name__}: {name} must be contiguous and writable{where} for in_place=True,"
                        f" got {kind_of(array)}"
                    )
        return over(w, dw, state, **options)

    return call


def _can_be_written_over(array, device) -> bool:
    if device is not None:
        return device.is_on_device(array) and device.to_device(array) is array
    plain = type(array) is np.ndarray and array.dtype.isnative
    return plain and array.flags.c_contiguous and array.flags.writeable


def _checked_call(function, reference, backend, extended, device):
    rules = contract(reference)
    floats = EXTENDED if extended else FLOATS
    # Labels are the one thing that shapes do not tell: they are looked at in every call.
    ranged = [(i, rule) for i, rule in enumerate(rules.rules.values()) if rule.is_array and rule.range is not None]
    with_values = {rule.name for _, rule in ranged}
    names = list(rules.rules)
    returns_cache = function.__name__.endswith("_forward")
    seen = {}

    def visible(args, kwargs):
        """What the check looks at."""
        if device is None:
            return args, kwargs
        shown = [_visible(value, device, name in with_values) for name, value in zip(names, args, strict=False)]
        return shown, {name: _visible(value, device, name in with_values) for name, value in kwargs.items()}

    def examined(args, kwargs):
        """The labels and their limits, of a call that its key tells apart from others."""
        key = _key(args, kwargs)
        found = seen.get(key)
        if found is None:
            dims = rules.check(_bound(rules, args, kwargs), floats)
            if len(seen) >= REMEMBERED:
                seen.clear()
            found = seen[key] = [(i, rule.name, *rule.range.limits(dims)) for i, rule in ranged]
        return found

    @functools.wraps(function)
    def call(*args, **kwargs):
        shown, options = (args, kwargs) if device is None else visible(args, kwargs)
        labels = seen.get(_key(shown, options))
        if labels is None:  # another call, or one that is the same when its arguments are made plain
            if len(args) > len(names):
                _bound(rules, args, kwargs)
            args = [_plain(rules.name, name, value, device) for name, value in zip(names, args, strict=False)]
            kwargs = {name: _plain(rules.name, name, value, device) for name, value in kwargs.items()}
            shown, options = visible(args, kwargs)
            labels = examined(shown, options)
        for i, name, low, high in labels:
            if not within(shown[i] if i < len(shown) else options.get(name), low, high):
                rules.check(_bound(rules, shown, options), floats)
        if extended and _called:
            _called[-1].append(function.__name__)
        result = function(*args, **kwargs)
        if returns_cache:
            *outputs, values = result
            return *outputs, Cache.of(values, function.__name__, outputs, backend)
        return result

    return call


def _visible(value, device, with_values: bool):
    """An array of a device as one of NumPy: its values where they matter, else only its shape and dtype."""
    if type(value) is tuple:
        return tuple([_visible(entry, device, with_values) for entry in value])
    if type(value) is dict:
        return {key: _visible(entry, device, with_values) for key, entry in value.items()}
    if not device.is_on_device(value):
        return value
    return np.asarray(device.to_host(value)) if with_values else np.broadcast_to(np.zeros((), value.dtype), value.shape)


def _checked_backward(function, backend, extended, device):
    op = function.__name__
    forward = op.removesuffix("_backward") + "_forward"
    signature = inspect.signature(function)
    names = list(signature.parameters)

    @functools.wraps(function)
    def call(*args, **kwargs):
        if extended and _called:
            _called[-1].append(op)
        if kwargs or len(args) != len(names):
            args = _bind_arguments(op, signature, args, kwargs).args
        *douts, cache = args
        if type(cache) is not Cache or cache.op != forward:
            raise TypeError(f"{op}: cache must be the one that {forward} returned, got {kind_of(cache)}")
        if cache.backend != backend:
            raise TypeError(f"{op}: cache must be the one that {forward} of the same backend returned, not of another")
        for i, (dout, (shape, dtype)) in enumerate(zip(douts, cache.outputs, strict=False)):
            if shape == () and isinstance(dout, (int, float, np.integer, np.floating)) and not isinstance(dout, bool):
                douts[i] = dtype.type(dout)
                continue
            if type(dout) is not np.ndarray or dout.dtype is not dtype:
                dout = douts[i] = _plain(op, names[i], dout, device)
            is_array = type(dout) is np.ndarray or (device is not None and device.is_on_device(dout))
            if not is_array or dout.dtype != dtype:
                raise TypeError(f"{op}: {names[i]} must be a {dtype} array, got {kind_of(dout)}")
            if dout.shape != shape:
                raise ValueError(f"{op}: {names[i]} must have shape {shape}, got {dout.shape}")
        return function(*douts, cache)

    return call


_PLAIN_TYPES = {bool, int, float, str, NoneType}


def _plain(op, name, value, device=None):
    """The value that a value of NumPy's scalars or of a subclass stands for; what is neither stays as it is.

    What is told by its type alone in `_fingerprint` must not be able to differ in anything that the check looks at.
    """
    if type(value) in _PLAIN_TYPES or (device is not None and device.is_on_device(value)):
        return value
    if isinstance(value, np.ndarray):
        if type(value) is np.ndarray:
            return value if value.dtype.isnative else value.astype(value.dtype.newbyteorder("="))
        if isinstance(value, np.matrix):
            raise TypeError(
                f"{op}: {name} must be a plain array, got a matrix, whose * is another product: np.asarray({name})"
            )
        if isinstance(value, np.ma.MaskedArray):
            raise TypeError(
                f"{op}: {name} must be a plain array, got a masked one: fill it first, say {name}.filled(0)"
            )
        return _plain(op, name, np.asarray(value))
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        return float(value) if value.dtype.kind == "f" else value.item()
    for kind, made in ((int, int.__int__), (float, float.__float__), (str, str.__str__)):
        if isinstance(value, kind):
            return made(value)
    if isinstance(value, dict):
        return {key: _plain(op, f"{name}[{key!r}]", entry, device) for key, entry in value.items()}
    for kind in (tuple, list):
        if isinstance(value, kind):
            return kind([_plain(op, f"{name}[{i}]", entry, device) for i, entry in enumerate(value)])
    return value


def _key(args, kwargs) -> tuple:
    """Equal for two calls that the check cannot tell apart. Arrays are told here, since small calls feel every call."""
    key = []
    for value in args:
        if type(value) is np.ndarray:
            key.append(value.shape)
            key.append(value.dtype)
        else:
            key.append(_fingerprint(value))
    for name, value in kwargs.items():
        key.append(name)
        key.append(_fingerprint(value))
    return tuple(key)


_TOLD_BY_VALUE = {bool, int, str, NoneType}


def _fingerprint(value):
    """Equal for two plain values that the check cannot tell apart. Others are told by their type, and never remembered
    unless they are none of those that `_plain` knows."""
    kind = type(value)
    if kind is np.ndarray:
        return value.shape, value.dtype
    if kind in _TOLD_BY_VALUE:
        return kind, value
    if kind is dict:
        return dict, *value, *map(_fingerprint, value.values())
    if kind is tuple or kind is list:
        return kind, *[(int, entry < 0) if type(entry) is int else _fingerprint(entry) for entry in value]
    if kind is float or not hasattr(value, "shape"):
        return kind
    return kind, tuple(value.shape)  # of a state: an array of the backend's own


def _bound(rules: Contract, args, kwargs):
    bound = _bind_arguments(rules.name, rules.signature, args, kwargs)
    bound.apply_defaults()
    return bound.arguments


def _bind_arguments(op: str, signature, args, kwargs) -> inspect.BoundArguments:
    try:
        return signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{op}: {error}") from None
