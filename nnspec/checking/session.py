"""The session of pytest that a check is: its arguments, what it must not see, and what is made of its reports."""

import contextlib
import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from nnspec.checking.isolation import isolated
from nnspec.checking.items import BACKEND, REPORT
from nnspec.checking.results import BAD, Announced, Check, Results
from nnspec.checking.selecting import Chosen
from nnspec.common import Unusable


@dataclass(frozen=True)
class Session:
    """How pytest is run."""

    chosen: Chosen
    backend: str  # what workers load
    level: str
    dtype: str | None
    workers: int
    here: bool  # in this process, which gives the backend its terminal
    junit: str | None
    run_all: bool
    exitfirst: bool
    limits: tuple[float, float]  # of a worker: seconds a check, GiB
    by_concept: bool  # a concept to a worker, which compiles its kernels and knows whether core has failed

    def run(self, collector: "Collector") -> Results:
        """Raises Unusable where pytest could not run."""
        printed = io.StringIO()
        guarded = isolated(*self.limits) if self.workers else contextlib.nullcontext()
        collector.streams = (sys.stdout, sys.stderr) if self.here else None
        with guarded, _quiet_environment(), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            code = pytest.main(self.arguments(), plugins=[collector])
        results, stopped_after = collector.results, collector.stopped_after
        if results is None or (code not in (0, 1, 5) and stopped_after is None):
            if not collector.broken:
                self.chosen.require_known()
            raise Unusable(collector.broken or _why_not(code, printed.getvalue()))
        if stopped_after is not None:
            del results.checks[stopped_after:]  # workers end what they have begun
        results.missing, results.selected = self.chosen.missing, self.chosen.concepts
        results.stopped = stopped_after is not None
        return results

    def arguments(self) -> list[str]:
        plugins = [
            "nnspec.plugin",
            "no:cacheprovider",
            "no:faulthandler",
            "no:warnings",
            "no:unraisableexception",  # it collects all garbage of the process twice, for warnings that nobody sees
            *["xdist"] * bool(self.workers),
        ]
        root = Path(self.chosen.files[0]).parents[1]
        given = ["--tb=no", "-q", "-c", str(Path(__file__).with_name("pytest.ini")), "--rootdir", str(root)]
        given += [text for plugin in plugins for text in ("-p", plugin)]
        given += ["--nnspec-backend", self.backend, "--nnspec-level", self.level]
        given += ["--nnspec-dtype", self.dtype] * bool(self.dtype) + ["--nnspec-all"] * self.run_all
        given += [f"--nnspec-id={check_id}" for check_id in self.chosen.ids]
        if self.workers:
            one_by_one = self.exitfirst or (self.workers > 1 and not self.by_concept)  # no worker is left with many
            dist = "loadfile" if self.workers > 1 and not one_by_one else "load"
            given += ["-n", str(self.workers), "--dist", dist, "--max-worker-restart", str(sys.maxsize)]
            given += ["--maxschedchunk", "1"] * one_by_one
        given += ["-s"] * self.here + ["--junitxml", str(self.junit)] * bool(self.junit)
        return given + self.chosen.files


class Collector:
    """Hands pytest the backend, which may be an object that no command line can name, keeps the results, tells of the
    progress, and stops the run where that is asked."""

    def __init__(self, backend, on_plan, on_check, stops_at: Callable[[Results, Check], bool] | None):
        self.backend = backend
        self.on_plan, self.on_check, self.stops_at = on_plan, on_check, stops_at
        self.streams = None  # of the command's own process, where the backend is to have them
        self.results: Results | None = None
        self.session = None
        self.stopped_after: int | None = None  # checks
        self.broken = ""  # why a file of the specification cannot be imported

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config):
        config.stash[BACKEND] = self.backend

    def pytest_sessionstart(self, session):
        self.session, self.results = session, session.config.stash[REPORT]

    def pytest_collectreport(self, report):
        if report.failed:
            told = [
                line.removeprefix("E ").strip() for line in report.longreprtext.splitlines() if line.startswith("E ")
            ]
            self.broken = f"{report.nodeid} cannot be imported: {told[-1] if told else report.longreprtext}"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self):
        """The backend has the terminal, for what it prints and for a debugger."""
        if self.streams is None:
            return (yield)
        out, err = self.streams
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            return (yield)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        if self.on_plan and self.results.planned:
            self.on_plan(self.results.planned)
        if not self.results.checks or "nnspec" not in dict(report.user_properties):
            return
        if self.on_check:
            self.on_check(self.results.checks[-1])
        if self.stops_at and self.stopped_after is None and self.stops_at(self.results, self.results.checks[-1]):
            self.stopped_after = len(self.results.checks)
            told = "stopping at the first failure"
            if workers := self.session.config.pluginmanager.getplugin("dsession"):
                workers.shouldstop = told
            else:
                self.session.shouldstop = told


def stops_at(announced: list[Announced]) -> Callable[[Results, Check], bool]:
    """Whether a check is a failure at the asked level that nobody announced."""
    return lambda report, check: (
        check.state in BAD and report.counts(check) and not any(one.matches(check.id) for one in announced)
    )


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


def _why_not(code: int, printed: str) -> str:
    if code == pytest.ExitCode.INTERRUPTED:
        return "the run was interrupted, by Ctrl-C or by a KeyboardInterrupt that the backend raised"
    usage = [line.removeprefix("ERROR: ") for line in printed.splitlines() if line.startswith("ERROR: ")]
    return usage[-1] if usage else f"pytest could not run the checks (exit code {int(code)}):\n{printed.strip()}"
