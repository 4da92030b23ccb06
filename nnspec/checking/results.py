"""What a run found: one Check for each planned check, and the counting that decides the exit code."""

import json
import tomllib
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

from nnspec.common import LEVELS, Unusable
from nnspec.concepts import catalogue


class State(StrEnum):
    PASSED = "passed"
    FAILED = "failed"  # a wrong answer
    ERRORED = "errored"  # no answer: the backend raised, or the suite itself broke
    NOT_IMPLEMENTED = "not_implemented"  # the backend lacks the name or the option
    BLOCKED = "blocked"  # a part it builds on failed
    XFAIL = "xfail"  # a failure that the backend's own list announces
    XPASS = "xpass"  # announced, yet it passed
    NOT_RUN = "not_run"  # above the asked level, of a concept that fails below it


BAD = (State.FAILED, State.ERRORED, State.BLOCKED, State.XPASS)
STUB = "says it is not implemented"  # in the text of a check that met NotImplementedError
UNJUDGED = (State.NOT_IMPLEMENTED, State.NOT_RUN)


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
    follows: str = ""  # the variant that the backend follows, where it is not the definition: "id: source"

    @property
    def concept(self) -> str:
        return self.id.split("/")[0]

    @property
    def part(self) -> str:
        """What one class of a specification judges: `concept/part.property`, or the concept itself."""
        return self.id.split("/")[1].rpartition(".")[0] or self.concept

    @property
    def property_name(self) -> str:
        return self.id.split("/")[1].rpartition(".")[2]

    @property
    def case(self) -> str:
        return "/".join(self.id.split("/")[2:-1])

    @property
    def dtype(self) -> str:
        return self.id.split("/")[-1]


@dataclass
class Results:
    """All checks of one run of one backend."""

    backend: str
    level: str
    checks: list[Check] = field(default_factory=list)
    planned: int = 0
    seconds: float = 0.0
    missing: list[str] = field(default_factory=list)  # concepts of which the backend has nothing
    partly: dict[str, list[str]] = field(default_factory=dict)  # concepts of which a backward or a forward is missing
    composed: list[str] = field(default_factory=list)  # concepts that are the reference's, on the backend's parts
    near: dict[str, str] = field(default_factory=dict)  # names that are nearly one of ours: what was meant
    command: str = ""  # what checks it again in a shell; empty for an object, which no command can name
    selected: list[str] = field(default_factory=list)  # the concepts that were asked for; none: all
    stopped: bool = False  # at the first failure, as was asked

    def judged(self, announced: "list[Announced]" = (), *, whole: bool = True) -> "Results":
        """With the states that need an overview: blocked, xfail and xpass. whole: every check of the concepts ran."""
        broken = {c.concept for c in self.checks if c.level == "core" and c.state in (State.FAILED, State.ERRORED)}
        return replace(self, checks=_announced([_blocked(check, broken) for check in self.checks], announced, whole))

    def asked(self) -> list[Check]:
        """The checks up to the level that decides the exit code."""
        return [check for check in self.checks if self.counts(check)]

    def counts(self, check: Check) -> bool:
        return LEVELS.index(check.level) <= LEVELS.index(self.level)

    def count(self, checks=None) -> Counter:
        return Counter(check.state for check in (self.checks if checks is None else checks))

    @property
    def exit_code(self) -> int:
        """0: all passed at the asked level, or all is still to be written and says so. 1: something did not pass.

        2: nothing ran, or less than was planned.
        """
        ran = [check for check in self.asked() if check.state not in UNJUDGED]
        if self.only_stubs:
            return 0
        if not ran or (len(self.checks) < self.planned and not self.stopped):
            return 2
        return int(any(check.state in BAD for check in ran))

    @property
    def only_stubs(self) -> bool:
        """Whether nothing could be judged because the functions say of themselves that they are not written yet.

        What is composed of them has nobody to say so.
        """
        asked = [check for check in self.asked() if check.concept not in self.composed]
        stubs = {check.concept for check in asked if check.state is State.NOT_IMPLEMENTED and STUB in check.text}
        return bool(stubs) and all(c.state in UNJUDGED and c.concept in stubs for c in asked)

    def to_json(self) -> str:
        head = {"backend": self.backend, "level": self.level, "exit_code": self.exit_code, "planned": self.planned}
        counts = {state.value: self.count()[state] for state in State}
        head |= {
            "seconds": round(self.seconds, 3),
            "missing": self.missing,
            "partly": self.partly,
            "composed": self.composed,
            "near": self.near,
            "counts": counts,
        }
        told = {**head, "checks": [asdict(c) for c in self.checks]}
        return json.dumps(told, indent=1)


@dataclass(frozen=True)
class Announced:
    """A known failure of a backend. The id may be a glob, `affine/errors/*`: some of what it matches fails."""

    id: str
    reason: str

    @property
    def glob(self) -> bool:
        return any(character in self.id for character in "*?[")

    def matches(self, check_id: str) -> bool:
        return check_id == self.id or fnmatchcase(check_id, self.id)

    def concepts(self) -> set[str]:
        concept = self.id.split("/")[0]
        return {name for name in catalogue.concepts() if name == concept or fnmatchcase(name, concept)}


def read_announced(path: str | Path) -> list[Announced]:
    """A backend's known failures. Raises Unusable."""
    try:
        told = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        announced = [Announced(entry["id"], entry["reason"]) for entry in told["xfail"]]
        if told.keys() != {"xfail"} or not all(type(text) is str for a in announced for text in (a.id, a.reason)):
            raise ValueError("it holds something else")
    except (OSError, ValueError, KeyError, TypeError) as error:
        said = f"{error} is missing" if isinstance(error, KeyError) else error
        raise Unusable(f'cannot read {path}: {said}; each entry is [[xfail]] with id = "…" and reason = "…"') from None
    for one in announced:
        if not one.concepts():
            raise Unusable(f"{path} announces a check that does not exist: {one.id}")
    return announced


def require_that_none_is_stale(announced: list[Announced], path, report: Results):
    """Every check of the concepts in the report ran: what matches none of them does not exist."""
    ran, ids = {check.concept for check in report.checks}, {check.id for check in report.checks}
    for one in announced:
        if one.concepts() <= ran and not any(map(one.matches, ids)):
            raise Unusable(f"{path} announces a check that does not exist: {one.id}")


def _blocked(check: Check, broken: set[str]) -> Check:
    causes = sorted({catalogue.concept_of(part) for part in check.parts} & broken - {check.concept})
    if check.state not in (State.FAILED, State.ERRORED) or not causes:
        return check
    return replace(check, state=State.BLOCKED, text=f"builds on {', '.join(causes)}, which failed; mend that first")


def _announced(checks: list[Check], announced: list[Announced], whole: bool) -> list[Check]:
    """What fails as announced, and what passes though it is. A glob may match some that pass, but not only those."""
    made = {check.id: check for check in checks}
    for one in announced:
        found = [check for check in checks if check.state not in UNJUDGED and one.matches(check.id)]
        passed = [check for check in found if check.state is State.PASSED]
        for check in found:
            if check.state is not State.PASSED:
                made[check.id] = replace(check, state=State.XFAIL, text=f"announced: {one.reason}")
        if len(passed) == len(found) and (whole or not one.glob):
            by = f", by {one.id}" if one.glob else ""
            told = f"announced to fail ({one.reason}{by}), but it passes"
            made |= {check.id: replace(check, state=State.XPASS, text=told) for check in passed}
    return [made[check.id] for check in checks]
