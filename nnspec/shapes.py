"""The shape notation of the reference, and the check that is generated from it.

    x: Float[Array, "N *d"]         float32 or float64; *d stands for any number of axes
    w: Float[Array, "prod(d) M"]    an axis may be an expression in the others
    xq: Real[Array, "Nq D"]         floats, or integers of any width
    labels: Int[Array, "Nq K"]      integers
    mask: Bool[Array, "*#batch T"]  booleans; # in front of a name: that many axes, or fewer, or of size 1 (broadcast)
    y: Labels["N", "C"]             integers from 0 to C - 1; a third name is an option whose value is allowed as well
    k: Between[1, "Nt"]             an integer option; None: no upper end
    params: Params["W1: D H", …]    a dict of floating arrays; numbered ones as in `nnspec.families`
    masks: Masks["mask1: N H", …]   a dict of booleans
    dims: Sequence[int]             a list or a tuple
    model: str                      a text
    root: os.PathLike               a text or a pathlib.Path
    state: State["*shape", int]     what an update rule returned: arrays and counts in this order, a single one bare

All floating inputs of one call share their dtype. `checked` puts the check in front of a function. What has passed once
is recognized by its shapes, dtypes and options, so that a call costs some microseconds.

Only plain values are remembered and handed on: arrays of NumPy's own class, and numbers, texts and containers of
Python's. Others are made plain first (a memmap is an array, np.int8(3) is 3) or, where their meaning would be lost
(matrices, masked arrays), refused.
"""

import contextlib
import functools
import inspect
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
from jaxtyping import Bool, Float, Int, Real

from nnspec.families import Families

Array = np.ndarray

__all__ = [
    "Array", "Between", "Bool", "Cache", "Float", "Int", "Labels", "Masks", "Params", "Real", "State", "checked",
    "contract",
]  # fmt: skip

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
EXTENDED = (*FLOATS, np.dtype(np.longdouble))
REMEMBERED = 512  # calls of different shape that a function recognizes before it starts anew


@dataclass(frozen=True)
class Range:
    low: int | str
    high: int | str | None
    allowed_too: str | None = None

    def limits(self, dims: dict):
        return evaluate(self.low, dims), evaluate(self.high, dims)


class Labels:
    def __class_getitem__(cls, item):
        shape, classes, *allowed_too = item
        return Annotated[Int[Array, shape], Range(0, f"{classes} - 1", *allowed_too)]


class Between:
    def __class_getitem__(cls, item):
        return Annotated[int, Range(*item)]


class Params:
    """A dict of arrays; `kind` is that of its entries."""

    kind = "float"

    def __class_getitem__(cls, items):
        items = items if isinstance(items, tuple) else (items,)
        if (families := Families.read(items)) is not None:
            return Annotated[dict, DictOf(cls.kind, families=families)]
        entries = (item.split(":") for item in items)
        return Annotated[dict, DictOf(cls.kind, tuple((name.strip(), shape.strip()) for name, shape in entries))]


class Masks(Params):
    kind = "mask"


@dataclass(frozen=True)
class DictOf:
    kind: str
    shapes: tuple[tuple[str, str], ...] = ()
    families: Families | None = None


class State:
    def __class_getitem__(cls, entries):
        return Annotated[object, StateOf(entries if isinstance(entries, tuple) else (entries,))]


@dataclass(frozen=True)
class StateOf:
    entries: tuple[str | type, ...]


class Cache(tuple):
    """What a forward leaves for its own backward: the op's values, and what the op's outputs looked like."""

    op: str
    backend: str
    outputs: tuple[tuple[tuple[int, ...], np.dtype], ...]

    @classmethod
    def of(cls, values, op, outputs, backend="nnspec.reference"):
        cache = cls(values)
        cache.op, cache.backend = op, backend
        cache.outputs = tuple([(out.shape, out.dtype) for out in outputs])
        return cache


@dataclass(frozen=True)
class Rule:
    """What one parameter may be."""

    name: str
    kind: str  # float, real, int, mask, params (arrays); integer(s), number, bool, choice, generator, text, path; any
    shapes: tuple[tuple[str, str], ...] = ()  # (key or "", dimensions)
    entries: str = ""  # of a dict: the kind of its arrays
    families: Families | None = None  # of a dict with numbered keys
    range: Range | None = None
    state: tuple[str | type, ...] = ()  # of an update rule: shapes of arrays, and int
    choices: tuple = ()
    optional: bool = False
    default: Any = inspect.Parameter.empty

    @property
    def is_array(self):
        return self.kind in ("float", "real", "int", "mask", "params")

    @property
    def needs_others(self):
        return self.families is not None or any("(" in shape or "#" in shape for _, shape in self.shapes)

    def arrays(self, value, shapes) -> list[tuple[str, Any, str]]:
        """(label, array, dimensions) of each array of a parameter."""
        if self.kind == "params":
            return [(f"{self.name}[{key!r}]", value[key], shape) for key, shape in shapes]
        return [(self.name, value, shape) for _, shape in shapes]

    def shapes_in(self, values: dict, dims: dict) -> tuple[tuple[str, str], ...]:
        """Those of this call: how many there are may depend on what came."""
        if self.families is None:
            return self.shapes
        given = values[self.name]
        return self.families.entries(list(given), values, dims) if isinstance(given, dict) else ()


@dataclass
class Contract:
    """The rules of one function, in the order of its parameters."""

    name: str
    signature: inspect.Signature
    rules: dict[str, Rule] = field(default_factory=dict)

    def check(self, values: dict, floats=FLOATS) -> dict[str, int | tuple]:
        """Raise TypeError or ValueError at the first parameter that breaks its rule; else the dimensions."""
        dims, origin, dtypes = {}, {}, {}
        present = [rule for rule in self.rules.values() if not (values[rule.name] is None and rule.optional)]
        for rule in sorted(present, key=lambda rule: rule.needs_others):
            shapes = rule.shapes_in(values, dims)
            _check_kind(self.name, rule, values[rule.name], shapes, floats, dtypes)
            if rule.families:
                rule.families.define(dims, origin, evaluate)
            for label, array, shape in rule.arrays(values[rule.name], shapes):
                _bind(self.name, label, array.shape, shape, dims, origin)
            if rule.families:
                rule.families.define(dims, origin, evaluate)
        for rule in present:
            if rule.range is not None:
                self.check_range(rule, values, dims)
            if rule.state:
                _check_state(self.name, rule, values[rule.name], dims, next(iter(dtypes.values())))
        return dims

    def check_range(self, rule: Rule, values: dict, dims: dict):
        value = values[rule.name]
        low, high = rule.range.limits(dims)
        allowed = values.get(rule.range.allowed_too)
        numbers = value if allowed is None else value[value != allowed]
        if not _within(numbers, low, high):
            above = "" if high is None else f" and at most {high}"
            above += f" = {rule.range.high}" if isinstance(rule.range.high, str) else ""
            beside = "" if allowed is None else f" (or {rule.range.allowed_too}={allowed})"
            raise ValueError(f"{self.name}: {rule.name} must be at least {low}{above}{beside}, got {_span(numbers)}")


@functools.cache
def contract(function) -> Contract:
    """The rules that stand in the annotations of a reference function."""
    signature = inspect.signature(function)
    made = Contract(function.__name__, signature)
    for parameter in signature.parameters.values():
        made.rules[parameter.name] = _rule(parameter)
    return made


def takes_no_array(function) -> bool:
    """Whether this is a pure procedure (index sets, schedules, drawn parameters): no array goes in."""
    rules = contract(inspect.unwrap(function)).rules
    return not any(rule.is_array or rule.kind == "any" for rule in rules.values())


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
    `device.is_on_device` is true.
    """
    if function.__name__.endswith("_backward") and "cache" in inspect.signature(reference).parameters:
        return _checked_backward(function, backend, extended, device)
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
        key = (*map(_fingerprint, args), *kwargs, *map(_fingerprint, kwargs.values()))
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
        labels = seen.get((*map(_fingerprint, shown), *options, *map(_fingerprint, options.values())))
        if labels is None:  # another call, or one that is the same when its arguments are made plain
            if len(args) > len(names):
                _bound(rules, args, kwargs)
            args = [_plain(rules.name, name, value, device) for name, value in zip(names, args, strict=False)]
            kwargs = {name: _plain(rules.name, name, value, device) for name, value in kwargs.items()}
            shown, options = visible(args, kwargs)
            labels = examined(shown, options)
        for i, name, low, high in labels:
            if not _within(shown[i] if i < len(shown) else options.get(name), low, high):
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
            raise TypeError(f"{op}: cache must be the one that {forward} returned, got {_kind_of(cache)}")
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
                raise TypeError(f"{op}: {names[i]} must be a {dtype} array, got {_kind_of(dout)}")
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


def _rule(parameter: inspect.Parameter) -> Rule:
    annotation, optional = parameter.annotation, False
    if get_origin(annotation) in (Union, UnionType):
        optional = NoneType in get_args(annotation)
        (annotation,) = (a for a in get_args(annotation) if a is not NoneType)
    common = {"name": parameter.name, "optional": optional, "default": parameter.default}
    if get_origin(annotation) is Annotated:
        annotation, extra = get_args(annotation)
        if annotation is dict:
            return Rule(kind="params", shapes=extra.shapes, entries=extra.kind, families=extra.families, **common)
        if annotation is int:
            return Rule(kind="integer", range=extra, **common)
        if annotation is object:
            return Rule(kind="any", state=extra.entries, **common)
        return Rule(kind="int", shapes=(("", annotation.dim_str),), range=extra, **common)
    if hasattr(annotation, "dim_str"):
        kind = annotation.__name__.split("[")[0].lower()
        kind = "mask" if kind == "bool" else kind
        return Rule(kind=kind, shapes=(("", annotation.dim_str),), **common)
    if get_origin(annotation) is Literal:
        return Rule(kind="choice", choices=get_args(annotation), **common)
    kinds = {
        int: "integer", float: "number", bool: "bool", np.random.Generator: "generator", Sequence[int]: "integers",
        str: "text", os.PathLike: "path",
    }  # fmt: skip
    return Rule(kind=kinds.get(annotation, "any"), **common)


_EXPECTED = {
    "float": "a float32 or float64 array",
    "real": "an array of numbers",
    "int": "an array of integers",
    "mask": "an array of booleans",
    "params": "a dict of arrays",
    "integer": "an integer",
    "integers": "a list or a tuple of integers",
    "text": "a text",
    "path": "a path",
    "number": "a number",
    "bool": "True or False",
    "generator": "a numpy.random.Generator",
}


_PLAIN = {
    "integer": int, "number": (int, float), "bool": bool, "generator": np.random.Generator, "params": dict,
    "integers": (list, tuple), "text": str, "path": (str, os.PathLike),
}  # fmt: skip


def _check_kind(name, rule, value, shapes, floats, dtypes):
    if rule.kind == "choice":
        if not any(type(value) is type(choice) and value == choice for choice in rule.choices):
            raise ValueError(f"{name}: {rule.name} must be one of {', '.join(map(repr, rule.choices))}, got {value!r}")
        return
    fits = isinstance(value, _PLAIN.get(rule.kind, object))
    if rule.kind in ("integer", "number"):
        fits = fits and type(value) is not bool
    if rule.kind == "integers":
        fits = fits and all(type(entry) is int for entry in value)
    if not fits:
        raise TypeError(f"{name}: {rule.name} must be {_EXPECTED[rule.kind]}, got {_kind_of(value)}")
    if rule.kind == "params" and (odd := set(value) ^ {key for key, _ in shapes}):
        raise ValueError(
            f"{name}: {rule.name} must have the keys {', '.join(key for key, _ in shapes) or 'of no array'}; "
            f"missing or unknown: {', '.join(sorted(map(str, odd)))}"
        )
    for label, array, _ in rule.arrays(value, shapes):
        kind = rule.entries or rule.kind
        dtype = array.dtype if isinstance(array, np.ndarray) else None
        if not _dtype_fits(dtype, kind, floats):
            raise TypeError(f"{name}: {label} must be {_EXPECTED[kind]}, got {_kind_of(array)}")
        if dtype.kind == "f":
            first, other = next(iter(dtypes.items()), (label, dtype))
            dtypes[label] = dtype
            if dtype != other:
                raise TypeError(f"{name}: {label} must have the dtype of {first}, {other}, got {dtype}")


def _check_state(name, rule, state, dims, dtype):
    """A backend may keep what is its own: of arrays that are not NumPy's only the shape is looked at."""
    entries = [state] if len(rule.state) == 1 else state
    fits = isinstance(entries, (tuple, list)) and len(entries) == len(rule.state)
    for entry, wanted in zip(entries if fits else (), rule.state, strict=True) if fits else ():
        if wanted is int:
            fits = fits and (entry >= 0 if type(entry) is int else getattr(entry, "shape", None) == ())
        else:
            shape = tuple(size for n in wanted.split() for size in (dims[n[1:]] if n[0] == "*" else [dims[n]]))
            fits = fits and tuple(getattr(entry, "shape", "-")) == shape
            fits = fits and (not isinstance(entry, np.ndarray) or entry.dtype == dtype)
    if not fits:
        got = [_kind_of(entry) for entry in entries] if isinstance(entries, (tuple, list)) else [_kind_of(state)]
        raise ValueError(
            f"{name}: {rule.name} must be the one that {name} returned for arrays of this shape and dtype, got "
            f"{', '.join(got)}"
        )


def _dtype_fits(dtype, kind, floats):
    if dtype is None:
        return False
    if dtype.kind in "iu":
        return kind in ("int", "real")
    if dtype.kind == "b":
        return kind == "mask"
    return kind in ("float", "real") and dtype in floats


def _bind(function: str, label: str, got: tuple, notation: str, dims: dict, origin: dict):
    """Match a shape against its notation; note the dimensions that are new, and which array they are from."""
    names = notation.split()
    stars = [i for i, name in enumerate(names) if name.startswith("*")]
    want = f"({', '.join(re.sub(r'^[*]', '…', name) for name in names)}{',' if len(names) == 1 else ''})"
    if len(got) < len(names) - len(stars) or (not stars and len(got) > len(names)):
        raise ValueError(f"{function}: {label} must have shape {want}, got {got}")
    sizes = list(got)
    if stars:
        end = stars[0] + len(got) - len(names) + 1
        sizes[stars[0] : end] = [got[stars[0] : end]]
    for name, size in zip(names, sizes, strict=True):
        name = name.removeprefix("*")
        if name.startswith("#"):
            _bind_broadcast(function, label, got, want, name[1:], size, dims, origin)
            continue
        known = dims.setdefault(name, size) if name.isidentifier() else evaluate(name, dims)
        if known != size:
            where = next((origin[d] for d in dimensions(name) if d in origin), label)
            raise ValueError(
                f"{function}: {label} must have shape {want} with {name} = {known} as in {where}, got {got}"
            )
        origin.setdefault(name, label)


def _bind_broadcast(function, label, got, want, name, size, dims, origin):
    """An axis, or several, that must broadcast to those that an earlier array has."""
    axes, known = (np.atleast_1d(np.array(sizes, int)) for sizes in (size, dims[name]))
    fits = len(axes) <= len(known) and all(a in (1, k) for a, k in zip(axes[::-1], known[::-1], strict=False))
    if not fits:
        raise ValueError(
            f"{function}: {label} must have shape {want} where #{name} broadcasts to {dims[name]} as in"
            f" {origin.get(name, label)}, got {got}"
        )


def evaluate(expression, dims):
    """The value of an axis: a number as it is, a name or an expression in the names of `dims`."""
    if not isinstance(expression, str):
        return expression
    return eval(expression, {"__builtins__": {}, "prod": math.prod}, dims)  # our own annotations, nobody's input


def _within(numbers, low, high) -> bool:
    if type(numbers) is np.ndarray:
        if numbers.size == 0:
            return True
        return np.minimum.reduce(numbers, None) >= low and (high is None or np.maximum.reduce(numbers, None) <= high)
    return numbers is None or (numbers >= low and (high is None or numbers <= high))


def _span(numbers):
    low, high = np.min(numbers), np.max(numbers)
    return str(low) if low == high else f"{low} … {high}"


def _kind_of(value):
    if isinstance(value, np.ndarray):
        return f"a {value.dtype} array of shape {value.shape}"
    return f"{type(value).__name__} {value!r}" if isinstance(value, (int, float, str)) else type(value).__name__


def dimensions(notation: str) -> list[str]:
    """The names of dimensions in one shape: of "N prod(d) M" they are N, d and M."""
    return re.findall(r"[A-Za-z_]\w*(?![\w(])", notation)


def dimension_names(reference) -> list[str]:
    """The free dimensions of a function's arrays, in the order in which they first appear."""
    rules = contract(reference).rules.values()
    return list(dict.fromkeys(name for rule in rules for _, shape in rule.shapes for name in dimensions(shape)))
