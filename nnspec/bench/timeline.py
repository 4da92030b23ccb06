"""A history as lines: for each case, backend and machine the time over its anchor, commit after commit.

A point stands for all runs of a commit. It changed if its interval over that of the commit before lies beyond the
threshold; the change is confirmed where a second run of the commit says so as well (`nnspec bench compare` asks for
that, so save a commit twice).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from nnspec.bench.history import anchored, centre, change
from nnspec.bench.verdict import THRESHOLD, Verdict, judge, side
from nnspec.bench.words import case_of

CHANGED = (Verdict.REGRESSED, Verdict.IMPROVED)


@dataclass(frozen=True)
class Point:
    commit: str
    when: str
    runs: int
    ratio: dict  # over the anchor: value, low, high
    verdict: Verdict  # against the commit before; of the first one, OK
    confirmed: bool


@dataclass(frozen=True)
class Line:
    case: str
    backend: str
    machine: dict
    anchor: str
    points: tuple[Point, ...]
    overall: dict | None  # the last commit over the first

    @property
    def last_change(self) -> Point | None:
        return next((point for point in reversed(self.points) if point.verdict in CHANGED), None)


def lines(histories: Iterable[tuple[dict, list[dict]]], threshold: float = THRESHOLD) -> list[Line]:
    """Of (machine, rows oldest first) for each machine. What was saved of one commit alone is a line of one point."""
    found = []
    for machine, rows in histories:
        grouped: dict[tuple, dict[str, list[tuple[str, dict]]]] = {}
        for row in rows:
            if ratio := anchored(row):
                by_commit = grouped.setdefault((case_of(row), row["backend"], ratio["anchor"]), {})
                by_commit.setdefault(row["commit"], []).append((row["when"], ratio))
        for (case, backend, anchor), by_commit in grouped.items():
            commits = [[ratio for _, ratio in seen] for seen in by_commit.values()]
            overall = change(commits[0], commits[-1])
            found.append(Line(case, backend, machine, anchor, tuple(_points(by_commit, threshold)), overall))
    return found


def _points(by_commit, threshold):
    before = None
    for commit, seen in by_commit.items():
        whens, ratios = zip(*seen, strict=True)
        verdict, confirmed = _verdict(before, list(ratios), threshold)
        yield Point(commit, whens[0], len(seen), _whole(list(ratios)), verdict, confirmed)
        before = list(ratios)


def _verdict(before, after, threshold) -> tuple[Verdict, bool]:
    if before is None:
        return Verdict.OK, False
    first = change(before, after[:1])
    if len(after) == 1:
        return side(first, threshold), False
    verdict = judge("", first, lambda: change(before, after[1:]), threshold).verdict
    return verdict, verdict in CHANGED


def _whole(ratios) -> dict:
    middle, half = centre(ratios)
    ends = (None, None) if half is None else (math.exp(middle - half), math.exp(middle + half))
    return dict(zip(("value", "low", "high"), (math.exp(middle), *ends), strict=True))
