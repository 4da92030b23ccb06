"""Functions and their shapes in words, from the annotations of the reference; and the stub made of them."""

import inspect
import re
import textwrap

from nnspec import reference
from nnspec.concepts.catalogue import Concept
from nnspec.shapes import Rule, contract

WIDTH = 118  # of a line; docstrings of the reference are as wide
WHOLE = {"break_long_words": False, "break_on_hyphens": False}
LISTS = {
    "integers": "a list of integers",
    "rows of integers": "lists of integers",
    "texts": "a text or a list of texts",
    "numbering": "a dict of integers by texts",
}
KINDS = {"float": "floats", "real": "numbers", "int": "integers", "mask": "booleans"}


def public(concept: Concept) -> dict:
    """The functions of a concept by name, as they are written and without the check in front of them."""
    return {name: inspect.unwrap(getattr(reference, name)) for name in concept.functions}


def returned(function, specs) -> str:
    """What a function returns, as far as a specification says it; nothing where none does."""
    said = {name: text for spec in reversed(specs) for name, text in spec().returned.items()}
    name = function.__name__
    if name in said or not name.endswith("_backward"):
        return said.get(name, "")
    forward = contract(function)
    arrays = [rule.name for rule in forward.rules.values() if rule.is_array][1:]  # behind the upstream gradient
    return f"({', '.join(f'd{array}' for array in arrays)})"


def signature(function) -> str:
    """Name, arguments and defaults, without annotations: Python that one can write `def` in front of."""
    given = inspect.signature(function)
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in given.parameters.values()]
    return f"{function.__name__}{given.replace(parameters=bare, return_annotation=inspect.Signature.empty)}"


def arguments(function) -> list[str]:
    """What each argument has to be, those of a kind together: `x (N, D), w (D, M): floats`."""
    told: dict[str, dict[str, list[str]]] = {}  # by kind and shape
    for rule in contract(function).rules.values():
        if kind := _kind(rule):
            told.setdefault(kind, {}).setdefault(_shape_of(rule), []).append(rule.name)
    return [f"{', '.join(_together(*item) for item in names.items())}: {kind}" for kind, names in told.items()]


def _together(shape: str, names: list[str]) -> str:
    several = shape.replace("of any shape", "of any one shape") if len(names) > 1 else shape
    return f"{', '.join(names)} {several}".rstrip()


def _shape_of(rule: Rule) -> str:
    if not rule.is_array or rule.kind == "params":
        return ""
    ((_, notation),) = rule.shapes
    return f"that broadcasts to {shape(notation)}" if "#" in notation else shape(notation)


def _kind(rule: Rule) -> str:
    """What an argument is, where its name and default do not say it."""
    none = ["None"] if rule.optional else []
    if rule.kind == "params":
        arrays = [f"{key} {shape(text)}" for key, text in rule.shapes] or map(str, rule.families.members)
        what = "any, such as " if rule.open else ""
        return f"a dict of {'booleans' if rule.entries == 'mask' else 'floats'}: {what}{', '.join(arrays)}"
    if rule.state:
        return "None in the first step, then what the last step returned"
    if rule.kind == "choice":
        return _either([*map(repr, rule.choices), *none])
    if rule.kind in LISTS:
        return LISTS[rule.kind]
    if rule.kind == "function":
        return _either(["a function", *none])
    if rule.kind == "integer" and rule.range:
        above = f"to {rule.range.high}" if rule.range.high is not None else "upwards"
        return _either([f"an integer from {rule.range.low} {above}", *none])
    if not rule.is_array:
        return ""
    if rule.range is None:
        return _either([KINDS[rule.kind], *none])
    high = rule.range.high.replace(" + 1 - 1", "")
    return _either([f"integers from {rule.range.low} to {high}", *filter(None, [rule.range.allowed_too]), *none])


def _either(texts: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))


def shape(notation: str) -> str:
    """A shape as people write it: (N, D), (4H,), of any shape; `d…` stands for any number of axes."""
    axes = notation.replace("#", "").split()
    if not axes:
        return "()"
    if notation.startswith("*") and len(axes) == 1:
        return "of any shape"
    told = [f"{axis[1:]}…" if axis.startswith("*") else re.sub(r"^(\d+)\*(\w+)$", r"\1\2", axis) for axis in axes]
    return f"({', '.join(told)}{',' if len(told) == 1 else ''})"


def first_sentence(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())


def packed(pieces, between: str, indent: str, width: int = WIDTH) -> list[str]:
    """The pieces in as few lines as hold them; a piece is broken only if no line holds it."""
    lines: list[str] = []
    for piece in pieces:
        if lines and len(lines[-1]) + len(between) + len(piece) <= width:
            lines[-1] += between + piece
        else:
            lines[-1:] = [lines[-1] + between.rstrip()] if lines else []
            lines += textwrap.wrap(piece, width, initial_indent=indent, subsequent_indent=indent + "  ", **WHOLE)
    return lines


def stub(concept: Concept, specs) -> str:
    """A file to save as mine.py: every function of a concept, to be written."""
    what = f"`nnspec explain {concept.name}` says what it is, `nnspec check mine.py` whether this is."
    functions = [_stub_of(function, specs) for function in public(concept).values()]
    return "\n\n\n".join([f'"""{concept.title}.\n\n{what}\n"""\n\nimport numpy as np', *functions]) + "\n"


def _stub_of(function, specs) -> str:
    said, back = first_sentence(function.__doc__), returned(function, specs)
    if back and not said.startswith("("):  # where it does, it says what is returned
        said = f"{said.rstrip('.')}. Returns {back}." if said else f"Returns {back}."
    more = [
        line for text in arguments(function) for line in textwrap.wrap(text, 112, subsequent_indent="    ", **WHOLE)
    ]
    first = textwrap.wrap(said, 112, **WHOLE)
    text = "\n".join([*first, *([""] if first and more else []), *more])
    closed = f'"""{text}\n"""' if len(first) + len(more) > 1 else f'"""{text}"""'
    body = f"{closed}\nraise NotImplementedError" if text else "raise NotImplementedError"
    inside = textwrap.indent(body, "    ", lambda line: bool(line.strip()))
    return f"{_head(function)}\n{inside}"


def _head(function) -> str:
    """The line with `def`; a long one as Python's formatters break it, its arguments on lines of their own."""
    head = f"def {signature(function)}:"
    if len(head) <= 120:
        return head
    name, _, rest = head.partition("(")
    lines = textwrap.wrap(rest.removesuffix("):"), 116, initial_indent="    ", subsequent_indent="    ", **WHOLE)
    return "\n".join([f"{name}(", *lines, "):"])
