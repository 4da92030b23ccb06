"""What keeps somebody else's code from taking the run along: it runs in a worker process, and costs its own checks.

The worker notes what it is about to do before each check; when it dies, the controlling process reads the note and
reports that check, and pytest-xdist starts another worker for the rest. What ended a worker CRASHES_A_PART times is
given up. Both sides meet in a folder, which NNSPEC_RUN names.
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

from nnspec.checking.items import check_of, is_check, parts_of
from nnspec.checking.results import Check, State

TIMEOUT, MEMORY = 30.0, 8.0  # seconds of one check; GiB beyond what the process has before the first one
CRASHES_A_PART = 2  # of a concept: what one class of its specification judges
LARGEST_FILE = 1 << 30  # bytes: what a backend prints goes to a file
PATCHABLE = (np, np.random, np.linalg)
_VARIABLE = "NNSPEC_RUN"
_PR_SET_PDEATHSIG = 1


class GivenUp(Exception):
    """Not run, because others of its kind ended their process."""


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
        told = json.loads((self.folder / "limits").read_text(encoding="utf-8"))
        return told["timeout"], told["memory"]

    def begin(self, check: Check, part: str, parts: list[str]):
        note = {"id": check.id, "level": check.level, "part": part, "parts": parts, "since": time.monotonic()}
        (self.folder / "running").write_text(json.dumps(note), encoding="utf-8")

    def died(self) -> Check:
        """The check in which the worker ended. Told once: it is counted."""
        note = json.loads((self.folder / "running").read_text(encoding="utf-8"))
        seconds, timeout = time.monotonic() - note["since"], self.limits[0]
        with (self.folder / "crashes").open("a", encoding="utf-8") as file:
            file.write(note["part"] + "\n")
        why = "it ended the process it ran in: a crash in compiled code, os._exit, or too much memory"
        if seconds >= timeout:
            why = f"took longer than {timeout:g} s and was stopped"
        return Check(note["id"], note["level"], State.ERRORED, why, seconds, tuple(note["parts"]))

    def crashes(self, part: str) -> int:
        file = self.folder / "crashes"
        return file.read_text(encoding="utf-8").split().count(part) if file.exists() else 0


@contextlib.contextmanager
def isolated(timeout: float, memory: float):
    """A run whose workers are to be guarded."""
    with tempfile.TemporaryDirectory(prefix="nnspec-") as folder:
        (Path(folder) / "limits").write_text(json.dumps({"timeout": timeout, "memory": memory}), encoding="utf-8")
        os.environ[_VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[_VARIABLE]
            _end_groups(Path(folder) / "groups")


class Guard:
    """The plugin of a worker: limits around the process, and around each check."""

    def __init__(self, run: Run):
        self.run = run
        self.timeout, memory = run.limits
        self.before = [dict(vars(module)) for module in PATCHABLE]
        self.nowhere = os.open(os.devnull, os.O_WRONLY)  # for faulthandler, which stops by telling where it stands
        _die_with_parent()
        _lead_a_group(run.folder / "groups")
        _limit_resources(memory)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        if not is_check(item):
            return (yield)
        check = check_of(item)
        part = item.cls.part()
        if self.run.crashes(part) >= CRASHES_A_PART:
            raise GivenUp(f"given up: {CRASHES_A_PART} checks of {part} ended their process")
        self.run.begin(check, part, parts_of(item))
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


def _lead_a_group(note: Path):
    """What the backend starts belongs to the worker's group, by which it is found again when the run is over."""
    if hasattr(os, "setpgid"):
        with contextlib.suppress(OSError):  # who leads a session leads a group already
            os.setpgid(0, 0)
        with note.open("a", encoding="utf-8") as file:
            file.write(f"{os.getpgid(0)}\n")


def _end_groups(note: Path):
    for group in map(int, note.read_text(encoding="utf-8").split() if note.exists() else ()):
        if group != os.getpgid(0):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)


def _limit_resources(memory: float):
    try:
        import resource
    except ModuleNotFoundError:  # not on Windows
        return
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0]) if _has_proc() else 0
    used = pages * resource.getpagesize()
    limits = {resource.RLIMIT_AS: used + int(memory * 2**30), resource.RLIMIT_FSIZE: LARGEST_FILE}
    for kind, limit in limits.items():
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _has_proc() -> bool:
    return Path("/proc/self/statm").exists()
