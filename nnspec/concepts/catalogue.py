"""What exists, read from the folders: one concept is one file stem, and the path is the only index."""

import ast
import contextlib
import hashlib
import importlib
import inspect
import json
import os
import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from nnspec.common import Unusable, cache_root
from nnspec.concepts.collect import concept_files, forward_of

ROOT = Path(__file__).parents[2]  # of the checkout, or where the package is installed


def _folder(package: str) -> Path:
    """Where a package lies, without importing it. A folder that does not exist yet holds no concept."""
    inside = package.split(".")[1:]
    installed, checkout = ROOT.joinpath("nnspec", *inside), ROOT.joinpath(*inside)
    return installed if installed.is_dir() else checkout


TWINS = {
    folder.name: (f"nnspec.accelerated.{folder.name}", "")
    for folder in sorted(_folder("nnspec.accelerated").iterdir())
    if (folder / "__init__.py").exists()
}
FOLDERS = {  # column: (package, prefix of the file names)
    "reference": ("nnspec.reference", ""),
    **TWINS,
    "spec": ("nnspec.spec_tests", "test_"),
    "bench": ("nnspec.benchmarks", "bench_"),
}


@dataclass(frozen=True)
class Row:
    """One line of what the course consists of."""

    number: str  # 05.06: of note 05
    needed: str  # must or nice
    title: str

    @property
    def note(self) -> int:
        return int(self.number[:2])


@dataclass(frozen=True)
class Concept:
    name: str
    note: str  # its folder, nNN_title
    title: str
    rows: tuple[str, ...]
    functions: tuple[str, ...]
    composite: bool  # a twin inherits all of it
    files: dict[str, Path]  # by column

    def mark(self, column: str) -> str:
        """Whether a folder has it. A target that exists inherits a composite that it does not write itself."""
        if column in self.files:
            return "yes"
        target_exists = any(column in other.files for other in concepts().values())
        return "inherited" if self.composite and target_exists and column in TWINS else "–"

    @property
    def number(self) -> int:
        return int(self.note[1:3])


@cache
def concepts() -> dict[str, Concept]:
    """Every concept by name, in the order of the notes. Nothing of it is imported."""
    found: dict[tuple[str, str], dict[str, Path]] = {}
    for column, (package, prefix) in FOLDERS.items():
        for path in concept_files(_folder(package), prefix):
            found.setdefault((path.parent.name, path.stem.removeprefix(prefix)), {})[column] = path
    told = _Told()
    made = {name: _read(note, name, files, told) for (note, name), files in sorted(found.items())}
    told.keep()
    return dict(sorted(made.items(), key=lambda item: (item[1].number, item[1].rows, item[0])))


@cache
def inventory() -> list[Row]:
    """All rows of the course, in order."""
    lines = Path(__file__).with_name("inventory.txt").read_text(encoding="utf-8").splitlines()
    return [Row(*line.split(" ", 2)) for line in lines if line and not line.startswith("#")]


def missing(notes=()) -> list[Row]:
    """The rows that no specification covers yet."""
    covered = {row for concept in concepts().values() for row in concept.rows}
    return [row for row in inventory() if row.number not in covered and (not notes or row.note in notes)]


def concept_of(function: str) -> str | None:
    """The concept that a function of the reference belongs to."""
    return next((c.name for c in concepts().values() if function in c.functions), None)


def specs_of(concept: Concept) -> list[type]:
    """The classes of a concept's specification. This imports it."""
    if "spec" not in concept.files:
        return []
    module = importlib.import_module(f"nnspec.spec_tests.{concept.note}.test_{concept.name}")
    classes = [entry for entry in vars(module).values() if inspect.isclass(entry)]
    return [entry for entry in classes if entry.__name__.startswith("Test") and hasattr(entry, "plan")]


def select(names=(), notes=()) -> list[Concept]:
    """The concepts of these names and in these notes; empty means all. Raises Unusable for an unknown name."""
    for name in names:
        if name not in concepts():
            close = get_close_matches(name, concepts(), n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise Unusable(f"there is no concept {name}{hint} (`nnspec list` shows them all)")
    return [c for c in concepts().values() if (not names or c.name in names) and (not notes or c.number in notes)]


def _read(note: str, name: str, files: dict[str, Path], told) -> Concept:
    title, functions, composite = told(_of_reference, files["reference"]) if "reference" in files else (name, (), False)
    rows = told(_of_spec, files["spec"]) if "spec" in files else ()
    return Concept(name, note, title or name, tuple(rows), tuple(functions), composite, files)


def _of_reference(tree: ast.Module) -> tuple[str, list[str], bool]:
    """The title, the public functions, and whether a twin inherits them all."""
    title = (ast.get_docstring(tree) or "").split(". ")[0].rstrip(".")
    defined = [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    alone = {function.name for function in defined if _needs_no_twin(function)}
    composite = all(function.name in alone or forward_of(function.name) in alone for function in defined)
    return title, [function.name for function in defined], composite


def _of_spec(tree: ast.Module) -> list[str]:
    return sorted({row for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for row in _rows(node)})


class _Told:
    """What files say of themselves, kept on disk by their contents: to parse 150 concepts takes a second or two, and
    every process of a check needs it. A cache that cannot be read or written is only slower."""

    def __init__(self):
        self.path = cache_root() / "catalogue.json"
        self.kept, self.used = {}, {}
        with contextlib.suppress(OSError, ValueError):
            self.kept = dict(json.loads(self.path.read_text(encoding="utf-8")))
        self.reader = Path(__file__).read_bytes()

    def __call__(self, read, path: Path):
        text = path.read_bytes()
        key = hashlib.sha256(self.reader + read.__name__.encode() + text).hexdigest()[:32]
        self.used[key] = self.kept[key] if key in self.kept else read(_parsed(path, text))
        return self.used[key]

    def keep(self):
        if self.used.keys() <= self.kept.keys():
            return
        beside = self.path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps(self.used), encoding="utf-8")
            beside.replace(self.path)


def _parsed(path: Path, text: bytes) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise Unusable(f"{path.relative_to(ROOT).as_posix()}:{error.lineno}: {error.msg}") from None


def _needs_no_twin(function: ast.FunctionDef) -> bool:
    """Whether it is a composite (takes its parts as `ops`) or a procedure (no array goes in, or a function does)."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    told = [ast.unparse(argument.annotation) if argument.annotation else "Array" for argument in arguments]
    takes_parts = any(argument.arg == "ops" for argument in arguments)
    return takes_parts or "Callable" in told or not re.search("Array|Labels|Params", " ".join(told))


def _rows(spec: ast.ClassDef) -> tuple[str, ...]:
    """What the class assigns to `rows`."""
    assigned = [node for node in spec.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "rows"]
    return ast.literal_eval(assigned[0].value) if assigned else ()
