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
from dataclasses import replace
from pathlib import Path

from nnspec.bench.verdict import THRESHOLD, Judged, judge
from nnspec.common import Unusable

PAIRS = 3  # of fresh processes
ROUNDS = 15  # in each


class Revision:
    """A process that holds one revision."""

    def __init__(self, root: Path, backend: str, dtype: str, threads: int):
        from nnspec.benchmarks import _worker

        instrument = Path(_worker.__file__).parent
        arguments = [str(root), str(instrument), backend, dtype, str(threads)]
        self.root = root
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
        raise Unusable(f"the process for {self.root} ended: {told[-1] if told else 'it said nothing'}")

    def end(self):
        self.process.kill()
        self.process.communicate()
        self.said.close()


@contextlib.contextmanager
def checked_out(revision: str, repository: Path):
    """The folder of a revision, in a worktree that goes away again."""
    with tempfile.TemporaryDirectory(prefix="nnspec-") as folder:
        root = Path(folder) / "tree"
        done = subprocess.run(
            ["git", "-C", str(repository), "worktree", "add", "--detach", str(root), revision],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise Unusable(f"cannot check out {revision}: {done.stderr.strip().splitlines()[-1]}")
        try:
            yield root
        finally:
            subprocess.run(["git", "-C", str(repository), "worktree", "remove", "--force", str(root)], check=True)


def compare(
    old: Path,
    new: Path,
    cases: Iterable[tuple[type, str]],
    *,
    backend="cpu",
    dtype="float32",
    threads=1,
    threshold=THRESHOLD,
    pairs=PAIRS,
    rounds=ROUNDS,
) -> list[Judged]:
    """A verdict on each case (benchmark, size) of two checkouts."""

    def measured(cases):
        """By case: a ratio, or why there is none."""
        logs, reasons = {case: [] for case in cases}, {}
        for _ in range(pairs):
            for case, found in _pair(old, new, backend, dtype, threads, cases, rounds):
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


def _pair(old, new, backend, dtype, threads, cases, rounds):
    """(case, log-ratios of its rounds) from one fresh process a side, or why a side cannot be timed."""
    sides = [Revision(root, backend, dtype, threads) for root in (old, new)]
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
