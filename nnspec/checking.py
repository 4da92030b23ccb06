"""Running the specification against a backend: pytest underneath, with a configuration of our own."""

import contextlib
import io
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nnspec import adapters, catalogue
from nnspec.backends import CannotLoad, load, names
from nnspec.common import DTYPES, LEVELS, Unusable
from nnspec.isolation import MEMORY, TIMEOUT, isolated
from nnspec.plugin import REPORT, GivenBackend
from nnspec.results import Check, Report, read_announced

COMPILING = 600.0  # seconds of a check that may have to compile kernels, on a machine that may be busy
MANY, WORKERS = 5, 2  # concepts from which on starting so many workers pays, each with threads of its own


def check(
    backend="cpu",
    *,
    concepts=(),
    notes=(),
    level: str | None = None,
    dtype: str | None = None,
    ids=(),
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

    backend: a name (`"cpu"`), dotted module, path, or any namespace of functions: a module, a class, a dict.
    concepts, notes, dtype, ids: only these concepts, notes, "float32" or "float64", or checks.
    level: what decides `Report.exit_code` (default: "core", for the bundled backends "strict"); all levels run.
    workers: run in so many processes, guarded against crashes, endless loops and exhausted memory. None: one, for what
    is not bundled and has a name; for what is bundled two where there is much to check and none where there is little.
    0: run in this process, which is all that an object can do.
    timeout, memory: seconds that a check may take in a worker (default 30; what is bundled may have to compile first),
    GiB that a worker may add to what it starts with.
    known_failures: a TOML file with [[xfail]] entries (default: the backend's own, if it has one).
    junit: write JUnit XML there.
    simulate: run the kernels of "cuda" in the simulator, on small inputs; it needs no GPU.
    on_plan, on_check: told how many checks there are, and of each that is done.

    Raises Unusable or CannotLoad, with one line for the user, when nothing can be checked.
    """
    begun = time.perf_counter()
    backend = os.fspath(backend) if isinstance(backend, os.PathLike) else backend
    named = isinstance(backend, str)
    concepts, ids = ([given] if isinstance(given, str) else given for given in (concepts, ids))
    notes = [notes] if isinstance(notes, int) else notes
    for name, given, known in (("level", level, LEVELS), ("dtype", dtype, DTYPES)):
        if given not in (None, *known):
            raise Unusable(f"{name} must be one of {', '.join(known)}, got {given!r}")
    if simulate:
        _simulate(backend)
    loaded = load(backend)
    if workers and not named:
        raise Unusable("workers need a backend that they can load themselves: give its name or path")
    level = level or ("strict" if loaded.ours or ids else "core")  # who asks for a check wants it judged
    collector = _Collector(loaded, on_plan, on_check)
    wanted = [check_id.split("/")[0] for check_id in ids] or concepts
    target = _from_anywhere(backend) if named else loaded.name
    files, missing = _files(wanted, notes, loaded)
    workers = _workers(loaded, named, len(files)) if workers is None else workers
    arguments = _arguments(files, target, level, dtype, ids, workers, junit)
    printed = io.StringIO()
    timeout = timeout or (COMPILING if loaded.ours else TIMEOUT)
    guarded = isolated(timeout, memory) if workers else contextlib.nullcontext()
    with guarded, _quiet_environment(), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = pytest.main(arguments, plugins=[collector])
    report = collector.report
    if report is None or (code not in (0, 1, 5)):
        raise Unusable(_why_not(code, printed.getvalue()))
    report.backend, report.level, report.seconds = loaded.name, level, time.perf_counter() - begun
    report.missing = missing
    known_failures = known_failures or loaded.known_failures
    announced = read_announced(known_failures, report, whole=not (ids or dtype)) if known_failures else {}
    return report.judged(announced)


def _workers(backend, named: bool, concepts: int) -> int:
    if not named:
        return 0
    if not backend.ours:
        return 1
    return min(WORKERS, os.cpu_count() or 1) if concepts >= MANY and not backend.one_process else 0


def _from_anywhere(backend: str) -> str:
    """The name of a backend for a process that may stand in another folder."""
    kind, target = adapters.split(backend)
    path = Path(target).expanduser()
    if target not in names() and path.exists():
        target = str(path.resolve())
    return f"{kind}:{target}" if kind else target


def _simulate(backend):
    """Before the kernels are imported, which is when they are made for one target or the other."""
    if backend != "cuda":
        raise Unusable(f"only the backend cuda can be simulated, not {backend}")
    target = sys.modules.get("nnspec.accelerated.cuda._target")
    if target is not None and not target.SIMULATED:
        raise Unusable("cuda is already loaded for a GPU in this process: simulate it in another one")
    os.environ["NNSPEC_CUDA"] = "simulate"


def _why_not(code: int, printed: str) -> str:
    if code == pytest.ExitCode.INTERRUPTED:
        return "the run was interrupted, by Ctrl-C or by a KeyboardInterrupt that the backend raised"
    usage = [line.removeprefix("ERROR: ") for line in printed.splitlines() if line.startswith("ERROR: ")]
    return usage[-1] if usage else f"pytest could not run the checks (exit code {int(code)}):\n{printed.strip()}"


class _Collector(GivenBackend):
    """Keeps the report of the run, and tells of its progress."""

    def __init__(self, backend, on_plan, on_check):
        super().__init__(backend)
        self.on_plan, self.on_check = on_plan, on_check
        self.report: Report | None = None

    def pytest_sessionstart(self, session):
        self.report = session.config.stash[REPORT]

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        if self.on_plan and self.report.planned:
            self.on_plan(self.report.planned)
        if self.on_check and self.report.checks and "nnspec" in dict(report.user_properties):
            self.on_check(self.report.checks[-1])


def _files(names, notes, backend) -> tuple[list[str], list[str]]:
    """The specifications that are asked, and the concepts of which the backend has nothing: they need no asking."""
    chosen = [concept for concept in catalogue.select(names, notes) if "spec" in concept.files]
    if not chosen:
        raise Unusable("nothing to check: no concept is selected")
    found = [concept for concept in chosen if _has_something_of(concept, backend)]
    asked = found or chosen
    missing = [concept.name for concept in chosen if concept not in asked]
    return [str(concept.files["spec"]) for concept in asked], missing


def _has_something_of(concept, backend) -> bool:
    """A function of its own, or all the parts of a composite that it inherits."""
    if any(backend.has(name) and not backend.inherits(name) for name in concept.functions):
        return True
    composites = [made() for made in catalogue.specs_of(concept)] if concept.composite else []
    return any(backend.inherits(spec.entry) and all(map(backend.has, spec.parts)) for spec in composites)


def _arguments(files, backend, level, dtype, ids, workers, junit) -> list[str]:
    arguments = [
        "-p",
        "nnspec.plugin",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:faulthandler",
        "-p",
        "no:warnings",
        "--tb=no",
        "-q",
    ]
    arguments += ["-c", str(Path(__file__).with_name("pytest.ini")), "--rootdir", str(Path(files[0]).parents[1])]
    arguments += ["--nnspec-backend", backend, "--nnspec-level", level]
    arguments += ["--nnspec-dtype", dtype] if dtype else []
    arguments += [f"--nnspec-id={check_id}" for check_id in ids]
    if workers:
        arguments += ["-p", "xdist", "-n", str(workers), "--dist", "load", "--max-worker-restart", str(sys.maxsize)]
    arguments += ["--junitxml", str(junit)] if junit else []
    return arguments + files


@contextlib.contextmanager
def _quiet_environment():
    """Neither the user's pytest options nor other plugins that happen to be installed take part."""
    ours = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": ""}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


__all__ = ["CannotLoad", "Unusable", "check"]
