"""Cases: what a property is tried on. Inputs are drawn from the shapes that stand in the reference's annotations."""

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nnspec.shapes import Contract, Rule, contract, dimension_names, dimensions, evaluate


@dataclass(frozen=True, init=False)
class Case:
    """Sizes, options and special inputs. What is left out is drawn: floats normal, labels and integers uniform.

    A keyword with a capital is a size, with a small letter an option: `Case("summed", N=4, reduction="sum")`.

    dims      sizes of some dimensions, by name; a tuple for one that stands for several axes
    options   the keyword arguments that are passed; a callable (dims, dtype) makes an array
    inputs    an array, or a callable (rng, shape) that draws one, for an argument (or a key of a dict) by name;
              an array of the name dout is the upstream gradient, random where none is given
    without   optional arguments that are left out
    value_only  the inputs have no gradient, integer images for instance
    drawn_as    the name under which the numbers are drawn, where another case has the same ones
    rule        which rule of its property the case applies, where a property has several
    dtypes      the only ones in which it is tried
    """

    name: str
    dims: Mapping[str, Any]
    options: Mapping[str, Any]
    inputs: Mapping[str, np.ndarray | list | Callable]
    without: tuple[str, ...] = ()
    value_only: bool = False
    drawn_as: str = ""
    rule: str = ""
    dtypes: tuple[str, ...] = ()

    def __init__(self, name, dims=(), options=(), inputs=(), without=(), value_only=False, **more):
        how = {key: more.pop(key) for key in ("drawn_as", "rule", "dtypes") if key in more}
        sizes = {key: more.pop(key) for key in list(more) if key[0].isupper()}
        vars(self).update(how, name=name, without=without, value_only=value_only)  # it is frozen
        vars(self).update(dims=dict(dims, **sizes), options=dict(options, **more), inputs=dict(inputs))

    @property
    def is_plain(self) -> bool:
        """Whether nothing about it is special: no size, option or input of its own."""
        return not (self.dims or self.options or self.inputs or self.without)

    def drawn(self) -> "Case":
        """What decides its numbers, and with them the right answer."""
        return replace(self, name=self.drawn_as or self.name, drawn_as="", rule="", dtypes=())


def default_sizes(reference, first=2, step=1, several=(2, 3)) -> dict[str, Any]:
    """A different size for each dimension, so that no two can be confused. A batch N comes first.

    A dimension that stands for any number of axes stands for the plain number: the axes of an array of rows (`several`)
    where it is all there is, one where it stands beside others.
    """
    alone = {name: axes == 0 for name, axes in plain_axes(reference).items()}
    names = sorted(dimension_names(reference), key=lambda name: name != "N")
    sizes = {name: first + step * i for i, name in enumerate(names)}
    plain = {True: several, False: several[:1]}
    return {
        name: (plain[alone[name]] if i == 0 else (sizes[name],)) if name in alone else sizes[name]
        for i, name in enumerate(names)
    }


def plain_axes(reference) -> dict[str, int]:
    """For each dimension that stands for any number of axes, how many others stand beside it."""
    shapes = [shape.split() for rule in contract(reference).rules.values() for _, shape in rule.shapes]
    starred = {name.lstrip("*#") for shape in shapes for name in shape if name[0] == "*"}
    beside = {name: [len(shape) - 1 for shape in shapes if {f"*{name}", f"*#{name}"} & {*shape}] for name in starred}
    return {name: max(counts, default=0) for name, counts in beside.items()}


def batch_of(reference, size: int, rest: int) -> dict[str, Any]:
    """The batch, or whatever is the first dimension, of that size, and every other one `rest`."""
    sizes = default_sizes(reference, rest, 0, (size, rest))
    first = next(iter(sizes))
    return sizes | ({} if isinstance(sizes[first], tuple) else {first: size})


def draw_inputs(reference, op: str, case: Case, dims: dict, dtype) -> dict[str, Any]:
    """The positional arguments of a case, in order, by name. The same case draws the same numbers in every run."""
    rng = np.random.default_rng(zlib.crc32(f"{op}/{case.drawn_as or case.name}".encode()))
    rules: Contract = contract(reference)
    inputs = {}
    for name, rule in rules.rules.items():
        positional = rules.signature.parameters[name].kind is not rules.signature.parameters[name].KEYWORD_ONLY
        if not positional or name in case.without or (rule.kind in ("any", "dict") and name not in case.inputs):
            continue
        if rule.kind == "params":
            inputs[name] = {
                key: _draw(rule, case.inputs.get(key), shape, rng, dims, dtype) for key, shape in rule.shapes
            }
        else:
            shape = rule.shapes[0][1] if rule.shapes else ""
            inputs[name] = _draw(rule, case.inputs.get(name), shape, rng, dims, dtype)
    return inputs


def shape_of(notation: str, dims: Mapping) -> tuple[int, ...]:
    shape = []
    for name in notation.split():
        if name.startswith("*"):
            shape.extend(dims[name[1:].removeprefix("#")])
        else:
            shape.append(evaluate(name.removeprefix("#"), dims))
    return tuple(shape)


def _draw(rule: Rule, given, notation: str, rng, dims, dtype):
    shape = shape_of(notation, dims)
    if callable(given):
        given = given(rng, shape)
    if given is not None:
        return _given(rule, given, dtype)
    if rule.kind == "integer" and rule.name in dims:
        return int(dims[rule.name])
    if rule.kind == "integer":
        low, high = rule.range.limits(dims)
        return int(rng.integers(low, (high or low + 2) + 1))
    if rule.kind == "int":
        low, high = rule.range.limits(dims) if rule.range else (0, 3)
        return rng.integers(low, max(high, low) + 1, shape)
    if rule.kind == "mask":
        return rng.random(shape) < 0.5
    if rule.kind == "number":
        return float(dtype.type(rng.uniform(0.5, 2)))
    return rng.standard_normal(shape).astype(dtype)


def _given(rule, given, dtype):
    if rule.kind in ("integer", "number"):
        return {"integer": int, "number": float}[rule.kind](given)
    given = np.asarray(given)
    if rule.kind in ("int", "mask") or (rule.kind == "real" and given.dtype.kind in "iu"):
        return given
    return given.astype(dtype)


@dataclass(frozen=True, init=False)
class Malformed:
    """A call that must be refused: one argument, spoilt. The message must name it, or one that it disagrees with.

    The call beside it is a Case, or has a Case's sizes and options as keywords: `Malformed("no rows", "y", N=0)`.
    """

    name: str
    argument: str
    spoil: Callable[[Any], Any]
    disagrees_with: tuple[str, ...]
    case: Case

    def __init__(self, name, argument, spoil=lambda argument: argument, disagrees_with=(), case=None, **beside):
        vars(self).update(name=name, argument=argument, spoil=spoil, disagrees_with=disagrees_with)
        vars(self).update(case=case or Case("", **beside))


def malformed_inputs(reference) -> list[Malformed]:
    """Every way to break one array argument of a function that its annotations tell."""
    rules = contract(reference)
    drawn = [p.name for p in rules.signature.parameters.values() if p.kind is not p.KEYWORD_ONLY]
    shaped = [rule for rule in rules.rules.values() if rule.shapes and rule.name in drawn]
    arrays = [rule for rule in shaped if rule.default is rules.signature.empty]
    floats = [rule.name for rule in arrays if rule.kind == "float"]
    found = []
    for rule in arrays:
        if rule.kind == "params":
            continue
        if not re.search(r"[*#]", rule.shapes[0][1]):
            found.append(Malformed(f"{rule.name} with an axis too many", rule.name, lambda a: a[..., None]))
        if others := tuple(other.name for other in shaped if other is not rule and _share_a_dimension(rule, other)):
            found.append(Malformed(f"{rule.name} too long", rule.name, _longer, others))
        if rule.kind == "float":
            found.append(Malformed(f"{rule.name} of integers", rule.name, lambda a: a.astype(np.int64)))
        if [rule.name] == floats[1:][-1:]:
            found.append(Malformed(f"{rule.name} of another dtype", rule.name, lambda a: a.astype(np.float32)))
        if rule.kind in ("int", "mask"):
            found.append(Malformed(f"{rule.name} of floats", rule.name, lambda a: a.astype(np.float64)))
        if rule.kind == "int" and rule.range is not None:
            found.append(Malformed(f"{rule.name} above its range", rule.name, lambda a: a + 1000))
            found.append(Malformed(f"{rule.name} below its range", rule.name, lambda a: a - 1000))
        found.append(Malformed(f"{rule.name} a list", rule.name, lambda a: a.tolist()))
    return found


def _share_a_dimension(rule: Rule, other: Rule) -> bool:
    names = [{name for _, shape in r.shapes for name in dimensions(shape)} for r in (rule, other)]
    return bool(names[0] & names[1])


def _longer(array):
    """Every axis one longer; contents stay in range."""
    return np.pad(array, 1, mode="edge")[tuple(slice(1, None) for _ in array.shape)]
