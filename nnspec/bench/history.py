"""The history of a machine: JSON lines that are only ever appended to, a row for each commit, case and backend.

It lies in `history/KEY.jsonl` below the cache folder, or in a folder that is given. KEY stands for all that a figure
depends on beside the code (CPU model, cores, threads, BLAS, versions): figures of two keys are never compared. The
first line of a file describes the machine.

Across runs only ratios within a run hold. Two commits are compared by the time of a case over that of its limit, which
is code that does not change, measured in the same rounds; where a case has no limit, over that of the reference.
"""

import json
import math
import statistics
from pathlib import Path

from nnspec.bench.results import Measured
from nnspec.bench.verdict import THRESHOLD, Judged, judge
from nnspec.bench.words import case_of
from nnspec.benchmarks import REFERENCE
from nnspec.common import Unusable, cache_root

LEFT_OUT = ("rounds", "dims")  # of a row: what a history needs no copy of


def default_folder() -> Path:
    return cache_root() / "history"


def save(bench: Measured, folder: Path) -> tuple[Path, int]:
    """Append the rows of the backends that the run was made for; where, and how many."""
    rows = bench.judged()
    if not rows:
        raise Unusable("nothing to save: no backend was measured")
    path = _file(folder, bench.machine)
    folder.mkdir(parents=True, exist_ok=True)
    lines = [] if path.exists() else [{"machine": bench.machine}]
    lines += [_kept(row) | {"commit": bench.commit, "when": bench.when} for row in rows]
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    return path, len(rows)


def _kept(row: dict) -> dict:
    return {name: value for name, value in row.items() if name not in LEFT_OUT}


def read(path: Path) -> tuple[dict, list[dict]]:
    """(machine, rows), oldest first. Raises Unusable for what is no history."""
    try:
        first, *rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return first["machine"], rows
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unusable(f"{path} is no history: {type(error).__name__}: {error}") from None


def histories(folder: Path) -> list[Path]:
    """The files of all machines, the one that was written last first."""
    return sorted(folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime, reverse=True)


def last(folder: Path) -> Measured:
    """The run that was saved last."""
    if not (paths := histories(folder)):
        raise Unusable(f"there is no history in {folder}: `nnspec bench save` begins one, or name a file")
    machine, rows = read(paths[0])
    newest = [row for row in rows if row["when"] == rows[-1]["when"]]
    return Measured(newest, machine, newest[0]["commit"], when=newest[0]["when"])


def all_machines(folder: Path) -> list[tuple[dict, list[dict]]]:
    """(machine, rows oldest first) of each; of none where there is no history."""
    return [read(path) for path in sorted(folder.glob("*.jsonl"))]


def _file(folder: Path, machine: dict) -> Path:
    from nnspec.benchmarks._machine import key_of

    return folder / f"{key_of(machine)}.jsonl"


def runs_of(rows: list[dict], commit: str) -> list[list[dict]]:
    """The runs of one commit, each the rows that were saved together."""
    runs: dict[str, list[dict]] = {}
    for row in rows:
        if row["commit"].startswith(commit.rstrip("+")) and row["commit"].endswith("+") == commit.endswith("+"):
            runs.setdefault(row["when"], []).append(row)
    return list(runs.values())


def anchored(row: dict) -> dict | None:
    """The time of a case over something that stays the same: its limit, or the reference."""
    if row["limit"]:
        share = row["limit"]["share"]
        low, high = (None if share[end] is None else 1 / share[end] for end in ("high", "low"))
        return {"value": 1 / share["value"], "low": low, "high": high, "anchor": row["limit"]["kind"]}
    if REFERENCE in row["over"]:
        return row["over"][REFERENCE] | {"anchor": REFERENCE}
    return None


def compare(old: list[list[dict]], new: list[list[dict]], threshold: float = THRESHOLD) -> list[Judged]:
    """Each case of two sides, which are one run or several. A second run of the new side is what confirms a verdict."""
    cases = dict.fromkeys((case_of(row), row["backend"]) for run in [*old, *new] for row in run)
    return [_compared(case, old, new, threshold) for case in cases]


def _compared(case, old, new, threshold) -> Judged:
    before, after = (list(filter(None, (_found(run, case) for run in side))) for side in (old, new))

    def again():
        return change(before, after[1:]) if len(after) > 1 else None

    return judge(" ".join(case), change(before, after[:1]), again, threshold)


def _found(run: list[dict], case) -> dict | None:
    rows = [row for row in run if (case_of(row), row["backend"]) == case]
    return anchored(rows[-1]) if rows else None


def change(before: list[dict], after: list[dict]) -> dict | None:
    """New over old, from anchored times of one or several runs. The uncertainties of both sides add as squares do."""
    kinds = {ratio["anchor"] for ratio in [*before, *after]}
    if not before or not after or len(kinds) > 1:
        return None
    (old, old_half), (new, new_half) = map(centre, (before, after))
    value = math.exp(new - old)
    if old_half is None or new_half is None:
        return {"value": value, "low": None, "high": None}
    half = math.hypot(old_half, new_half)
    return {"value": value, "low": value * math.exp(-half), "high": value * math.exp(half)}


def centre(ratios: list[dict]) -> tuple[float, float | None]:
    """Of one side: the median of the logarithms, and half an interval, never less than what its runs differ by."""
    logs = [math.log(ratio["value"]) for ratio in ratios]
    centre = statistics.median(logs)
    if any(ratio["low"] is None for ratio in ratios):
        return centre, None
    half = statistics.median(math.log(ratio["high"] / ratio["low"]) / 2 for ratio in ratios)
    return centre, max(half, *(abs(log - centre) for log in logs))
