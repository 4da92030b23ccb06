"""What is known of a concept beside its definition, as data: classic mistakes, and right forms that are not ours."""

from collections.abc import Callable
from dataclasses import dataclass, field

from nnspec import reference
from nnspec.backends import Backend
from nnspec.collect import public_functions


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


def mistake(number: str, hint: str, *, replaces: str, convention: bool = False):
    """Makes a Mistake of a function in the body of a spec; its stable id is `<number> <name-of-the-function>`."""

    def make(function):
        made = f"{number} {function.__name__.replace('_', '-')}"
        return Mistake(made, replaces, function, hint, convention)

    return make


def variant(id: str, says: str, *, source: str, replaces: str):
    """Makes a Variant of a function in the body of a spec."""
    return lambda function: Variant(id, replaces, function, source, says)
