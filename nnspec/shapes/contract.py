"""The rules that a function's annotations state, and whether the arguments of a call keep them."""

import functools
import inspect
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np

from nnspec.shapes.dimensions import dimensions, evaluate
from nnspec.shapes.families import Families
from nnspec.shapes.notation import Range

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


@dataclass(frozen=True)
class Rule:
    """What one parameter may be."""

    name: str
    kind: str  # those in `_rule`: float, real, int, mask, params (arrays); integer, number, choice, text, …; any
    shapes: tuple[tuple[str, str], ...] = ()  # (key or "", dimensions)
    entries: str = ""  # of a dict: the kind of its arrays
    families: Families | None = None  # of a dict with numbered keys
    open: bool = False  # of a dict with any keys and shapes, of which `shapes` are examples
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
        given = values[self.name]
        if self.open and isinstance(given, dict):
            return tuple((key, f"*{self.name}{i}") for i, key in enumerate(given))  # of this dict alone
        if self.families is None:
            return self.shapes
        return self.families.entries(list(given), values, dims) if isinstance(given, dict) else ()


@dataclass
class Contract:
    """The rules of one function, in the order of its parameters."""

    name: str
    signature: inspect.Signature
    rules: dict[str, Rule] = field(default_factory=dict)

    def check(self, values: dict, floats=FLOATS) -> dict[str, int | tuple]:
        """Raise TypeError or ValueError at the first parameter that breaks its rule; else the dimensions."""
        present = [rule for rule in self.rules.values() if not (values[rule.name] is None and rule.optional)]
        dims, origin, dtypes = {}, {}, {}
        for rule in sorted(present, key=lambda rule: (rule.kind != "integer", rule.needs_others)):
            shapes = rule.shapes_in(values, dims)
            _check_kind(self.name, rule, values[rule.name], shapes, floats, dtypes)
            if rule.kind == "integer":  # shapes may name it
                dims[rule.name], origin[rule.name] = values[rule.name], rule.name
            if rule.families:
                rule.families.define(dims, origin)
            for label, array, shape in rule.arrays(values[rule.name], shapes):
                _bind(self.name, label, array.shape, shape, dims, origin)
            if rule.families:
                rule.families.define(dims, origin)
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
        if not within(numbers, low, high):
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


def is_procedure(function) -> bool:
    """Whether only Python can run it: no array goes in (index sets, schedules), or a function beside arrays, which no
    kernel could call (numerical gradients), and no parts."""
    rules = contract(inspect.unwrap(function)).rules
    no_array = not any(rule.is_array or rule.kind == "any" for rule in rules.values())
    return no_array or (
        "ops" not in rules and any(rule.kind == "function" and not rule.optional for rule in rules.values())
    )


def _rule(parameter: inspect.Parameter) -> Rule:
    annotation, optional = parameter.annotation, False
    if get_origin(annotation) in (Union, UnionType):
        optional = NoneType in get_args(annotation)
        (annotation,) = (a for a in get_args(annotation) if a is not NoneType)
    common = {"name": parameter.name, "optional": optional, "default": parameter.default}
    if get_origin(annotation) is Annotated:
        annotation, extra = get_args(annotation)
        if annotation is dict:
            held = {"shapes": extra.shapes, "families": extra.families, "open": extra.is_open}
            return Rule(kind="params", entries=extra.kind, **held, **common)
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
    if Callable in (annotation, get_origin(annotation)):
        return Rule(kind="function", **common)
    kinds = {
        int: "integer",
        float: "number",
        bool: "bool",
        np.random.Generator: "generator",
        Sequence[int]: "integers",
        Sequence[Sequence[int]]: "rows of integers",
        Sequence[str]: "texts",
        dict[str, int]: "numbering",
        dict: "dict",
        str: "text",
        os.PathLike: "path",
    }
    return Rule(kind=kinds.get(annotation, "any"), **common)


_EXPECTED = {
    "float": "a float32 or float64 array",
    "real": "an array of numbers",
    "int": "an array of integers",
    "mask": "an array of booleans",
    "params": "a dict of arrays",
    "integer": "an integer",
    "integers": "a list or a tuple of integers",
    "rows of integers": "a list or a tuple of lists of integers",
    "texts": "a text, or a list or a tuple of texts",
    "numbering": "a dict of integers by texts",
    "dict": "a dict",
    "text": "a text",
    "path": "a path",
    "number": "a number",
    "bool": "True or False",
    "generator": "a numpy.random.Generator",
    "function": "a function",
}


_PLAIN = {
    "integer": int,
    "number": (int, float),
    "bool": bool,
    "generator": np.random.Generator,
    "params": dict,
    "integers": (list, tuple),
    "rows of integers": (list, tuple),
    "texts": (str, list, tuple),
    "numbering": dict,
    "dict": dict,
    "text": str,
    "path": (str, os.PathLike),
    "function": Callable,
}


_ENTRIES = {
    "integers": lambda value: all(type(entry) is int for entry in value),
    "rows of integers": lambda value: all(
        isinstance(row, (list, tuple)) and all(type(entry) is int for entry in row) for row in value
    ),
    "texts": lambda value: all(type(entry) is str for entry in value),
    "numbering": lambda value: all(type(key) is str and type(entry) is int for key, entry in value.items()),
}


def _check_kind(name, rule, value, shapes, floats, dtypes):
    if rule.kind == "choice":
        if not any(type(value) is type(choice) and value == choice for choice in rule.choices):
            raise ValueError(f"{name}: {rule.name} must be one of {', '.join(map(repr, rule.choices))}, got {value!r}")
        return
    fits = isinstance(value, _PLAIN.get(rule.kind, object))
    if rule.kind in ("integer", "number"):
        fits = fits and type(value) is not bool
    if rule.kind in _ENTRIES:
        fits = fits and _ENTRIES[rule.kind](value)
    if not fits:
        raise TypeError(f"{name}: {rule.name} must be {_EXPECTED[rule.kind]}, got {kind_of(value)}")
    if rule.kind == "params" and (odd := set(value) ^ {key for key, _ in shapes}):
        raise ValueError(
            f"{name}: {rule.name} must have the keys {', '.join(key for key, _ in shapes) or 'of no array'}; "
            f"missing or unknown: {', '.join(sorted(map(str, odd)))}"
        )
    for label, array, _ in rule.arrays(value, shapes):
        kind = rule.entries or rule.kind
        dtype = array.dtype if isinstance(array, np.ndarray) else None
        if not _dtype_fits(dtype, kind, floats):
            raise TypeError(f"{name}: {label} must be {_EXPECTED[kind]}, got {kind_of(array)}")
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
        got = [kind_of(entry) for entry in entries] if isinstance(entries, (tuple, list)) else [kind_of(state)]
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
    """An axis, or several, that must broadcast to those that an earlier array has whole. If none has, each of them is
    broadcast to the others, and the dimension is what comes out."""
    first, mutual = name not in dims, f"#{name}"
    if first:
        dims[name], origin[name], origin[mutual] = size, label, label
    axes, known = (np.atleast_1d(np.array(sizes, int)) for sizes in (size, dims[name]))
    pairs = list(zip(axes[::-1], known[::-1], strict=False))
    if mutual in origin:
        fits = all(a == k or 1 in (a, k) for a, k in pairs)
    else:
        fits = len(axes) <= len(known) and all(a in (1, k) for a, k in pairs)
    if not fits:
        raise ValueError(
            f"{function}: {label} must have shape {want} where #{name} broadcasts to {dims[name]} as in"
            f" {origin.get(name, label)}, got {got}"
        )
    if mutual in origin and not first:
        met = np.broadcast_shapes(tuple(axes), tuple(known))
        dims[name] = met if isinstance(size, tuple) else met[0]


def within(numbers, low, high) -> bool:
    if type(numbers) is np.ndarray:
        if numbers.size == 0:
            return True
        if low == 0 and high is not None and numbers.dtype.kind == "i":  # as unsigned, what is below 0 is very large
            return np.maximum.reduce(numbers.view(f"u{numbers.itemsize}"), None) <= high
        return np.minimum.reduce(numbers, None) >= low and (high is None or np.maximum.reduce(numbers, None) <= high)
    return numbers is None or (numbers >= low and (high is None or numbers <= high))


def _span(numbers):
    low, high = np.min(numbers), np.max(numbers)
    return str(low) if low == high else f"{low} … {high}"


def kind_of(value):
    if isinstance(value, np.ndarray):
        return f"a {value.dtype} array of shape {value.shape}"
    return f"{type(value).__name__} {value!r}" if isinstance(value, (int, float, str)) else type(value).__name__


def dimension_names(reference) -> list[str]:
    """The free dimensions of a function's arrays, in the order in which they first appear."""
    rules = contract(reference).rules.values()
    return list(dict.fromkeys(name for rule in rules for _, shape in rule.shapes for name in dimensions(shape)))
