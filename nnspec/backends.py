"""A backend: any namespace of functions with the reference's names.

Loaded from a name (`reference`, `cpu`, or any entry point in the group `nnspec.backends`), a dotted module, a path to a
`.py` file or a package, or given as an object (module, class, dict). Optional hooks in the namespace: `asarray`
(NumPy array -> the backend's), `to_numpy` (and back), `synchronize` (wait for queued work), `dtypes` (the names of the
floating types it has; default float32 and float64), `largest_input` (entries: larger cases are not planned),
`one_process` (True: it owns a device, do not start several of it) and `known_failures` (the path of a TOML that
announces them).
"""

import contextlib
import functools
import importlib
import importlib.metadata
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

import numpy as np

from nnspec import adapters
from nnspec.collect import is_composite, public_functions
from nnspec.shapes import calls_of_the_reference

GROUP = "nnspec.backends"
OURS = ("nnspec.reference", "nnspec.accelerated.")
IMPORT_SECONDS = 120


class CannotLoad(Exception):
    """A backend that cannot be used at all. The text is one line for the user."""


class Delegates(Exception):
    """The backend hands the question on to the reference, which is no implementation of its own."""


class NotSupplied(Exception):
    """The backend lacks a function or an option: visible in the report, never a failure."""


class Backend:
    """The functions of a namespace under the reference's names, with NumPy arrays on the outside."""

    def __init__(self, name: str, namespace, *, ours: bool = False, watched: bool = False):
        self.name = name
        self.ours = ours
        self.watched = watched  # whether its functions may not call the reference's
        self.namespace = SimpleNamespace(**namespace) if isinstance(namespace, dict) else namespace
        self.asarray = getattr(self.namespace, "asarray", None)
        self.to_numpy = getattr(self.namespace, "to_numpy", None)
        self.synchronize = getattr(self.namespace, "synchronize", lambda: None)
        self.largest_input = getattr(self.namespace, "largest_input", None)
        self.one_process = getattr(self.namespace, "one_process", False)
        self.known_failures = getattr(self.namespace, "known_failures", None)
        self.dtypes = tuple(map(str, getattr(self.namespace, "dtypes", ("float32", "float64"))))
        self.parts_used: set[str] = set()  # by the composites that were run on this backend's parts
        self.probed: set[tuple[str, str]] = set()  # whose wrong answers were looked into: (part, output)

    def __repr__(self):
        return f"<backend {self.name}>"

    def supplies(self) -> list[str]:
        """The names of the reference that this namespace itself has."""
        return [name for name in public_functions(_reference()) if callable(getattr(self.namespace, name, None))]

    def inherits(self, name: str) -> bool:
        """Whether this is a composite that the backend did not write: the reference's, on the backend's parts."""
        ours = getattr(_reference(), name, None)
        own = getattr(self.namespace, name, None)
        inherited_by_package = isinstance(own, functools.partial) and own.func is ours
        return ours is not None and is_composite(ours) and (own is None or inherited_by_package)

    def has(self, name: str) -> bool:
        return self.inherits(name) or callable(getattr(self.namespace, name, None))

    def find(self, name: str):
        """The function, as the backend wrote it, or the composite that it inherits. Raises NotSupplied."""
        if self.inherits(name):
            composite = getattr(_reference(), name)
            return functools.partial(inspect.unwrap(composite) if self.asarray else composite, ops=_Parts(self))
        if not self.has(name):
            raise NotSupplied(f"{self.name} has no {name}")
        return getattr(self.namespace, name)

    def __call__(self, name: str, *args, **options):
        """Call a function with NumPy arrays, passing only these options; outputs as the function returned them."""
        function = self.find(name)
        if missing := [option for option in options if not accepts(function, option)]:
            raise NotSupplied(f"{name} does not take {', '.join(f'{option}=' for option in missing)}")
        if self.asarray:
            args, options = tuple(map(self._outward, args)), self._outward(options)
        if not self.watched or self.inherits(name):
            return function(*args, **options)
        with calls_of_the_reference() as called:
            result = function(*args, **options)
        if called:
            raise Delegates(f"{name} calls nnspec.reference.{called[0]}: it has no implementation of its own")
        return result

    def inward(self, value):
        """Outputs as NumPy arrays, whatever they are nested in."""
        if self.to_numpy is None:
            return value
        if isinstance(value, (tuple, list)):
            return type(value)(self.inward(entry) for entry in value)
        if isinstance(value, dict):
            return {key: self.inward(entry) for key, entry in value.items()}
        return value if value is None or isinstance(value, (bool, int, float)) else self.to_numpy(value)

    def _outward(self, value):
        """Arrays, and dicts of them, in the backend's own type. Caches and states are opaque and stay as they are."""
        if isinstance(value, np.ndarray):
            return self.asarray(value)
        if type(value) is dict:
            return {key: self._outward(entry) for key, entry in value.items()}
        return value.item() if isinstance(value, np.generic) else value


class _Parts:
    """What a composite sees as `ops`: the backend's functions. Notes which ones the composite asked for."""

    def __init__(self, backend: Backend):
        self._backend = backend

    def __getattr__(self, name):
        if not hasattr(_reference(), name):
            raise AttributeError(name)  # a name that was given to the composite, and that nobody could supply
        self._backend.parts_used.add(name)
        return self._backend.find(name)


def accepts(function, option: str) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # built-in functions tell nothing
        return True
    return any(p.name == option or p.kind is p.VAR_KEYWORD for p in parameters)


def load(target) -> Backend:
    """The backend behind a name, a module, a path or an object. Raises CannotLoad with one line that says why."""
    if isinstance(target, Backend):
        return target
    if not isinstance(target, str):
        return _usable(Backend(getattr(target, "__name__", type(target).__name__), target))
    kind, rest = _adapter_of(target)
    ours = kind is None and (_locate(target)[0] or "").startswith(OURS)
    if kind == "cs231n":
        with _import_errors(target):
            _course_folder().locate(rest)  # what to type instead may take several lines, which only this process tells
    if not ours:
        _import_apart(target)
    with _import_errors(target):
        namespace = _import(target)
    return _usable(Backend(target, namespace, ours=ours, watched=not ours))


def names() -> dict[str, str]:
    """The backends that are installed under a name, and the module behind each."""
    return {entry.name: entry.value for entry in importlib.metadata.entry_points(group=GROUP)}


def _reference():
    from nnspec import reference

    return reference


def _locate(target: str) -> tuple[str | None, Path | None]:
    """(module, None) or (None, path)."""
    if target in (known := names()):
        return known[target], None
    path = Path(target).expanduser()
    if path.suffix == ".py" or "/" in target or "\\" in target or path.is_dir():
        if path.is_file() or (path / "__init__.py").is_file():
            return None, path.resolve()
        missing = f"{path} has no __init__.py" if path.is_dir() else f"there is no file {target}"
        raise CannotLoad(f"cannot load the backend: {missing}")
    with contextlib.suppress(ImportError, ValueError, AttributeError):
        if importlib.util.find_spec(target):
            return target, None
    close = [f"./{target}.py"] if Path(f"{target}.py").is_file() else get_close_matches(target, known, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise CannotLoad(
        f"cannot load the backend {target!r}: it is no installed backend ({', '.join(known)}), module or path.{hint}"
    )


def _adapter_of(target: str) -> tuple[str | None, str]:
    """(kind, target). A folder of the course's assignments needs no `cs231n:` in front."""
    kind, rest = adapters.split(target)
    if kind is None and target not in names() and _course_folder().is_assignment(target):
        return "cs231n", target
    return kind, rest


def _course_folder():
    from nnspec.adapters import _course_folder

    return _course_folder


def _import(target: str):
    kind, rest = _adapter_of(target)
    if kind:
        return adapters.load(kind, rest, _import)
    module, path = _locate(target)
    return _import_path(path) if path else importlib.import_module(module)


def _import_path(path: Path):
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
    return module


def _import_apart(target: str):
    """Import it in a process of its own first: a module that ends or hangs the interpreter must not take us along."""
    command = [sys.executable, "-c", "import sys; from nnspec.backends import _probe; _probe(sys.argv[1])", target]
    path = [entry or "." for entry in sys.path]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=IMPORT_SECONDS,
            stdin=subprocess.DEVNULL,
            env=_with_path(path),
        )
    except subprocess.TimeoutExpired:
        raise CannotLoad(f"cannot load the backend {target}: its import took over {IMPORT_SECONDS} s") from None
    if done.returncode != 0 or _PROBED not in done.stdout:
        told = [line for line in done.stderr.splitlines() if line.startswith(_TOLD)]
        why = told[-1].removeprefix(_TOLD) if told else f"the import ended Python with exit code {done.returncode}"
        raise CannotLoad(f"cannot load the backend {target}: {why}")


_PROBED, _TOLD = "nnspec: imported", "nnspec: "


def _with_path(path):
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


def _probe(target: str):
    """What runs in the process of `_import_apart`."""
    try:
        with _import_errors(target):
            _import(target)
    except CannotLoad as error:
        sys.exit(_TOLD + str(error).removeprefix(f"cannot load the backend {target}: "))
    print(_PROBED)


@contextlib.contextmanager
def _import_errors(target: str):
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    except CannotLoad as error:
        raise CannotLoad(f"cannot load the backend {target}: {error}") from None
    except BaseException as error:  # SystemExit and KeyboardInterrupt as well: it is somebody else's module
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = " ".join(str(error).split()) or "no message"
        what = "it exits on import" if isinstance(error, SystemExit) else f"{type(error).__name__}: {said}"
        raise CannotLoad(
            f"cannot load the backend {target}: {what} ({Path(where.filename).name}:{where.lineno})"
        ) from error


def _usable(backend: Backend) -> Backend:
    if not backend.supplies():
        public = [name for name in dir(backend.namespace) if not name.startswith("_")]
        known = public_functions(_reference())
        close = next(((name, match) for name in public for match in get_close_matches(name, known, n=1)), None)
        hint = f" (it has {close[0]}; did you mean {close[1]}?)" if close else ""
        raise CannotLoad(
            f"cannot check {backend.name}: no function in it has a name of the specification{hint}. "
            "`nnspec list` shows the concepts, `nnspec explain CONCEPT` their functions."
        )
    return backend
