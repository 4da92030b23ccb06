"""Loading a backend: importing what its author wrote, without being taken along by it."""

import contextlib
import importlib
import importlib.util
import inspect
import io
import os
import subprocess
import sys
import traceback
from difflib import get_close_matches
from pathlib import Path
from types import SimpleNamespace

from nnspec import reference
from nnspec.backends import adapters
from nnspec.backends.backend import Backend
from nnspec.backends.errors import CannotLoad
from nnspec.backends.name import Name
from nnspec.backends.near_names import near_names, public_names
from nnspec.concepts.collect import public_functions

OURS = ("nnspec.reference", "nnspec.accelerated.")
IMPORT_SECONDS = 120


def load(target) -> Backend:
    """The backend behind a name, a module, a path or an object. Raises CannotLoad with one line that says why."""
    if isinstance(target, Backend):
        return target
    if not isinstance(target, (str, Name)):
        return _usable(getattr(target, "__name__", type(target).__name__), target)
    name = Name.read(target) if isinstance(target, str) else target
    module, _, _ = name.located()  # what to type instead may take several lines, which only this process tells
    ours = name.kind is None and (module or "").startswith(OURS)
    if not ours:
        _import_apart(name)
    with _import_errors(name):
        namespace = _import(name)
    return _usable(str(name), namespace, ours=ours, watched=not ours)


def _import(name: Name):
    """What the name means, in our form."""

    def namespace():
        module, path, inner = name.located()
        found = _import_path(path) if path else importlib.import_module(module)
        return _class_in(found, inner) if inner else found

    return adapters.load(name.kind, name.place, namespace) if name.kind else namespace()


def _class_in(module, name: str):
    """A class as a namespace; where its functions take self, an instance of it."""
    found = module
    for part in name.split("."):
        if not hasattr(found, part):
            close = get_close_matches(part, public_names(found), n=1)
            raise CannotLoad(f"it has no {name}{f'; did you mean {close[0]}?' if close else ''}")
        found = getattr(found, part)
    functions = public_functions(found) if inspect.isclass(found) else {}
    takes_self = any(next(iter(inspect.signature(f).parameters), "") == "self" for f in functions.values())
    return found() if takes_self else found


_neighbours: set[str] = set()  # modules that files of backends have imported from beside them


def _import_path(path: Path):
    """Anew, with its neighbours: they may have changed since, and those of another folder may have the same names."""
    for name in _neighbours:
        sys.modules.pop(name, None)
    _neighbours.clear()
    before = set(sys.modules)
    file = path / "__init__.py" if path.is_dir() else path
    name = f"nnspec_backend_{path.stem}"
    search = [str(path)] if path.is_dir() else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=search)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))  # a file may import its neighbours, as it can when it is run as a script
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
        beside = {entry.stem for entry in path.parent.iterdir() if entry.suffix == ".py" or entry.is_dir()}
        _neighbours.update(name for name in set(sys.modules) - before if name.partition(".")[0] in beside)
    return module


def _import_apart(name: Name):
    """Import it in a process of its own first: a module that ends or hangs the interpreter must not take us along."""
    command = [sys.executable, "-c", "import sys; from nnspec.backends.loading import _probe; _probe(sys.argv[1])"]
    path = os.pathsep.join(entry or "." for entry in sys.path)
    how = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, "env": os.environ | {"PYTHONPATH": path}}
    try:
        done = subprocess.run([*command, str(name)], timeout=IMPORT_SECONDS, **how)
    except subprocess.TimeoutExpired:
        raise CannotLoad(f"cannot load the backend {name}: its import took over {IMPORT_SECONDS} s") from None
    if done.returncode != 0 or _PROBED not in done.stdout:
        told = [line for line in done.stderr.splitlines() if line.startswith(_TOLD)]
        why = told[-1].removeprefix(_TOLD) if told else f"the import ended Python with exit code {done.returncode}"
        raise CannotLoad(f"cannot load the backend {name}: {why}")


_PROBED, _TOLD = "nnspec: imported", "nnspec: "


def _probe(given: str):
    """What runs in the process of `_import_apart`."""
    name = Name.read(given)
    try:
        with _import_errors(name):
            _import(name)
    except CannotLoad as error:
        sys.exit(_TOLD + str(error).removeprefix(f"cannot load the backend {name}: "))
    print(_PROBED)


@contextlib.contextmanager
def _import_errors(name: Name):
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    except CannotLoad as error:
        raise CannotLoad(f"cannot load the backend {name}: {error}") from None
    except BaseException as error:  # SystemExit and KeyboardInterrupt as well: it is somebody else's module
        raise CannotLoad(f"cannot load the backend {name}: {_what_happened(error)}") from error


def _what_happened(error: BaseException) -> str:
    """The error of an import in one line, with the file and the line in it that are to be mended."""
    if isinstance(error, SyntaxError) and error.filename:
        text = f": {error.text.strip()}" if error.text else ""
        return f"{type(error).__name__}: {error.msg} ({Path(error.filename).name}:{error.lineno}{text})"
    where = traceback.extract_tb(error.__traceback__)[-1]
    said = " ".join(str(error).split()) or "no message"
    what = "it exits on import" if isinstance(error, SystemExit) else f"{type(error).__name__}: {said}"
    return f"{what} ({Path(where.filename).name}:{where.lineno})"


def _usable(name: str, namespace, **known) -> Backend:
    """The backend, if it has anything that can be checked."""
    namespace = SimpleNamespace(**namespace) if isinstance(namespace, dict) else namespace
    if not set(public_names(namespace)) & public_functions(reference).keys():
        hint = "".join(f" (it has {near}; did you mean {meant}?)" for near, meant in near_names(namespace).items())
        raise CannotLoad(
            f"cannot check {name}: no function in it has a name of the specification{hint}. "
            "`nnspec list` shows the concepts, `nnspec explain CONCEPT` their functions."
        )
    dtypes = getattr(namespace, "dtypes", ())
    if not isinstance(dtypes, (tuple, list)):
        raise CannotLoad(f'cannot check {name}: its dtypes must be a tuple of names, ("float32",), got {dtypes!r}')
    return Backend(name, namespace, **known)
