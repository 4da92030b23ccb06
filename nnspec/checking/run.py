"""Running the specification against a backend: pytest underneath, with a configuration of our own."""

import os
import shlex
import sys
import time
from collections.abc import Callable

from nnspec.backends import CannotLoad, Name, load
from nnspec.checking.coverage import tell_of_names
from nnspec.checking.isolation import MEMORY, TIMEOUT
from nnspec.checking.remembered import failed_last, remember
from nnspec.checking.report import Report
from nnspec.checking.results import Check, read_announced, require_that_none_is_stale
from nnspec.checking.selecting import choose, several
from nnspec.checking.session import Collector, Session, stops_at
from nnspec.common import DTYPES, LEVELS, Unusable

COMPILING = 600.0  # seconds of a check that may have to compile kernels, on a machine that may be busy
MANY, WORKERS = 5, 2  # concepts from which on starting so many workers pays, each with threads of its own


def check(
    backend="cpu",
    *,
    concept=(),
    concepts=(),
    note=(),
    notes=(),
    level: str | None = None,
    dtype: str | None = None,
    ids=(),
    run_all: bool = False,
    last_failed: bool = False,
    exitfirst: bool = False,
    workers: int | None = None,
    timeout: float | None = None,
    memory: float = MEMORY,
    known_failures=None,
    junit=None,
    simulate: bool = False,
    on_plan: Callable[[int], None] | None = None,
    on_check: Callable[[Check], None] | None = None,
) -> Report:
    """Check an implementation against the specification.

    backend: a name (`"cpu"`), dotted module, path, either with `:Class`, or any namespace of functions: a module, a
    class, a dict. Or a `Name`, which is one that was taken apart before.
    concept, note, dtype, ids: only these concepts, notes, "float32" or "float64", or checks: one or several; an id may
    be the beginning of one, or a glob. concepts, notes: the same.
    level: what decides `Report.exit_code` (default: "core", for the bundled backends "strict").
    run_all: also what is above the level, of concepts that fail at core.
    last_failed: only what failed in the last run of this backend; everything, where nothing did.
    exitfirst: stop at the first failure at the level.
    workers: run in so many processes, guarded against crashes, endless loops and exhausted memory. None: one, for what
    is not bundled and has a name; for what is bundled two where there is much to check and none where there is little.
    0: run in this process, which is all that an object can do; what a named backend prints is not held back then, and
    `breakpoint()` in it works.
    timeout, memory: seconds that a check may take in a worker (default 30; what is bundled may have to compile first),
    GiB that a worker may add to what it starts with.
    known_failures: a TOML file with [[xfail]] entries (default: the backend's own, if it has one).
    junit: write JUnit XML there.
    simulate: run the kernels of "cuda" in the simulator, on small inputs; it needs no GPU.
    on_plan, on_check: told how many checks there are, and of each that is done.

    Raises Unusable or CannotLoad, with one line for the user, when nothing can be checked.
    """
    begun = time.perf_counter()
    name = _name_of(backend)
    _require_known_words(level, dtype)
    if simulate:
        _simulate(name)
    loaded = load(name or backend)
    if workers and not name:
        raise Unusable("workers need a backend that they can load themselves: give its name or path")
    failed, failed_at = failed_last(name) if last_failed and name else ([], None)
    ids = several(ids)
    level = level or failed_at or ("strict" if loaded.ours or ids else "core")  # who asks for a check wants it judged
    known_failures = known_failures or loaded.known_failures
    announced = read_announced(known_failures) if known_failures else []
    concepts, notes = [*several(concept), *several(concepts)], [*several(note), *several(notes)]
    chosen = choose(loaded, concepts, notes, ids, dtype, failed)
    session = Session(
        chosen,
        backend=name.from_anywhere() if name else loaded.name,
        level=level,
        dtype=dtype,
        workers=_workers(loaded, name, len(chosen.files)) if workers is None else workers,
        here=workers == 0 and name is not None,
        junit=junit,
        run_all=run_all,
        exitfirst=exitfirst,
        limits=(timeout or (COMPILING if loaded.ours else TIMEOUT), memory),
        by_concept=not simulate,  # which compiles nothing, and of which single concepts take minutes
    )
    results = session.run(Collector(loaded, on_plan, on_check, stops_at(announced) if exitfirst else None))
    results.backend, results.level, results.seconds = loaded.name, level, time.perf_counter() - begun
    results.command = shlex.join(["nnspec", "check", str(name), *["--simulate"] * simulate]) if name else ""
    tell_of_names(results, loaded)
    whole = not (chosen.ids or dtype or results.stopped)
    if whole:
        require_that_none_is_stale(announced, known_failures, results)
    report = Report(**vars(results.judged(announced, whole=whole)))
    if name:
        remember(name, report)
    return report


def _name_of(backend) -> Name | None:
    """None for an object, which no command line can name."""
    backend = os.fspath(backend) if isinstance(backend, os.PathLike) else backend
    return Name.read(backend) if isinstance(backend, str) else backend if isinstance(backend, Name) else None


def _require_known_words(level, dtype):
    for word, given, known in (("level", level, LEVELS), ("dtype", dtype, DTYPES)):
        if given not in (None, *known):
            raise Unusable(f"{word} must be one of {', '.join(known)}, got {given!r}")


def _workers(backend, name: Name | None, concepts: int) -> int:
    if not name:
        return 0
    if not backend.ours:
        return 1
    return min(WORKERS, os.cpu_count() or 1) if concepts >= MANY and not backend.one_process else 0


def _simulate(name: Name | None):
    """Before the kernels are imported, which is when they are made for one target or the other."""
    if str(name) != "cuda":
        raise Unusable(f"only the backend cuda can be simulated, not {name or 'an object'}")
    target = sys.modules.get("nnspec.accelerated.cuda._target")
    if target is not None and not target.SIMULATED:
        raise Unusable("cuda is already loaded for a GPU in this process: simulate it in another one")
    os.environ["NNSPEC_CUDA"] = "simulate"


__all__ = ["CannotLoad", "Unusable", "check"]
