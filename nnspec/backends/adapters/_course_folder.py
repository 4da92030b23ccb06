"""A folder of the course's assignments: where it is, and its modules, as the package `cs231n` that they expect to be.

Nothing is written into the folder, also no compiled files. A file that cannot be imported takes no other one along.
What a file imports and the folder or this Python lacks (plots, images, compiled parts) is missed where it is used.
"""

import ast
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import re
import sys
import traceback
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import FunctionType, ModuleType

from nnspec.backends.adapters import _im2col, _older_python
from nnspec.backends.errors import CannotLoad

PACKAGE = "cs231n"
COMPILED = {f"{PACKAGE}.im2col_cython": _im2col}  # by the student's machine, if at all
CLASSIFIERS = ("k_nearest_neighbor", "linear_svm", "softmax", "linear_classifier", "neural_net", "fc_net", "cnn")
FILES = ("layers", "optim", "rnn_layers", *(f"classifiers.{name}" for name in CLASSIFIERS), *CLASSIFIERS)
SKIPPED = ("node_modules", "site-packages", "__pycache__")
DEPTH = 3  # of folders below the one that is given, in which assignments are looked for


def locate(folder: str | Path) -> Path:
    """The folder that holds the assignment's files: this one, its `cs231n`, or the only one below. Raises CannotLoad,
    where there are several with a line for each that says what to type."""
    path = Path(folder).expanduser()
    if path.name == "classifiers" and holds_files(path.resolve().parent):
        return path.resolve().parent
    for found in (path, path / PACKAGE):
        if holds_files(found):
            return found.resolve()
    below = list(_below(path, DEPTH)) if path.is_dir() else []
    if len(below) == 1:
        return locate(below[0])
    if below:
        told = "".join(f"\n  nnspec check cs231n:{_short(found)}" for found in below)
        raise CannotLoad(f"there are {len(below)} folders with assignments in {folder}. Type one of{told}")
    raise CannotLoad(f"there is no layers.py and no folder classifiers in {folder} or in {path / PACKAGE}")


def is_assignment(folder: str | Path) -> bool:
    """Whether a folder that is given as it is, without `cs231n:`, is one or holds some."""
    path = Path(folder).expanduser()
    if not path.is_dir() or ((path / "__init__.py").is_file() and path.resolve().name != PACKAGE):
        return False
    return any(map(holds_files, (path, path / PACKAGE))) or any(_below(path, DEPTH))


def holds_files(folder: Path) -> bool:
    return any(_file(folder, name).is_file() for name in FILES)


def _below(folder: Path, depth: int) -> Iterator[Path]:
    """The outermost folders with files of assignments. The course's own package is left out of its path."""
    with contextlib.suppress(PermissionError):
        for inner in sorted(entry for entry in folder.iterdir() if entry.is_dir()):
            if inner.name.startswith(".") or inner.name in SKIPPED or (inner / "pyvenv.cfg").exists():
                continue
            if holds_files(inner) or holds_files(inner / PACKAGE):
                yield inner
            elif depth > 1:
                yield from _below(inner, depth - 1)


def _short(path: Path) -> Path:
    return path.parent if path.name == PACKAGE and str(path.parent) != "." else path


def _file(folder: Path, name: str) -> Path:
    return folder / (name.replace(".", "/") + ".py")


class Source:
    """A file, parsed."""

    def __init__(self, path: Path):
        self.path = path
        self.text = path.read_bytes().decode("utf-8", errors="replace").lstrip("\ufeff").replace("\r\n", "\n")
        try:
            self.tree, self.only_python2 = _older_python.parsed(self.text, str(path))
            self.error = None
        except (SyntaxError, ValueError) as error:
            self.tree, self.only_python2, self.error = ast.Module([], []), False, error

    @cached_property
    def imports(self) -> set[str]:
        """The last part of each module that it imports: names of files, if they are the folder's."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name.rpartition(".")[2] for alias in node.names}
            if isinstance(node, ast.ImportFrom):
                found |= {(node.module or "").rpartition(".")[2], *(alias.name for alias in node.names)}
        return found

    @cached_property
    def optional(self) -> set[str]:
        """The names whose import it expects to fail."""
        tries = [node for node in ast.walk(self.tree) if isinstance(node, ast.Try) and node.handlers]
        imports = [inner for node in tries for inner in node.body if isinstance(inner, (ast.Import, ast.ImportFrom))]
        return {alias.asname or alias.name for node in imports for alias in node.names}

    def defines(self, name: str) -> bool:
        return bool(re.search(rf"^(def|class)\s+{name}\b", self.text, re.MULTILINE))


class Folder:
    """The modules of a folder that could be imported, in the order of FILES, and why others could not."""

    def __init__(self, path: Path):
        self.path = path
        names = {
            file: _module_name(path, file) for file in sorted([*path.glob("*.py"), *path.glob("classifiers/*.py")])
        }
        self.sources = {names[file]: Source(file) for file in names}
        self._spread_python2()
        self.missing: dict[str, ModuleType] = {}
        self.broken: dict[str, Exception] = {}
        with _finding(self):
            wanted = [name for name in FILES if name in self.sources]
            loaded = {name: self._imported(name) for name in wanted}
        self.modules = {name: module for name, module in loaded.items() if module}
        if not self.modules:
            raise next(iter(self.broken.values()))

    def get(self, name: str):
        """What a file of the folder has under this name, or None."""
        return next((found for _, found in self.every(name)), None)

    def every(self, name: str) -> Iterator[tuple[str, object]]:
        """(module, what it defines itself under this name)."""
        for module in self.modules.values():
            found = getattr(module, name, None)
            if isinstance(found, (FunctionType, type)) and found.__module__ == module.__name__:
                yield module.__name__.rpartition(".")[2], found

    def why_not(self, name: str) -> Exception | None:
        """The error of the file that would define it."""
        return next((error for file, error in self.broken.items() if self.sources[file].defines(name)), None)

    @cached_property
    def optional(self) -> set[str]:
        """Names that the folder can be without: compiled parts that nobody has built, for instance."""
        return {name for source in self.sources.values() for name in source.optional}

    @contextlib.contextmanager
    def replaced(self, **functions):
        """Inside, these stand for theirs of the same name, in all of the folder's modules."""
        modules = [m for name, m in list(sys.modules.items()) if m is not None and name.partition(".")[0] == PACKAGE]
        modules = [m for m in {*modules, *self.modules.values()} if _lies_in(m, self.path)]
        kept = [(vars(m), name, vars(m)[name]) for m in modules for name in functions if name in vars(m)]
        try:
            for namespace, name, _ in kept:
                namespace[name] = functions[name]
            yield
        finally:
            for namespace, name, theirs in kept:
                namespace[name] = theirs

    def source_of(self, filename: str) -> Source | None:
        return next((source for source in self.sources.values() if str(source.path) == filename), None)

    def _spread_python2(self):
        """What imports a file of Python 2, or is imported by one, runs in Python 2 as well."""
        short = {name: name.rpartition(".")[2] for name in self.sources}
        together = [
            (one, other)
            for one in short
            for other in short
            if one != other and short[other] in self.sources[one].imports
        ]
        spreading = True
        while spreading:
            spreading = False
            for one, other in together:
                if self.sources[one].only_python2 != self.sources[other].only_python2:
                    self.sources[one].only_python2 = self.sources[other].only_python2 = spreading = True

    def _imported(self, name: str) -> ModuleType | None:
        while True:
            try:
                return importlib.import_module(f"{PACKAGE}.{name}")
            except ModuleNotFoundError as error:
                if error.name is None or error.name in self.missing:
                    self.broken[name] = _told(error, self)
                    return None
                self.missing[error.name] = sys.modules[error.name] = _Missing(error.name)
            except Exception as error:
                self.broken[name] = _told(error, self)
                return None


def _module_name(folder: Path, file: Path) -> str:
    return ".".join(file.relative_to(folder).with_suffix("").parts)


def _lies_in(module: ModuleType, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).is_relative_to(folder)


def _told(error: Exception, folder: Folder) -> Exception:
    """An error on import, with its place in the folder."""
    if isinstance(error, SyntaxError) and error.filename:
        place = f"{Path(error.filename).name}:{error.lineno}"
    else:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(folder.path)]
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else str(folder.path)
    said = error.msg if isinstance(error, SyntaxError) else error
    return ImportError(f"{place} cannot be imported: {type(error).__name__}: {said}")


class _Missing(ModuleType):
    """Stands for a module that is not there, as long as it is only imported."""

    __path__ = ()
    xrange, range, cPickle = range, range, importlib.import_module("pickle")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Missing(f"{self.__name__}.{name}")

    def __call__(self, *arguments, **options):
        if self.__name__.startswith("tqdm"):  # it only shows progress
            return arguments[0] if arguments else _NoProgress()
        raise NotImplementedError(f"it needs {self.__name__}, which is not there")


class _NoProgress:
    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def update(self, *amount):
        """Nobody looks."""


@contextlib.contextmanager
def _finding(folder: Folder):
    """The folder's files as the package; what is missed is taken out of sys.modules again."""
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
    for name, path in ((PACKAGE, folder.path), (f"{PACKAGE}.classifiers", folder.path / "classifiers")):
        package = sys.modules[name] = ModuleType(name)  # empty: their __init__ imports everything or nothing
        package.__path__ = [str(path)]
    sys.modules[PACKAGE].classifiers = sys.modules[f"{PACKAGE}.classifiers"]
    sys.meta_path.insert(0, _Finder(folder))
    sys.meta_path.append(_Finder(folder, of_its_neighbours=True))
    try:
        yield
    finally:
        for name, module in folder.missing.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


class _Finder(importlib.abc.MetaPathFinder):
    """of_its_neighbours: `import layers`, which Python 2 looks for beside the file that says it."""

    def __init__(self, folder: Folder, of_its_neighbours=False):
        self.folder, self.of_its_neighbours = folder, of_its_neighbours

    def find_spec(self, fullname, path=None, target=None):
        package, _, name = fullname.partition(".")
        if fullname in COMPILED and not importlib.machinery.PathFinder.find_spec(fullname, path):
            return importlib.util.spec_from_loader(fullname, _StandIn(COMPILED[fullname]))
        if self.of_its_neighbours:
            near = [n for n in (fullname, f"classifiers.{fullname}") if n in self.folder.sources]
            return importlib.util.spec_from_loader(fullname, _Neighbour(near[0])) if near else None
        if package != PACKAGE or name not in self.folder.sources:
            return None
        source = self.folder.sources[name]
        return importlib.util.spec_from_file_location(fullname, source.path, loader=_Loader(source))


class _StandIn(importlib.abc.Loader):
    def __init__(self, module: ModuleType):
        self.module = module

    def create_module(self, spec):
        made = ModuleType(spec.name)
        vars(made).update({name: f for name, f in vars(self.module).items() if isinstance(f, FunctionType)})
        return made

    def exec_module(self, module):
        """It is made of what is loaded already."""


class _Neighbour(importlib.abc.Loader):
    def __init__(self, name: str):
        self.name = name

    def create_module(self, spec):
        return importlib.import_module(f"{PACKAGE}.{self.name}")

    def exec_module(self, module):
        """It is loaded already."""


class _Loader(importlib.abc.Loader):
    def __init__(self, source: Source):
        self.source = source

    def exec_module(self, module):
        if self.source.error:
            raise self.source.error
        if self.source.only_python2:
            vars(module).update(_older_python.NAMES)
        tree = _older_python.of_today(self.source.tree, self.source.only_python2)
        exec(compile(tree, self.source.path, "exec", dont_inherit=True), vars(module))
