"""What a run found: one Check for each planned check, and the counting that decides the exit code."""

import json
import tomllib
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from nnspec import catalogue
from nnspec.common import LEVELS, Unusable


class State(StrEnum):
    PASSED = "passed"
    FAILED = "failed"  # a wrong answer
    ERRORED = "errored"  # no answer: the backend raised, or the suite itself broke
    NOT_IMPLEMENTED = "not_implemented"  # the backend lacks the name or the option
    BLOCKED = "blocked"  # a part it builds on failed
    XFAIL = "xfail"  # a failure that the backend's own list announces
    XPASS = "xpass"  # announced, yet it passed


BAD = (State.FAILED, State.ERRORED, State.BLOCKED, State.XPASS)


@dataclass(frozen=True)
class Check:
    """One check. Its id is `concept/property/case/dtype`, whatever folder or kind of install it runs from."""

    id: str
    level: str
    state: State = State.PASSED
    text: str = ""  # what went wrong, for its author to read
    seconds: float = 0.0
    parts: tuple[str, ...] = ()  # the functions of the backend that a composite called
    margin: float = 0.0  # how much of its budget the worst entry of a right answer used, 0 to 1

    @property
    def concept(self) -> str:
        return self.id.split("/")[0]


@dataclass
class Report:
    """All checks of one run of one backend."""

    backend: str
    level: str
    checks: list[Check] = field(default_factory=list)
    planned: int = 0
    seconds: float = 0.0
    missing: list[str] = field(default_factory=list)  # concepts of which the backend has nothing

    def judged(self, announced: dict[str, str] | None = None) -> "Report":
        """With the states that need an overview: blocked, xfail and xpass."""
        broken = {c.concept for c in self.checks if c.level == "core" and c.state in (State.FAILED, State.ERRORED)}
        checks = [_announced(_blocked(check, broken), announced or {}) for check in self.checks]
        return replace(self, checks=checks)

    def asked(self) -> list[Check]:
        """The checks up to the level that decides the exit code."""
        return [check for check in self.checks if self.counts(check)]

    def counts(self, check: Check) -> bool:
        return LEVELS.index(check.level) <= LEVELS.index(self.level)

    def count(self, checks=None) -> Counter:
        return Counter(check.state for check in (self.checks if checks is None else checks))

    @property
    def exit_code(self) -> int:
        """0: all passed at the asked level. 1: something did not. 2: nothing ran, or less than was planned."""
        ran = [check for check in self.asked() if check.state is not State.NOT_IMPLEMENTED]
        if not ran or len(self.checks) < self.planned:
            return 2
        return int(any(check.state in BAD for check in ran))

    def to_json(self) -> str:
        head = {"backend": self.backend, "level": self.level, "exit_code": self.exit_code, "planned": self.planned}
        counts = {state.value: self.count()[state] for state in State}
        head |= {"seconds": round(self.seconds, 3), "missing": self.missing, "counts": counts}
        told = {**head, "checks": [asdict(c) for c in self.checks]}
        return json.dumps(told, indent=1)

    def _repr_html_(self) -> str:
        from nnspec.report import as_html

        return as_html(self)

    def __str__(self) -> str:
        from nnspec.report import as_text

        return as_text(self)

    __repr__ = __str__


def read_announced(path: str | Path, report: Report, *, whole: bool) -> dict[str, str]:
    """{id: reason} of a backend's known failures. An id that does not exist is an error, so that none goes stale.

    whole: every check of the concepts in the report ran, so an id that is not among them does not exist.
    """
    try:
        told = tomllib.loads(Path(path).read_text())
        announced = {entry["id"]: entry["reason"] for entry in told["xfail"]}
        if told.keys() != {"xfail"} or not all(type(text) is str for pair in announced.items() for text in pair):
            raise ValueError("it holds something else")
    except (OSError, ValueError, KeyError, TypeError) as error:
        said = f"{error} is missing" if isinstance(error, KeyError) else error
        raise Unusable(f'cannot read {path}: {said}; each entry is [[xfail]] with id = "…" and reason = "…"') from None
    ran, ids = {check.concept for check in report.checks}, {check.id for check in report.checks}
    for check_id in announced:
        concept = check_id.split("/")[0]
        if concept not in catalogue.concepts() or (whole and concept in ran and check_id not in ids):
            raise Unusable(f"{path} announces a check that does not exist: {check_id}")
    return announced


def _blocked(check: Check, broken: set[str]) -> Check:
    causes = sorted({catalogue.concept_of(part) for part in check.parts} & broken - {check.concept})
    if check.state not in (State.FAILED, State.ERRORED) or not causes:
        return check
    return replace(check, state=State.BLOCKED, text=f"builds on {', '.join(causes)}, which failed; mend that first")


def _announced(check: Check, announced: dict[str, str]) -> Check:
    if check.id not in announced or check.state is State.NOT_IMPLEMENTED:
        return check
    if check.state is State.PASSED:
        return replace(check, state=State.XPASS, text=f"announced to fail ({announced[check.id]}), but it passes")
    return replace(check, state=State.XFAIL, text=f"announced: {announced[check.id]}")
