"""What stands in an annotation, and what it means: the words that jaxtyping does not have."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from jaxtyping import Int

from nnspec.shapes.dimensions import evaluate
from nnspec.shapes.families import Families

Array = np.ndarray


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
        cache.outputs = tuple([(out.shape, out.dtype) for out in outputs if type(out) is not dict])  # of states
        return cache
