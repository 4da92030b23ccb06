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
import re
import subprocess
import sys
import traceback
from difflib import get_close_matches
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from nnspec import adapters
from nnspec.collect import forward_of, is_composite, public_functions, takes_parts
from nnspec.shapes import calls_of_the_reference

GROUP = "nnspec.backends"
OURS = ("nnspec.reference", "nnspec.accelerated.")
IMPORT_SECONDS = 120
NEAR = 0.8  # difflib's ratio of two stems from which on one is taken for the other, misspelt
ENDINGS = dict.fromkeys(("backward", "backwards", "back", "bwd", "grad", "gradient"), "backward") | dict.fromkeys(
    ("forward", "forwards", "fwd"), "forward"
)


class CannotLoad(Exception):
    """A backend that cannot be used at all. The text is one line for the user."""


class Delegates(Exception):
    """The backend hands the question on to the reference, which is no implementation of its own."""


class NotSupplied(Exception):
    """The backend lacks a function or an option: visible in the report, never a failure."""


class OtherSignature(NotSupplied):
    """The function does not take the arguments of a call."""


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
        self.forms: dict = {}  # which right form each part follows: a variant, or None for the definition
        self.confirmed: dict = {}  # whether a hint held on other cases as well

    @property
    def widest_dtype(self) -> str:
        """In which right and wrong are told apart best."""
        return "float64" if "float64" in self.dtypes else self.dtypes[0]

    def __repr__(self):
        return f"<backend {self.name}>"

    def supplies(self) -> list[str]:
        """The names of the reference that this namespace itself has."""
        return [name for name in public_functions(_reference()) if callable(getattr(self.namespace, name, None))]

    def inherits(self, name: str) -> bool:
        """Whether this is a composite that the backend did not write: the reference's, on the backend's parts."""
        ours = getattr(_reference(), name, None)
        own = getattr(self.namespace, name, None)
        if ours is None or not is_composite(ours):
            return False
        if takes_parts(ours):
            return own is None or (isinstance(own, functools.partial) and own.func is ours)
        return own in (None, ours) and self.inherits(forward_of(name))  # a backward takes the cache of its own forward

    def has(self, name: str) -> bool:
        return self.inherits(name) or callable(getattr(self.namespace, name, None))

    def find(self, name: str):
        """The function, as the backend wrote it, or the composite that it inherits. Raises NotSupplied."""
        if self.inherits(name):
            composite = getattr(_reference(), name)
            composite = inspect.unwrap(composite) if self.asarray else composite
            return functools.partial(composite, ops=_Parts(self)) if takes_parts(composite) else composite
        if not self.has(name):
            raise NotSupplied(f"{self.name} has no {name}")
        return getattr(self.namespace, name)

    def __call__(self, name: str, *args, **options):
        """Call a function with NumPy arrays, passing only these options; outputs as the function returned them."""
        function = self.find(name)
        _require_options(name, function, options)
        if why := not_bound(function, args, options):
            raise OtherSignature(f"{name} cannot be called with these arguments: {why}")
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
        return functools.partial(_with_options, name, self._backend.find(name))


def _with_options(name, function, *args, **options):
    """The part called, if it takes these options: what it leaves out, the composite lacks as well."""
    _require_options(name, function, options)
    if why := not_bound(function, args, options):
        raise NotSupplied(f"{name} cannot be called with these arguments: {why}")
    return function(*args, **options)


def _require_options(name, function, options):
    if missing := [option for option in options if not accepts(function, option)]:
        raise NotSupplied(f"{name} does not take {', '.join(f'{option}=' for option in missing)}")


def accepts(function, option: str) -> bool:
    """Whether it takes this option; what tells nothing of itself, as built-in functions do, takes any."""
    signature = _signature(function)
    parameters = signature.parameters.values() if signature else ()
    return signature is None or any(p.name == option or p.kind is p.VAR_KEYWORD for p in parameters)


def not_bound(function, args, options) -> str | None:
    """What its signature has against these arguments."""
    try:
        if signature := _signature(function):
            signature.bind(*args, **options)
    except TypeError as error:
        return str(error)
    return None


@functools.lru_cache(maxsize=1024)
def _signature(function) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def load(target) -> Backend:
    """The backend behind a name, a module, a path or an object. Raises CannotLoad with one line that says why."""
    if isinstance(target, Backend):
        return target
    if not isinstance(target, str):
        return _usable(getattr(target, "__name__", type(target).__name__), target)
    kind, rest = _adapter_of(target)
    ours = kind is None and (_locate(target)[0] or "").startswith(OURS)
    if kind == "cs231n":
        with _import_errors(target):
            _course_folder().locate(rest)  # what to type instead may take several lines, which only this process tells
    if not ours:
        _import_apart(target)
    with _import_errors(target):
        namespace = _import(target)
    return _usable(target, namespace, ours=ours, watched=not ours)


def names() -> dict[str, str]:
    """The backends that are installed under a name, and the module behind each."""
    return {entry.name: entry.value for entry in importlib.metadata.entry_points(group=GROUP)}


def place_of(target: str) -> tuple[str | None, Path | None]:
    """Where a backend's code lies: (module, None) or (None, path), whatever adapts it and whichever class it is in."""
    kind, rest = adapters.split(target)
    if kind and Path(rest).expanduser().is_dir():
        return None, Path(rest).expanduser().resolve()
    return _locate(rest)


def split_class(target: str) -> tuple[str, str]:
    """`file.py:Class` and `module:Class` in two; without a class the second is empty."""
    place, _, name = target.rpartition(":")
    return (place, name) if place and all(map(str.isidentifier, name.split("."))) else (target, "")


def near_names(namespace) -> dict[str, str]:
    """Names that are no name of ours, but nearly that of a function which the namespace lacks: {name: ours}."""
    ours, there = public_functions(_reference()), _public(namespace)
    bare = {name: f"{name}_forward" for name in there if _is_written_in(namespace, getattr(namespace, name))}
    found = {name: _nearest(name, ours) or bare.get(name) for name in there if name not in ours}
    return {name: meant for name, meant in found.items() if meant in ours and meant not in there}


def _is_written_in(namespace, function) -> bool:
    """Rather than imported: `from torch.nn.functional import relu` is no attempt at relu_forward."""
    if not inspect.isfunction(function):
        return False
    home = getattr(namespace, "__name__", "") if inspect.ismodule(namespace) else function.__module__
    return function.__module__.partition(".")[0] == home.partition(".")[0]


def _nearest(name: str, known) -> str | None:
    """affine_backwards, AffineBackward, affine_grad: the same stem, or nearly, with the same ending by any word.

    Those whose first letters or whose digits differ are other things: selu and gelu, conv1d and conv2d.
    """
    stem, ending = _parted(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())
    stems = {_parted(ours)[0]: ours for ours in known if _parted(ours)[1] == ending}
    digits = _digits(stem)
    alike = [s for s in stems if s[0] == stem[:1] and (digits or _digits(s)) == (_digits(s) or digits)]
    return next((stems[close] for close in get_close_matches(stem, alike, n=1, cutoff=NEAR)), None)


def _parted(name: str) -> tuple[str, str]:
    """affine_bwd: ("affine", "backward"). What has no such ending has none."""
    stem, _, ending = name.rpartition("_")
    return (stem, ENDINGS[ending]) if stem and ending in ENDINGS else (name, "")


def _digits(name: str) -> str:
    return "".join(filter(str.isdigit, name))


def _public(namespace) -> list[str]:
    names = [name for name in dir(namespace) if not name.startswith("_")]
    return [name for name in names if callable(getattr(namespace, name, None))]


def _reference():
    from nnspec import reference

    return reference


def _locate(target: str) -> tuple[str | None, Path | None]:
    """(module, None) or (None, path), of the class's file if a class is named."""
    if target in (known := names()):
        return known[target], None
    given, (target, inner) = target, split_class(target)
    path = Path(target).expanduser()
    if path.suffix == ".py" or "/" in target or "\\" in target or path.is_dir():
        if path.is_file() or (path / "__init__.py").is_file():
            return None, path.resolve()
        raise CannotLoad(_no_package(path) if path.is_dir() else _no_file(target))
    with contextlib.suppress(ImportError, ValueError, AttributeError):
        if importlib.util.find_spec(target):
            return target, None
    named = [f"{kind}:{inner}" for kind in get_close_matches(target, adapters.KINDS, n=1) if inner]
    close = named or ([f"./{target}.py"] if Path(f"{target}.py").is_file() else get_close_matches(target, known, n=1))
    hint = f" Did you mean {close[0]}?" if close else ""
    raise CannotLoad(
        f"cannot load the backend {given!r}: it is no installed backend ({', '.join(known)}), module or path.{hint}"
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
    namespace = _import_path(path) if path else importlib.import_module(module)
    _, name = ("", "") if target in names() else split_class(target)
    return _class_in(namespace, name) if name else namespace


def _class_in(module, name: str):
    """A class as a namespace; where its functions take self, an instance of it."""
    found = module
    for part in name.split("."):
        if not hasattr(found, part):
            close = get_close_matches(part, _public(found), n=1)
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
        raise CannotLoad(f"cannot load the backend {target}: {_what_happened(error)}") from error


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
    if not set(_public(namespace)) & public_functions(_reference()).keys():
        hint = "".join(f" (it has {near}; did you mean {meant}?)" for near, meant in near_names(namespace).items())
        raise CannotLoad(
            f"cannot check {name}: no function in it has a name of the specification{hint}. "
            "`nnspec list` shows the concepts, `nnspec explain CONCEPT` their functions."
        )
    dtypes = getattr(namespace, "dtypes", ())
    if not isinstance(dtypes, (tuple, list)):
        raise CannotLoad(f'cannot check {name}: its dtypes must be a tuple of names, ("float32",), got {dtypes!r}')
    return Backend(name, namespace, **known)
