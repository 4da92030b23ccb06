"""What is known of a concept beside its definition, as data: classic mistakes, and right forms that are not ours."""

import ast
import functools
import importlib
import importlib.util
import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

from nnspec import reference
from nnspec.backends import Backend
from nnspec.concepts.collect import public_functions


@dataclass(frozen=True)
class Known:
    """A function that stands in for one of the reference's."""

    id: str
    replaces: str
    function: Callable = field(hash=False)

    def functions(self) -> dict[str, Callable]:
        return public_functions(reference) | {self.replaces: self.function}

    def backend(self) -> Backend:
        """The reference, with that one function replaced."""
        return Backend(self.id, self.functions())


@dataclass(frozen=True)
class Mistake(Known):
    """A classic mistake, with a hint that a student can act on."""

    hint: str = ""
    convention: bool = False  # honest implementations could differ on it: it may fall as late as at level strict


@dataclass(frozen=True)
class Variant(Known):
    """A right form that a paper, a course or a library really uses, and that differs in value from ours."""

    source: str = ""
    says: str = ""  # one sentence

    def __str__(self):
        return f"{self.id}: {self.source}"


def mistake(number: str, *, replaces: str, convention: bool = False):
    """Makes a Mistake of a function in the body of a spec. Its stable id is `<number> <name-of-the-function>`; its hint
    is the function's docstring, which says what to do instead."""

    def make(function):
        made = f"{number} {function.__name__.replace('_', '-')}"
        return Mistake(made, replaces, function, docstring(function), convention)

    return make


def variant(id: str, *, source: str, replaces: str):
    """Makes a Variant of a function in the body of a spec, whose docstring says how it differs from ours."""
    return lambda function: Variant(id, replaces, function, source, docstring(function))


def docstring(function: Callable) -> str:
    """On one line. `python -OO` drops docstrings; then it is read from the source, because a hint is no comment."""
    text = function.__doc__
    if text is None and sys.flags.optimize > 1:
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
        text = ast.get_docstring(definition)
    return " ".join((text or "").split())


def known_of(spec: type) -> list[Known]:
    """What stands in the body of `TestX`, and in `MistakesOfX` in the file `mistakes_<concept>.py` beside its own."""
    beside = getattr(_mistakes_beside(spec.__module__), spec.__name__.replace("Test", "MistakesOf", 1), None)
    bodies = [vars(spec), vars(beside) if beside else {}]
    return [entry for body in bodies for entry in body.values() if isinstance(entry, Known)]


@functools.cache
def _mistakes_beside(module: str):
    """The module `mistakes_<concept>` beside a module `test_<concept>`, if there is one."""
    folder, dot, file = module.rpartition(".")
    name = f"{folder}{dot}mistakes_{file.removeprefix('test_')}"
    there = file.startswith("test_") and importlib.util.find_spec(name)
    return importlib.import_module(name) if there else None
