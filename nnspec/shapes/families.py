"""Numbered parameters in the shape notation: the layers of a network of any depth.

    params: Params["W{l}: H{l-1} H{l}", "b{l}: H{l}", "gamma{l}: H{l} if l < L and norm", "H0 = prod(d)", "C = H{L}"]

stands for W1, b1, … W{L}, b{L}, whatever L is, and gamma1, … below L where the option `norm` is given. L is the largest
number among the keys that are always there; it is the same in all arguments of a call. `name = expression` says what a
dimension is in terms of others: that the first width is the size of a row of x, that the last one counts the classes.

Keys without a number may have a condition, too: "Wx: D 4*H if cell == 'lstm'". It may ask what else was given, by its
argument's name:

    params: Params["w: F C", "shortcut.w: F C if 'shortcut.w' in params", "shortcut.b: F if 'shortcut.w' in params"]
"""

import re
from dataclasses import dataclass

from nnspec.shapes.dimensions import dimensions, evaluate

_BRACES = re.compile(r"\{(.*?)\}")


@dataclass(frozen=True)
class Family:
    """Keys such as W1, W2, …, or a single one, and their shapes."""

    key: str  # "W{l}"
    shape: str  # "H{l-1} H{l}"
    condition: str = ""  # "l < L and norm"

    def __str__(self):
        """`gamma_l (H_l) if l < L and norm`."""
        shape = ", ".join(self.shape.split())
        return f"{self.key} ({shape}){f' if {self.condition}' if self.condition else ''}"

    @property
    def is_numbered(self) -> bool:
        return "{" in self.key

    def numbers(self, keys) -> list[int]:
        """The l of each of these keys that belongs to it."""
        if not self.is_numbered:
            return []
        pattern = re.escape(self.key).replace(re.escape("{l}"), r"([1-9]\d*)")
        return [int(found[1]) for key in keys if (found := re.fullmatch(pattern, str(key)))]


@dataclass(frozen=True)
class Families:
    """What stands in one annotation."""

    members: tuple[Family, ...]
    definitions: tuple[tuple[str, str], ...]  # a dimension, and what it is

    @classmethod
    def read(cls, items) -> "Families | None":
        """None where nothing is numbered and nothing has a condition."""
        if not any("{" in item or " if " in item for item in items):
            return None
        members = [item for item in items if ":" in item]
        definitions = [item for item in items if ":" not in item]
        return cls(
            tuple(Family(*map(str.strip, re.split(r":| if ", item, maxsplit=2))) for item in members),
            tuple(tuple(map(str.strip, item.split("=", 1))) for item in definitions),
        )

    def entries(self, keys, options: dict, dims: dict) -> tuple[tuple[str, str], ...]:
        """The keys that there must be, and the shape of each. Notes L in `dims`, if it is the first to tell."""
        always = [member for member in self.members if member.is_numbered and not member.condition]
        # An absurd number in one key must not make as many keys: one more than there are is missing anyway.
        told = [min(number, len(keys) + 1) for member in always for number in member.numbers(keys)]
        L = dims.setdefault("L", max(told, default=1))
        single = [(1, member) for member in self.members if not member.is_numbered]
        numbered = [(l, member) for l in range(1, L + 1) for member in self.members if member.is_numbered]
        return tuple(
            (_filled(member.key, l, L), _filled(member.shape, l, L))
            for l, member in single + numbered
            if _holds(_filled(member.condition, l, L), {**options, "l": l, "L": L})
        )

    def define(self, dims: dict, origin: dict):
        """Every definition of which all is known by now."""
        for name, expression in self.definitions:
            name, expression = (_filled(text, None, dims["L"]) for text in (name, expression))
            parts = dimensions(expression)
            if name not in dims and all(part in dims for part in parts):
                dims[name] = evaluate(expression, dims)
                origin[name] = next((origin[part] for part in parts if part in origin), name)


def _holds(condition: str, names: dict) -> bool:
    return not condition or bool(eval(condition, {"__builtins__": {}}, names))


def _filled(text: str, l: int | None, L: int) -> str:
    """`H{l-1}` as H0."""
    return _BRACES.sub(lambda found: str(eval(found[1], {"__builtins__": {}}, {"l": l, "L": L})), text)
