"""Wanted answers and their budgets, kept on disk between runs.

They depend on the specification, on the reference, on how this machine rounds and on the bits of the problem, and on
nothing of the backend: all of that is in the key. A cache that cannot be read or written is only slower.
"""

import ast
import contextlib
import functools
import hashlib
import inspect
import os
import pickle
import platform
import sqlite3
import zlib

import numpy as np

from nnspec import reference
from nnspec.common import cache_root
from nnspec.concepts.collect import public_functions
from nnspec.spec_tests import _truth
from nnspec.spec_tests._budget import Budget, rounding_of

LARGEST = 300_000  # entries of an answer: beyond that, the disk fills with what is soon computed
MOST = 3 * 2**30  # bytes of all that is kept: nobody takes out what belongs to sources that have changed since
WORTH_PACKING = 100_000  # bytes: what is larger is made of random digits, which do not pack


def key(spec, problem, *how) -> bytes:
    """Of what is wanted in a problem; how: by what, how leniently."""
    digest = hashlib.sha256(_surroundings() + _truth.source_key(type(spec).__module__).encode())
    digest.update(_right(type(spec).__module__, spec.entry))
    form = problem.form and problem.form.id
    _add(digest, (type(spec).__qualname__, form, str(problem.dtype), problem.neighbours, *how))
    _add(digest, (problem.inputs, problem.options, problem.douts))
    return digest.digest()


def contents(problem) -> bytes | None:
    """Of what goes in, and of the form to be followed; None where something in it tells of its address alone."""
    digest = hashlib.sha256()
    given = (problem.inputs, problem.options, problem.douts)
    _add(digest, (problem.form and problem.form.id, str(problem.dtype), *given))
    return None if _holds_objects(given) else digest.digest()


def _holds_objects(value) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_objects, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_objects, value))
    return not isinstance(value, (np.ndarray, np.generic, bool, int, float, str, type(None)))


def find(this: bytes) -> tuple[dict, dict] | None:
    """(wanted, budgets), if they are kept."""
    with contextlib.suppress(sqlite3.Error, pickle.UnpicklingError, zlib.error, EOFError):
        row = _store() and _store().execute("select packed, value from expected where key = ?", (this,)).fetchone()
        if row:
            packed, value = row
            answers = pickle.loads(zlib.decompress(value) if packed else value)
            found = {name: _read(*parts) for name, parts in answers.items()}
            return {n: want for n, (want, _) in found.items()}, {n: budget for n, (_, budget) in found.items()}
    return None


def keep(this: bytes, want: dict, budgets: dict):
    if _store() is None or sum(value.size for value in want.values()) > LARGEST:
        return
    value = pickle.dumps({name: _written(want[name], budgets[name]) for name in want}, pickle.HIGHEST_PROTOCOL)
    packed = len(value) <= WORTH_PACKING
    with contextlib.suppress(sqlite3.Error):
        row = this, packed, zlib.compress(value, 1) if packed else value
        _store().execute("insert or replace into expected values (?, ?, ?)", row)


def _written(want: np.ndarray, budget: Budget) -> tuple:
    """An answer in extended precision as two shorter floats, and its budget; a rounding that follows from the answer
    as the precision that it is of."""
    precision = [name for name in ("float32", "float64") if np.array_equal(budget.rounding, rounding_of(want, name))]
    rounding = precision[0] if precision else np.float64(budget.rounding)
    most, rest = want, None
    if want.dtype == np.longdouble and np.abs(want[np.isfinite(want)]).max(initial=0) <= np.finfo(float).max:
        most, rest = np.float64(want), np.float32(-0.0)  # which leaves 0 and -0 as they are
        if precision[:1] != ["float32"]:  # beside which a double's last digit is nothing
            with np.errstate(invalid="ignore"):
                rest = np.float32(np.where(np.isfinite(want) & (want != most), want - most, -0.0))
    return most, rest, _short(budget.spread), rounding, budget.floor


def _short(spread: np.ndarray) -> np.ndarray:
    """A few digits are enough, where single precision reaches as far."""
    some = spread[spread != 0]
    limits = np.finfo(np.float32)
    fits = some.size == 0 or limits.tiny <= some.min() <= some.max() <= limits.max
    return np.float32(spread) if fits else np.float64(spread)


def _read(most, rest, spread, rounding, floor) -> tuple[np.ndarray, Budget]:
    want = most if rest is None else np.longdouble(most) + rest
    rounding = rounding_of(want, rounding) if isinstance(rounding, str) else rounding
    return want, Budget(np.longdouble(spread), rounding, floor)


@functools.cache
def _store() -> sqlite3.Connection | None:
    with contextlib.suppress(OSError, sqlite3.Error):
        cache_root().mkdir(parents=True, exist_ok=True)
        file = cache_root() / "answers.sqlite"
        if file.exists() and file.stat().st_size > MOST:  # whoever has it open goes on with what is gone
            for part in cache_root().glob("answers.sqlite*"):
                part.unlink(missing_ok=True)
        store = sqlite3.connect(file, timeout=30, isolation_level=None)
        store.execute("pragma journal_mode = wal")
        store.execute("pragma synchronous = off")
        store.execute("create table if not exists expected (key blob primary key, packed, value blob)")
        return store
    return None


@functools.cache
def _surroundings() -> bytes:
    """NumPy, its BLAS and the processor: what rounds."""
    digest = hashlib.sha256()
    features = sorted(name for name, there in np._core._multiarray_umath.__cpu_features__.items() if there)
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    cores = {name: value for name, value in os.environ.items() if name.startswith(("OPENBLAS_CORE", "MKL_CBWR"))}
    _add(digest, (np.__version__, platform.machine(), features, blas, cores))
    return digest.digest()


@functools.cache
def _right(spec_module: str, entry: str) -> bytes:
    digest = hashlib.sha256()
    for module in sorted(answering(spec_module, entry)):
        digest.update(_truth.source_of(module))
    return digest.digest()


def answering(spec_module: str, entry: str) -> set[str]:
    """The modules of the reference that may have a part in an answer: that of the function, what it imports, and
    whatever these and the specification name, in full or by what stands before `_forward`, however far."""
    home = {name: inspect.unwrap(f).__module__ for name, f in public_functions(reference).items()}
    words = {entry}.union(*map(_words, _truth.imported_from("nnspec.spec_tests.n", spec_module, set())))
    found = set()
    while named := {home[name] for word in words for name in (word, f"{word}_forward") if name in home} - found:
        new = set().union(*(_truth.imported_from("nnspec.reference.", module, set()) for module in named)) - found
        words = set().union(*map(_words, new))
        found |= new
    return found


@functools.cache
def _words(module: str) -> set[str]:
    """Everything that its source imports, looks up or writes as a text, if it can be the name of a function."""
    nodes = list(ast.walk(ast.parse(_truth.source_of(module))))
    words = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    words |= {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    texts = (node.value for node in nodes if isinstance(node, ast.Constant))
    return words | {text for text in texts if isinstance(text, str) and text.isidentifier()}


def _add(digest, value):
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype}{value.shape}{value.strides}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, dict):
        _add(digest, list(value.items()))
    elif isinstance(value, (list, tuple)):
        digest.update(f"{type(value).__name__}{len(value)}".encode())
        for entry in value:
            _add(digest, entry)
    else:
        digest.update(repr(value).encode())
