"""What a backend is called, taken apart once: everybody else is given the parts."""

import contextlib
import importlib.metadata
import importlib.util
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from nnspec.backends import adapters
from nnspec.backends.adapters import _course_folder
from nnspec.backends.errors import CannotLoad

GROUP = "nnspec.backends"


def installed() -> dict[str, str]:
    """The backends that are installed under a name, and what stands behind each: `module` or `module:Class`."""
    return {entry.name: entry.value for entry in importlib.metadata.entry_points(group=GROUP)}


@dataclass(frozen=True)
class Name:
    """`torch:mine.py:Net`: the class Net in the file mine.py, which the adapter `torch` adapts."""

    given: str
    kind: str | None  # of the adapter; None: it has the form that we want
    place: str  # an installed name, a dotted module, or a path
    inner: str  # the class in it; empty: the module itself

    @classmethod
    def read(cls, given: str) -> "Name":
        """A folder of the course's assignments needs no `cs231n:` in front."""
        kind, colon, rest = given.partition(":")
        kind, rest = (kind, rest) if colon and kind in adapters.KINDS else (None, given)
        if kind is None and rest not in installed() and _course_folder.is_assignment(rest):
            kind = "cs231n"
        place, _, inner = rest.rpartition(":")
        if kind == "cs231n" or not place or not all(map(str.isidentifier, inner.split("."))):
            place, inner = rest, ""
        return cls(given, kind, place, inner)

    def __str__(self):
        return self.given

    def located(self) -> tuple[str | None, Path | None, str]:
        """(module, None, class) or (None, path, class). Raises CannotLoad where there is nothing."""
        if value := installed().get(self.place):
            module, _, inner = value.partition(":")
            return module, None, self.inner or inner
        path = Path(self.place).expanduser()
        if self.kind == "cs231n":
            try:
                return None, _course_folder.locate(path), ""
            except CannotLoad as error:
                raise CannotLoad(f"cannot load the backend {self}: {error}") from None
        if path.suffix == ".py" or "/" in self.place or "\\" in self.place or path.is_dir():
            if path.is_file() or (path / "__init__.py").is_file():
                return None, path.resolve(), self.inner
            raise CannotLoad(_no_package(path) if path.is_dir() else _no_file(self.place))
        with contextlib.suppress(ImportError, ValueError, AttributeError):
            if importlib.util.find_spec(self.place):
                return self.place, None, self.inner
        raise CannotLoad(self._unknown())

    def from_anywhere(self) -> str:
        """The same backend for a process that may stand in another folder."""
        path = Path(self.place).expanduser()
        place = str(path.resolve()) if self.place not in installed() and path.exists() else self.place
        return ":".join(part for part in (self.kind, place, self.inner) if part)

    def _unknown(self) -> str:
        known = installed()
        named = [f"{kind}:{self.inner}" for kind in get_close_matches(self.place, adapters.KINDS, n=1) if self.inner]
        file = [f"./{self.place}.py"] if Path(f"{self.place}.py").is_file() else []
        close = named or file or get_close_matches(self.place, known, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        told = f"{self.place}:{self.inner}" if self.inner else self.place
        return (
            f"cannot load the backend {told!r}: it is no installed backend ({', '.join(known)}), module or path.{hint}"
        )


def _no_file(target: str) -> str:
    path = Path(target).expanduser()
    there = [entry.name for entry in path.parent.glob("*.py")] if path.parent.is_dir() else []
    close = get_close_matches(path.name, there, n=1)
    hint = f"; did you mean {path.with_name(close[0])}?" if close else ""
    return f"cannot load the backend: there is no file {target}{hint}"


def _no_package(path: Path) -> str:
    """A folder that Python cannot import. The course's assignments have an adapter, and files have names."""
    if files := sorted(path.glob("*.py")):
        hint = f"name a file in it: nnspec check {files[0]}"
    else:
        hint = "name a .py file, or a folder that is a package"
    return f"cannot load the backend: {path} has no __init__.py; {hint}"
