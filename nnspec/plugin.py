"""The pytest plugin: `pytest -p nnspec.plugin --pyargs nnspec.spec_tests --nnspec-backend BACKEND`.

Collects spec files under their dotted names, parametrizes their inherited properties over cases and dtypes, and turns
outcomes into states. Checks above the asked level are advice: they run where the levels below pass, and cannot fail the
run.
"""

import importlib
import json
import sys
import warnings
from pathlib import Path

import pytest

from nnspec import benchmarks, spec_tests
from nnspec.backends import Backend, CannotLoad, Name, NotSupplied, load
from nnspec.checking.isolation import GivenUp, Patched, Run, guard_of
from nnspec.checking.items import BACKEND, FAILING, REPORT, check_of, is_check, parts_of
from nnspec.checking.results import UNJUDGED, Check, Results, State
from nnspec.common import DTYPES, LEVELS, place_of, with_threads

PRINTED_LINES, PRINTED_CHARACTERS = 20, 2000  # of what a backend printed, the last


class NotRun(Exception):
    """Above the asked level, of a concept that fails at core."""


def pytest_addoption(parser):
    group = parser.getgroup("nnspec")
    group.addoption("--nnspec-backend", metavar="BACKEND", help="a name, module or path (default: cpu)")
    group.addoption("--nnspec-level", choices=LEVELS, help="what decides the outcome (default: core; ours: strict)")
    group.addoption("--nnspec-dtype", choices=DTYPES, help="only this dtype")
    group.addoption("--nnspec-all", action="store_true", help="run the levels above core where core fails, too")
    group.addoption("--nnspec-id", action="append", default=[], metavar="ID", help="only this check")


class Recorder:
    """Turns what pytest reports, from this process or from workers, into the checks of a Results."""

    def __init__(self, report: Results):
        self.report = report

    def pytest_runtest_logreport(self, report):
        if report.when == "???" and (run := Run.current()):  # pytest-xdist's word for what ended its worker
            self.report.checks.append(run.died())
        if told := dict(report.user_properties).get("nnspec"):
            told = json.loads(told)
            told |= {"state": State(told["state"]), "parts": tuple(told["parts"])}
            self.report.checks.append(Check(**told))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node, ids):
        self.report.planned = len(ids)


def pytest_configure(config):
    if not config.invocation_params.plugins and "numba" not in sys.modules:  # not inside of somebody's session
        with_threads(Name.read(config.getoption("--nnspec-backend") or "cpu").kind)
    config.stash[REPORT] = Results(backend="", level=config.getoption("--nnspec-level") or "")
    config.pluginmanager.register(Recorder(config.stash[REPORT]), "nnspec-recorder")
    if guard := guard_of(config):
        config.pluginmanager.register(guard, "nnspec-guard")


def backend_of(config) -> Backend:
    """Loaded when the first check needs it, so that runs without checks need no backend."""
    if BACKEND not in config.stash:
        try:
            config.stash[BACKEND] = load(config.getoption("--nnspec-backend") or "cpu")
        except CannotLoad as error:
            raise pytest.UsageError(str(error)) from error
    backend, report = config.stash[BACKEND], config.stash[REPORT]
    report.backend = backend.name
    report.level = report.level or ("strict" if backend.ours else "core")
    return backend


@pytest.fixture(scope="session")
def backend(request) -> Backend:
    return backend_of(request.config)


class SpecModule(pytest.Module):
    """A file of the specification, imported under its dotted name whatever folder pytest stands in."""

    def _getobj(self):
        return importlib.import_module(_dotted(self.path))


def pytest_pycollect_makemodule(module_path, parent):
    return SpecModule.from_parent(parent, path=module_path) if _dotted(module_path) else None


def pytest_ignore_collect(collection_path, config):
    """Whoever names a backend asks about that backend, and not about the suite itself."""
    ours = collection_path.name == "meta" and _dotted(collection_path)
    return True if ours and config.getoption("--nnspec-backend") else None


def _dotted(path: Path) -> str | None:
    for package in (spec_tests, benchmarks):
        root = Path(package.__path__[0])
        if path.is_relative_to(root):
            return ".".join([package.__name__, *path.relative_to(root).with_suffix("").parts])
    return None


def pytest_generate_tests(metafunc):
    if "planned" in metafunc.fixturenames:
        dtype = metafunc.config.getoption("--nnspec-dtype")
        planned = metafunc.cls().plan(metafunc.function.__name__.removeprefix("test_"), dtype)
        metafunc.parametrize("planned", planned, ids=[p.id for p in planned])
    if "bench_size" in metafunc.fixturenames:
        from nnspec.benchmarks._kinds import BACKENDS

        given = metafunc.config.getoption("--nnspec-backend")
        backends = dict.fromkeys([*BACKENDS, *([given] if given else [])])
        metafunc.parametrize(("bench_size", "bench_backend"), [(s, b) for s in metafunc.cls.sizes for b in backends])


def pytest_collection_modifyitems(config, items):
    items[:] = [item for item in items if not _parametrized_over_nothing(item)]
    if any(map(is_check, items)):
        backend = backend_of(config)
        items[:] = [item for item in items if not is_check(item) or _small_enough(item, backend)]
    if wanted := set(config.getoption("--nnspec-id")):
        known = {check_of(item).id for item in items if is_check(item)}
        if unknown := sorted(wanted - known):
            raise pytest.UsageError(f"there is no check {', '.join(unknown)}")
        items[:] = [item for item in items if is_check(item) and check_of(item).id in wanted]
    items.sort(key=_by_level)
    config.stash[REPORT].planned = sum(map(is_check, items))


def _by_level(item) -> tuple:
    """Of each concept, the lower level first: whether it passes decides if the others run. The order else stays."""
    return (str(item.path), LEVELS.index(check_of(item).level)) if is_check(item) else (str(item.path), -1)


def _parametrized_over_nothing(item) -> bool:
    planned = getattr(item, "callspec", None) and item.callspec.params.get("planned")
    return is_check(item) and not hasattr(planned, "case")


def _small_enough(item, backend: Backend) -> bool:
    """For a backend that says how much it can take. Of what it composes of its parts, which are asked by themselves, it
    is asked one case: that they fit together."""
    if backend.largest_input is None:
        return True
    spec, case, name = item.cls(), item.callspec.params["planned"].case, item.originalname
    if backend.inherits(spec.entry):
        return name in ("test_value", "test_gradient") and case.name == "distinct"
    scale = name == "test_scale"  # it looks for what only large inputs show
    return not scale and spec.largest_input(case) <= backend.largest_input


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    if is_check(item) and not item.config.getoption("--nnspec-all"):
        report, check = item.config.stash[REPORT], check_of(item)
        if not report.counts(check) and check.concept in item.config.stash.get(FAILING, ()):
            raise NotRun(f"{check.concept} fails at core")
    with warnings.catch_warnings():
        # Of the suite's own arithmetic, which goes to extremes on purpose; those of the backend's lines are shown.
        warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"(nnspec|numpy|scipy)\.")
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    result = yield
    if not is_check(item) or (call.when != "call" and result.passed):
        return result
    config, check = item.config, check_of(item)
    backend = config.stash[BACKEND]
    state, text = _outcome(item, call)
    if state in (State.FAILED, State.ERRORED):
        text += _looked_at(item) if len(config.getoption("--nnspec-id")) == 1 else ""
        text += _printed(result.sections)
        if check.level == LEVELS[0]:
            config.stash.setdefault(FAILING, set()).add(check.concept)
    told = {
        "id": check.id,
        "level": check.level,
        "state": state,
        "text": text,
        "seconds": call.duration,
        "parts": sorted(backend.parts_used) or parts_of(item),
        "margin": item.instance.margin,
        "follows": item.instance.follows,
    }
    backend.parts_used.clear()
    result.sections.clear()  # whatever a backend prints, by the megabyte if it likes
    result.user_properties = [*result.user_properties, ("nnspec", json.dumps(told))]
    if state in UNJUDGED:
        result.outcome, result.longrepr = "skipped", (str(item.path), 0, f"{state.value.replace('_', ' ')}: {text}")
    elif state is not State.PASSED:
        result.longrepr = f"{check.id}\n{text}"
        if not config.stash[REPORT].counts(check):
            result.outcome, result.wasxfail = "skipped", f"advice ({check.level}): {text}"
    return result


def _outcome(item, call) -> tuple[State, str]:
    from nnspec.spec_tests._verdict import BackendRaised, CheckFailed

    if call.excinfo is None:
        return State.PASSED, ""
    error = call.excinfo.value
    if isinstance(error, NotRun):
        return State.NOT_RUN, str(error)
    if isinstance(error, NotSupplied):
        return State.NOT_IMPLEMENTED, str(error)
    if isinstance(error, CheckFailed):
        return State.FAILED, f"{error}{_formula(item)}"
    if isinstance(error, (GivenUp, Patched)):
        return State.ERRORED, str(error)
    if isinstance(error, BackendRaised):
        return State.ERRORED, f"{error}{_formula(item)}"
    said = f"{type(error).__name__}: {error} ({place_of(error)})"
    return State.ERRORED, f"the suite itself broke, please report it: {said}"


def _printed(sections) -> str:
    """The end of what the backend printed during the check."""
    told = "".join(text for title, text in sections if title.startswith("Captured std")).strip()
    lines = told[-PRINTED_CHARACTERS:].splitlines()[-PRINTED_LINES:]
    return "\nprinted: " + "\n  ".join(lines) if lines else ""


def _looked_at(item) -> str:
    """For a check that was asked for by its id: what went in, what came out, and what should have."""
    shown = [f"{label} {value}" for label, value in (item.instance.looked_at or {}).items()]
    return "\n".join(["", *shown])


def _formula(item) -> str:
    definition = getattr(item.cls, "definition", None)
    if definition is None or item.originalname in ("test_errors", "test_purity", "test_dtype"):
        return ""
    text = definition.__doc__  # which python -OO leaves out
    return f"\nformula: {text.strip()}" if text else ""
