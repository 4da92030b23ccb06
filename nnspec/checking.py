"""Running the specification against a backend: pytest underneath, with a configuration of our own."""

import contextlib
import hashlib
import io
import json
import os
import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from nnspec import adapters, catalogue
from nnspec.backends import CannotLoad, load, names, near_names, split_class
from nnspec.common import DTYPES, LEVELS, Unusable, cache_root
from nnspec.isolation import MEMORY, TIMEOUT, isolated
from nnspec.plugin import REPORT, GivenBackend
from nnspec.results import BAD, Announced, Check, Report, State, read_announced, require_that_none_is_stale

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
    class, a dict.
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
    backend = os.fspath(backend) if isinstance(backend, os.PathLike) else backend
    named = isinstance(backend, str)
    concepts, ids = [*_several(concept), *_several(concepts)], _several(ids)
    notes = [*_several(note), *_several(notes)]
    for name, given, known in (("level", level, LEVELS), ("dtype", dtype, DTYPES)):
        if given not in (None, *known):
            raise Unusable(f"{name} must be one of {', '.join(known)}, got {given!r}")
    if simulate:
        _simulate(backend)
    loaded = load(backend)
    if workers and not named:
        raise Unusable("workers need a backend that they can load themselves: give its name or path")
    failed, failed_at = failed_last(backend) if last_failed and named else ([], None)
    level = level or failed_at or ("strict" if loaded.ours or ids else "core")  # who asks for a check wants it judged
    target = _from_anywhere(backend) if named else loaded.name
    wanted = _concepts_of(ids) if ids else concepts
    if failed:
        ids = [check_id for check_id in failed if not concepts or check_id.split("/")[0] in concepts]
        wanted = sorted({check_id.split("/")[0] for check_id in ids}) or concepts
    known_failures = known_failures or loaded.known_failures
    announced = read_announced(known_failures) if known_failures else []
    files, missing = _files(wanted, notes, loaded)
    ids = _whole_ids(ids, [name for name in wanted if name not in missing], dtype, lenient=bool(failed))
    here = workers == 0 and named
    workers = _workers(loaded, named, len(files)) if workers is None else workers
    collector = _Collector(loaded, on_plan, on_check, here=here, stops_at=_stops_at(announced) if exitfirst else None)
    arguments = _arguments(files, target, level, dtype, ids, workers, junit, run_all) + ["-s"] * here
    arguments += ["--maxschedchunk", "1"] * bool(workers and exitfirst)
    printed = io.StringIO()
    timeout = timeout or (COMPILING if loaded.ours else TIMEOUT)
    guarded = isolated(timeout, memory) if workers else contextlib.nullcontext()
    with guarded, _quiet_environment(), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = pytest.main(arguments, plugins=[collector])
    report = collector.report
    stopped = collector.stopped_after is not None
    if report is None or (code not in (0, 1, 5) and not stopped):
        _require_known(ids, wanted)
        raise Unusable(_why_not(code, printed.getvalue()))
    if stopped:
        del report.checks[collector.stopped_after :]  # workers end what they have begun
    report.backend, report.level, report.seconds = loaded.name, level, time.perf_counter() - begun
    report.missing, report.stopped = missing, stopped
    report.selected = wanted or [concept.name for concept in catalogue.select(notes=notes)] * bool(notes)
    _tell_of_names(report, loaded)
    report.command = shlex.join(["nnspec", "check", backend, *["--simulate"] * simulate]) if named else ""
    whole = not (ids or dtype or report.stopped)
    if whole:
        require_that_none_is_stale(announced, known_failures, report)
    report = report.judged(announced, whole=whole)
    if named:
        _remember(backend, report)
    return report


def _several(given) -> list:
    """One, or several, as a list."""
    return [given] if isinstance(given, (str, int)) else list(given)


def _concepts_of(ids) -> list[str]:
    """The concepts that checks belong to. An id may be the beginning of one, or a glob."""
    wanted: dict[str, None] = {}
    for check_id in ids:
        concept, slash, _ = check_id.partition("/")
        found = [name for name in catalogue.concepts() if name == concept or fnmatchcase(name, concept)]
        found = found or [name for name in catalogue.concepts() if not slash and concept and name.startswith(concept)]
        wanted |= dict.fromkeys(found or [concept])  # an unknown one is told as such where concepts are selected
    return list(wanted)


def _whole_ids(ids, concepts, dtype, *, lenient: bool) -> list[str]:
    """The checks of these concepts that are meant. To know them all, their specifications are imported, which takes a
    second: what looks like a whole id is believed.

    lenient: an id that is no longer known is left out.
    """
    if lenient:
        return [check_id for check_id in _planned(concepts, dtype) if check_id in set(ids)]
    if not dtype and all(check_id.endswith(DTYPES) and not any(c in check_id for c in "*?[") for check_id in ids):
        return [check_id for check_id in ids if check_id.split("/")[0] in concepts]
    planned = _planned(concepts, dtype) if ids else []
    meant = {given: [i for i in planned if i == given or i.startswith(given) or fnmatchcase(i, given)] for given in ids}
    _require_known([given for given, found in meant.items() if not found], concepts, dtype)
    return list(dict.fromkeys(check_id for found in meant.values() for check_id in found))


def _require_known(ids, concepts, dtype=None):
    planned = _planned(concepts, dtype) if ids else []
    for check_id in ids:
        if check_id not in planned:
            close = get_close_matches(check_id, planned, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise Unusable(f"there is no check {check_id}{f' in {dtype}' if dtype else ''}{hint}")


def _planned(concepts, dtype=None) -> list[str]:
    """The ids of all checks of these concepts, as the plugin makes them."""
    from nnspec.spec_tests._spec import LEVEL_OF

    made = []
    for spec in [spec for concept in catalogue.select(concepts) for spec in catalogue.specs_of(concept)]:
        part = "" if spec.part() == spec.concept() else f"{spec.part()}."
        for name in LEVEL_OF:
            planned = spec().plan(name, dtype)
            made += [f"{spec.concept()}/{part}{name}/{one.id}" for one in planned]
    return made


def _tell_of_names(report: Report, backend):
    """What the names in the namespace tell: concepts that are there in part, composed ones, and misspelt names."""
    asked = [c for c in catalogue.concepts().values() if not report.selected or c.name in report.selected]
    functions = {name for concept in asked for name in concept.functions}
    report.near = {near: meant for near, meant in near_names(backend.namespace).items() if meant in functions}
    report.partly = {
        c.name: lacking
        for c in asked
        if (lacking := _lacking(c, backend, report.near) or _without_gradients(c, backend, report))
    }
    report.composed = [concept.name for concept in asked if _is_composed(concept, backend)]


def _lacking(concept, backend, near: dict[str, str]) -> list[str]:
    """The forwards without which a backward stands there, and the backwards that a forward lacks."""
    told = []
    for name in concept.functions:
        stem = name.removesuffix("_forward").removesuffix("_backward")
        pair = [other for other in (stem, f"{stem}_forward", f"{stem}_backward") if other in concept.functions]
        if len(pair) == 2 and not backend.has(name) and any(map(backend.has, pair)):
            hints = [f" (it has {other}: did you mean {name}?)" for other, meant in near.items() if meant == name]
            told.append(f"no {name}{''.join(hints)}")
    return told


def _without_gradients(concept, backend, report: Report) -> list[str]:
    """Why nothing but its outputs was judged, where that is so: its backward cannot be run, for instance."""
    if any(map(backend.inherits, concept.functions)):  # then it lacks a part, which is told there
        return []
    found = {"value": [], "gradient": []}
    for check in report.checks:
        if check.concept == concept.name and check.property_name in found:
            found[check.property_name].append(check)
    has_values = any(check.state is State.PASSED for check in found["value"])
    if not (has_values and found["gradient"]):
        return []
    texts = Counter(check.text for check in found["gradient"])
    lacks_all = all(check.state is State.NOT_IMPLEMENTED for check in found["gradient"])
    return [f"no gradient could be judged: {texts.most_common(1)[0][0]}"] if lacks_all else []


def _is_composed(concept, backend) -> bool:
    """Whether the backend did not write it: it is the reference's composite, on its parts."""
    inherited = any(map(backend.inherits, concept.functions))
    return inherited and not any(_is_own(backend, name) for name in concept.functions)


def _is_own(backend, name: str) -> bool:
    """Whether the backend wrote it: neither a composite nor a procedure that it has from the reference."""
    from nnspec import reference

    given = getattr(backend.namespace, name, None)
    return callable(given) and not backend.inherits(name) and given is not getattr(reference, name)


# -- what failed last ------------------------------------------------------------------------------------------------


def failed_last(backend: str) -> tuple[list[str], str | None]:
    """The ids of what failed when this backend was last checked, and at which level."""
    try:
        told = json.loads(_memory_of(backend).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # never checked, or cut short while it was written
        return [], None
    failed = [check_id for check_id in told["failed"] if check_id.split("/")[0] in catalogue.concepts()]
    return failed, told["level"] if failed else None


def _remember(backend: str, report: Report):
    """What failed now, and what failed before and was not asked this time. A folder that refuses is no error."""
    ran = {check.id for check in report.checks}
    failed = [check.id for check in report.asked() if check.state in BAD]
    kept = [check_id for check_id in failed_last(backend)[0] if check_id not in ran]
    file = _memory_of(backend)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"level": report.level, "failed": [*kept, *failed]}), encoding="utf-8")


def _memory_of(backend: str) -> Path:
    name = hashlib.sha256(_from_anywhere(backend).encode()).hexdigest()[:32]
    return cache_root() / "failed" / f"{name}.json"


# -- how it is run ---------------------------------------------------------------------------------------------------


def _workers(backend, named: bool, concepts: int) -> int:
    if not named:
        return 0
    if not backend.ours:
        return 1
    return min(WORKERS, os.cpu_count() or 1) if concepts >= MANY and not backend.one_process else 0


def _from_anywhere(backend: str) -> str:
    """The name of a backend for a process that may stand in another folder."""
    kind, target = adapters.split(backend)
    place, name = split_class(target)
    path = Path(place).expanduser()
    if target not in names() and path.exists():
        target = f"{path.resolve()}:{name}" if name else str(path.resolve())
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


def _stops_at(announced: list[Announced]) -> Callable[[Report, Check], bool]:
    """Whether a check is a failure at the asked level that nobody announced."""
    return lambda report, check: (
        check.state in BAD and report.counts(check) and not any(one.matches(check.id) for one in announced)
    )


class _Collector(GivenBackend):
    """Keeps the report of the run, tells of its progress, and stops it where that is asked."""

    def __init__(self, backend, on_plan, on_check, *, here: bool, stops_at: Callable[[Report, Check], bool] | None):
        super().__init__(backend)
        self.on_plan, self.on_check, self.stops_at = on_plan, on_check, stops_at
        self.streams = (sys.stdout, sys.stderr) if here else None
        self.report: Report | None = None
        self.session = None
        self.stopped_after: int | None = None  # checks

    def pytest_sessionstart(self, session):
        self.session, self.report = session, session.config.stash[REPORT]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self):
        """In the command's own process the backend has the terminal, for what it prints and for a debugger."""
        if self.streams is None:
            return (yield)
        out, err = self.streams
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            return (yield)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        if self.on_plan and self.report.planned:
            self.on_plan(self.report.planned)
        if not self.report.checks or "nnspec" not in dict(report.user_properties):
            return
        if self.on_check:
            self.on_check(self.report.checks[-1])
        if self.stops_at and self.stopped_after is None and self.stops_at(self.report, self.report.checks[-1]):
            self.stopped_after = len(self.report.checks)
            told = "stopping at the first failure"
            if workers := self.session.config.pluginmanager.getplugin("dsession"):
                workers.shouldstop = told
            else:
                self.session.shouldstop = told


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


def _arguments(files, backend, level, dtype, ids, workers, junit, run_all) -> list[str]:
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
    arguments += ["--nnspec-all"] if run_all else []
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
