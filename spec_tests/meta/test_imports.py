"""Which file imports which: what two files need of each other belongs into a third one."""

import ast
import graphlib
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import nnspec

ROOT = Path(nnspec.__file__).parent.parent
FOLDERS = ("reference", "accelerated", "spec_tests", "benchmarks", "nnspec")


def modules(root: Path) -> dict[str, Path]:
    """The project's modules by their dotted names: every folder but `nnspec/` installs below that."""
    found = {}
    for folder in FOLDERS:
        for path in (root / folder).rglob("*.py"):
            inside = [part for part in path.relative_to(root / folder).with_suffix("").parts if part != "__init__"]
            found[".".join(["nnspec", *[folder] * (folder != "nnspec"), *inside])] = path
    return found


def imported(name: str, path: Path, known) -> Iterator[str]:
    """The known modules that a file imports, at the top or where it is used. In `from a import b` it is a.b or a."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            above = name.split(".")[: -node.level + (path.name == "__init__.py") or None] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found = (f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base for alias in node.names)
            yield from (module for module in found if module in known)


def graph(root: Path) -> dict[str, set[str]]:
    """By module, the modules of the project that it needs. A package is what its `__init__` says."""
    known = modules(root)
    return {name: set(imported(name, path, known)) - {name} for name, path in known.items()}


def test_no_two_files_import_each_other():
    """However far around, and also where one of them does so only when it is called."""
    graphlib.TopologicalSorter(graph(ROOT)).prepare()


@pytest.mark.parametrize(
    "back",
    ["from nnspec.b import value", "import nnspec.b", "def late():\n    from nnspec import b", "from . import b"],
)
def test_a_circle_is_seen(tmp_path, back):
    folder = tmp_path / "nnspec"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "a.py").write_text(textwrap.dedent(back))
    (folder / "b.py").write_text("from nnspec.c import value")
    (folder / "c.py").write_text("from nnspec.a import value")
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(graph(tmp_path)).prepare()
