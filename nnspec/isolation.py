"""What keeps somebody else's code from taking the run along: it runs in a worker process, and costs its own checks.

The worker notes what it is about to do before each check; when it dies, the controlling process reads the note and
reports that check, and pytest-xdist starts another worker for the rest. A concept is given up after CRASHES_A_CONCEPT
of its checks ended a worker. Both sides meet in a folder, which NNSPEC_RUN names.
"""

import contextlib
import ctypes
import faulthandler
import json
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

TIMEOUT, MEMORY = 30.0, 8.0  # seconds of one check; GiB beyond what the process has before the first one
CRASHES_A_CONCEPT = 2
LARGEST_FILE = 1 << 30  # bytes: what a backend prints goes to a file
PATCHABLE = (np, np.random, np.linalg)
_VARIABLE = "NNSPEC_RUN"
_PR_SET_PDEATHSIG = 1


class GivenUp(Exception):
    """Not run, because others of its concept ended their process."""


class Patched(Exception):
    """The backend replaced functions that belong to everybody."""


@dataclass(frozen=True)
class Run:
    """The folder in which worker and controlling process meet."""

    folder: Path

    @classmethod
    def current(cls) -> "Run | None":
        return cls(Path(os.environ[_VARIABLE])) if _VARIABLE in os.environ else None

    @property
    def limits(self) -> tuple[float, float]:
        told = json.loads((self.folder / "limits").read_text())
        return told["timeout"], told["memory"]

    def begin(self, check_id: str, level: str):
        note = {"id": check_id, "level": level, "since": time.monotonic()}
        (self.folder / "running").write_text(json.dumps(note))

    def died(self) -> tuple[str, str, str, float]:
        """(id, level, what happened, seconds) of the check in which the worker ended. Told once: it is counted."""
        note = json.loads((self.folder / "running").read_text())
        seconds, timeout = time.monotonic() - note["since"], self.limits[0]
        with (self.folder / "crashes").open("a") as file:
            file.write(note["id"].split("/")[0] + "\n")
        if seconds >= timeout:
            return note["id"], note["level"], f"took longer than {timeout:g} s and was stopped", seconds
        why = "it ended the process it ran in: a crash in compiled code, os._exit, or too much memory"
        return note["id"], note["level"], why, seconds

    def crashes(self, concept: str) -> int:
        file = self.folder / "crashes"
        return file.read_text().split().count(concept) if file.exists() else 0


@contextlib.contextmanager
def isolated(timeout: float, memory: float):
    """A run whose workers are to be guarded."""
    with tempfile.TemporaryDirectory(prefix="nnspec-") as folder:
        (Path(folder) / "limits").write_text(json.dumps({"timeout": timeout, "memory": memory}))
        os.environ[_VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[_VARIABLE]


class Guard:
    """The plugin of a worker: limits around the process, and around each check."""

    def __init__(self, run: Run):
        self.run = run
        self.timeout, memory = run.limits
        self.before = [dict(vars(module)) for module in PATCHABLE]
        self.nowhere = os.open(os.devnull, os.O_WRONLY)  # for faulthandler, which stops by telling where it stands
        _die_with_parent()
        _limit_resources(memory)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        from nnspec.plugin import check_of, is_check

        if not is_check(item):
            return (yield)
        check = check_of(item)
        if self.run.crashes(check.concept) >= CRASHES_A_CONCEPT:
            raise GivenUp(f"given up: {CRASHES_A_CONCEPT} checks of {check.concept} ended their process")
        self.run.begin(check.id, check.level)
        faulthandler.dump_traceback_later(self.timeout, exit=True, file=self.nowhere)
        try:
            return (yield)
        finally:
            faulthandler.cancel_dump_traceback_later()
            self._undo_patches()

    def _undo_patches(self):
        changed = []
        for module, before in zip(PATCHABLE, self.before, strict=True):
            now = vars(module)
            for name, value in before.items():
                if now.get(name) is not value:
                    changed.append(f"{module.__name__}.{name}")
                    setattr(module, name, value)
        if changed:
            raise Patched(f"replaced {', '.join(sorted(changed))}, which belongs to everybody; it has been put back")


def guard_of(config) -> Guard | None:
    """For a worker of an isolated run."""
    run = Run.current()
    return Guard(run) if run is not None and hasattr(config, "workerinput") else None


def _die_with_parent():
    """On Linux: a worker never outlives the process that started it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit_resources(memory: float):
    try:
        import resource
    except ModuleNotFoundError:  # not on Windows
        return
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() if _has_proc() else 0
    limits = {resource.RLIMIT_AS: used + int(memory * 2**30), resource.RLIMIT_FSIZE: LARGEST_FILE}
    for kind, limit in limits.items():
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _has_proc() -> bool:
    return Path("/proc/self/statm").exists()
