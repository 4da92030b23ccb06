"""Two revisions against each other: fresh processes of both, which take turns A B B A …, round by round.

Both are alive at once and time a block when they are told to, so their rounds are as close in time as those of
contestants in one process. The rest, which differs from process to process (where memory lies), is covered by several
pairs of fresh processes: the interval draws pairs first, then rounds. What lies beyond the threshold is measured again
with other pairs.
"""

import contextlib
import functools
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from nnspec.backends.name import Name
from nnspec.bench.results import git
from nnspec.bench.verdict import THRESHOLD, Judged, judge
from nnspec.common import Unusable, checkout

PAIRS = 3  # of fresh processes
ROUNDS = 15  # in each


@dataclass(frozen=True)
class Side:
    """Where one side is taken from: our tree, and the backend in it or beside it."""

    root: Path
    backend: str


@dataclass(frozen=True)
class Home:
    """The repository whose revisions are compared: that in which the backend lies, or ours."""

    repository: Path
    name: Name
    path: Path | None  # of a contributed backend, in the repository

    @classmethod
    def of(cls, backend: str) -> "Home":
        """Raises CannotLoad, and Unusable for a contributed backend that is in no repository."""
        name = Name.read(backend)
        module, path, _ = name.located()
        if path is None and not (module or "").startswith("nnspec."):
            raise Unusable(f"ab compares checkouts: name the path of {backend}, in its repository")
        if path is None:
            return cls(checkout(), name, None)
        top = git("rev-parse", "--show-toplevel", folder=path if path.is_dir() else path.parent)
        if not top:
            raise Unusable(f"{backend} is in no git repository, of which revisions could be compared")
        return cls(Path(top), name, path.relative_to(Path(top).resolve()))

    def as_it_is(self) -> Side:
        return self._side(self.repository)

    @contextlib.contextmanager
    def checked_out(self, revision: str):
        """A revision, in a worktree that goes away again."""
        with tempfile.TemporaryDirectory(prefix="nnspec-") as folder:
            root = Path(folder) / "tree"
            done = subprocess.run(
                ["git", "-C", str(self.repository), "worktree", "add", "--detach", str(root), revision],
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise Unusable(f"cannot check out {revision}: {done.stderr.strip().splitlines()[-1]}")
            try:
                yield self._side(root)
            finally:
                command = ["worktree", "remove", "--force", str(root)]
                subprocess.run(["git", "-C", str(self.repository), *command], check=True)

    def _side(self, tree: Path) -> Side:
        if self.path is None:
            return Side(tree, self.name.given)
        return Side(checkout(), ":".join(filter(None, (self.name.kind, str(tree / self.path), self.name.inner))))


class Revision:
    """A process that holds one side."""

    def __init__(self, side: Side, dtype: str, threads: int):
        from nnspec.benchmarks import _worker

        instrument = Path(_worker.__file__).parent
        self.side = side
        arguments = [str(side.root), str(instrument), side.backend, dtype, str(threads)]
        self.said = tempfile.TemporaryFile("w+")  # noqa: SIM115 (a pipe that nobody reads would fill up)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _worker.LAUNCH, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
            text=True,
            cwd=tempfile.gettempdir(),
        )

    def ask(self, *command):
        with contextlib.suppress(BrokenPipeError):  # it has ended already
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()
            if line := self.process.stdout.readline():
                return json.loads(line)
        self.process.wait()
        self.said.seek(0)
        told = self.said.read().strip().splitlines()
        raise Unusable(f"the process for {self.side.root} ended: {told[-1] if told else 'it said nothing'}")

    def end(self):
        self.process.kill()
        self.process.communicate()
        self.said.close()


def compare(
    old: Side,
    new: Side,
    cases: Iterable[tuple[type, str]],
    *,
    dtype="float32",
    threads=1,
    threshold=THRESHOLD,
    pairs=PAIRS,
    rounds=ROUNDS,
) -> list[Judged]:
    """A verdict on each case (benchmark, size)."""

    def measured(cases):
        """By case: a ratio, or why there is none."""
        logs, reasons = {case: [] for case in cases}, {}
        for _ in range(pairs):
            for case, found in _pair(old, new, dtype, threads, cases, rounds):
                if isinstance(found, str):
                    reasons[case] = found
                else:
                    logs[case].append(found)
        return {case: (_ratio(groups), reasons.get(case, "")) for case, groups in logs.items()}

    judged = []
    for case, (ratio, why) in measured(list(cases)).items():
        bench, size = case
        again = functools.partial(lambda case: measured([case])[case][0], case)
        judged.append(replace(judge(f"{bench.label()} {size}", ratio, again, threshold), why=why))
    return judged


def _ratio(groups: list[list[float]]) -> dict | None:
    from nnspec.benchmarks._timing import median_ratio

    return median_ratio(groups).as_dict() if groups else None


def _pair(old, new, dtype, threads, cases, rounds):
    """(case, log-ratios of its rounds) from one fresh process a side, or why a side cannot be timed."""
    sides = [Revision(side, dtype, threads) for side in (old, new)]
    try:
        for bench, size in cases:
            singles = [side.ask("prepare", bench.__module__, bench.__name__, size) for side in sides]
            reasons = [single for single in singles if isinstance(single, str)]
            yield (bench, size), reasons[0] if reasons else _rounds(sides, singles, rounds)
    finally:
        for side in sides:
            side.end()


def _rounds(sides, singles, rounds) -> list[float]:
    from nnspec.benchmarks._timing import repeats_for

    repeats = repeats_for(min(singles))
    logs = []
    for number in range(rounds):
        turn = (0, 1) if number % 2 == 0 else (1, 0)  # A B B A
        seen = {which: sides[which].ask("block", repeats) for which in turn}
        logs.append(math.log(seen[1] / seen[0]))
    return logs
