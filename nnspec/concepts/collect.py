"""Collecting the public functions of a folder of concepts: what makes the path the only index."""

import functools
import importlib
import inspect
import sys
from pathlib import Path
from types import FunctionType, SimpleNamespace

from nnspec.shapes import checked, is_procedure


def functions(package: str) -> dict[str, FunctionType]:
    """The public functions of every concept of the reference, by name, each behind its shape check."""
    return {name: checked(f, f, backend=package, extended=True) for name, f in _own_functions(package).items()}


def twins(package: str, reference, around=lambda function: function, device=None, adapted=None) -> dict:
    """The functions of a package that stands beside the reference, each behind the check of its original's shapes.

    What a twin does not supply it inherits: composites bound to its own parts, and procedures.

    around: wraps each twin, behind its check. device: where a package has arrays of its own beside NumPy's, what tells
    them (`is_on_device`) and copies them (`to_host`). adapted: makes the twins, where the files hold forwards alone.
    """
    sys.modules[package].__path__[:] = map(str, folders(_folder(package)))
    broken: dict[str, FunctionType] = {}
    found = _own_functions(package, instead=lambda path, error: broken.update(_broken(reference, path, error)))
    for module, name in {f.__module__: name for name, f in found.items() if not hasattr(reference, name)}.items():
        unknown = ImportError(f"nothing in the reference is called {name}")
        broken |= _broken(reference, Path(sys.modules[module].__file__), unknown)
        found = {name: f for name, f in found.items() if f.__module__ != module}
    found = adapted(SimpleNamespace(**found)) if adapted else found
    own = guarded(found, reference, package, around, device)
    return inherited(reference, sys.modules[package]) | own | broken


def guarded(functions: dict, reference, backend: str, around=lambda function: function, device=None) -> dict:
    """Functions under the reference's names, each behind the check of its original's shapes. See `twins`."""
    return {
        name: checked(around(f), inspect.unwrap(getattr(reference, name)), backend=backend, device=device)
        for name, f in functions.items()
    }


def _broken(reference, path: Path, error: Exception) -> dict[str, FunctionType]:
    """What stands in for the functions of a twin's file that cannot be imported: each raises what its import did.

    Their names are the reference's, because a file with a syntax error tells none. The reference itself has no such
    stand-ins: without it nothing can be judged.
    """
    file, concept = "/".join(path.parts[-3:]), f"{path.parent.name}.{path.stem}"

    def refuse(*args, **options):
        raise ImportError(f"{file} cannot be used: {type(error).__name__}: {error}") from error

    own = [name for name, f in public_functions(reference).items() if f.__module__.endswith(f".{concept}")]
    if not own:
        raise ImportError(f"{file}: {error}") from error
    return dict.fromkeys(own, refuse)


def inherited(reference, ops) -> dict[str, FunctionType]:
    """The reference's composites with `ops` as their parts, and its procedures as they are."""
    found = {}
    for name, f in public_functions(reference).items():
        if takes_parts(f):
            found[name] = functools.partial(f, ops=ops)
        elif is_composite(f) or is_procedure(f):
            found[name] = f
    return found


@functools.cache
def takes_parts(function) -> bool:
    return "ops" in inspect.signature(function).parameters


@functools.cache
def is_composite(function) -> bool:
    """Whether it is written once, over a backend's parts. The backward of a block finds them in its cache."""
    forward = forward_of(function.__name__)
    beside = inspect.unwrap(function).__globals__
    return takes_parts(function) or (forward in beside and takes_parts(beside[forward]))


def forward_of(name: str) -> str | None:
    """The forward that a backward belongs to."""
    return f"{name.removesuffix('_backward')}_forward" if name.endswith("_backward") else None


def public_functions(namespace) -> dict[str, FunctionType]:
    return {n: f for n, f in vars(namespace).items() if isinstance(f, FunctionType) and not n.startswith("_")}


def folders(folder: Path) -> list[Path]:
    """Where the modules of a package lie: in its folder, and where that says in `_formula.py` what formulas are written
    with, also in the one of the shared formulas, as the second. So a file of its own comes before a shared one.

    Python takes both for one package: a shared file is a module of every target, and `.._formula` is that target's.
    """
    return [folder, folder.parent / "formulas"] if (folder / "_formula.py").exists() else [folder]


def concept_files(folder: Path, prefix: str = "") -> list[Path]:
    """The concepts of one package: `nNN_note/<prefix><concept>.py`, without helpers."""
    found = {}
    for place in folders(folder):
        for path in place.glob(f"n[0-9][0-9]_*/{prefix}*.py"):
            if not path.name.startswith("_"):
                found.setdefault((path.parent.name, path.name), path)
    return [found[key] for key in sorted(found)]


def _folder(package: str) -> Path:
    return Path(sys.modules[package].__path__[0])


def _own_functions(package: str, instead=None) -> dict[str, FunctionType]:
    """The functions of each concept's file. instead(path, error): is told of a file that cannot be imported."""
    found, paths, failed = {}, concept_files(_folder(package)), []
    for path in paths:
        try:
            module = importlib.import_module(f"{package}.{path.parent.name}.{path.stem}")
        except Exception as error:
            failed.append(path)
            if instead is None or len(failed) == len(paths):  # of all files: something that they all need is missing
                raise
            instead(path, error)
            continue
        for name, function in public_functions(module).items():
            if function.__module__ != module.__name__:
                continue
            if name in found:
                raise ImportError(f"{package}: {name} is defined twice, in {found[name].__module__} and {path}")
            found[name] = function
    return found
