"""What went wrong, by cause: failures that are told alike are told once."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from nnspec.checking.results import Check, Results, State
from nnspec.common import LEVELS
from nnspec.concepts import catalogue

DETAILS = ("budget here: ", "formula: ")  # lines of a failure that are shown where more is asked


@dataclass(frozen=True)
class Said:
    """The text of a failure, taken apart by what its lines begin with."""

    text: str
    case: str

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def mistakes(self) -> list[str]:
        return [line for line in self.lines if line.startswith("mistake ")]

    @cached_property
    def patterns(self) -> list[str]:
        return [line for line in self.lines if line.startswith("pattern: ")]

    def shown(self, verbose: bool) -> list[str]:
        """The mistake first. What only a closer look needs is left out, or comes as it stands."""
        rest = [line for line in self.lines if line not in self.mistakes]
        return [*self.mistakes, *(line for line in rest if verbose or not line.startswith(DETAILS))]

    @cached_property
    def names(self) -> frozenset[str]:
        """The mistakes and patterns that are named, whatever numbers they hold here."""
        mistakes = {line.split(":")[0] for line in self.mistakes}
        return frozenset(mistakes | {_without_numbers(line) for line in self.patterns})

    @cached_property
    def output(self) -> str:
        """The output that is wrong, if one is."""
        return self._wrong[0]

    @cached_property
    def _wrong(self) -> tuple[str, str]:
        told = self.text.partition("\nprinted: ")[0]
        found = re.search(r"^(\w+)(?:\[[\d, ]*\])?: (got .*?)(?:, want|$)", told, re.M)
        return (found[1], found[2]) if found else ("", "")

    @cached_property
    def kind(self) -> str:
        """What is told where nothing is named, without what differs from case to case."""
        if raised := re.match(r"raised (\w+):.*?(\([^()]*:\d+, in [^()]*\))?$", self.text, re.M):
            return f"raised {raised[1]} {raised[2]}"
        told = ": ".join(self._wrong) if self.output else self.text.removeprefix(f"{self.case}: ").split(": ")[0]
        return _without_numbers(re.sub(r"'\w+'", "'…'", told.splitlines()[0] if told else ""))


def _without_numbers(text: str) -> str:
    plain = re.sub(r"[-+]?\b(\d+\.?\d*(e[-+]?\d+)?|nan|inf)\b", "#", text)
    return re.sub(r"\(#(, ?#)*,?\)", "(#)", plain)


@dataclass
class Cause:
    """Failures of one part that are told alike, the clearest first."""

    checks: list[Check]

    @property
    def example(self) -> Check:
        return self.checks[0]


def causes(report: Results, checks: list[Check]) -> list[Cause]:
    """The checks by cause: what names the same mistake or pattern, or else has the same output wrong in the same way.

    A failure that names nothing belongs to the one cause that is named for its output, if there is just one; a law,
    which is about all outputs, to the only cause there is.
    """
    groups: dict[tuple, list[list[Check]]] = {}
    for check in sorted(checks, key=lambda c: (not said_of(c).names, c.property_name == "law")):
        where = check.concept if check.state is State.BLOCKED else check.part
        of = groups.setdefault((where, check.state), [])
        joined = _alike(check, of)
        of[:] = [group for group in of if not any(group is other for other in joined)]
        of.append([*(c for group in joined for c in group), check])
    order = _clearest(report)
    found = [Cause(sorted(group, key=order)) for of in groups.values() for group in of]
    return sorted(found, key=lambda cause: (place_of(cause.example.concept), order(cause.example)))


def _alike(check: Check, groups: list[list[Check]]) -> list[list[Check]]:
    """The groups that tell the same cause as this check."""
    said = said_of(check)
    if said.names:
        return [group for group in groups if any(said.names & said_of(other).names for other in group)]
    if check.property_name == "law" and len(groups) == 1:
        return list(groups)
    if said.output:
        named = [group for group in groups if any(said_of(c).names and said.output == said_of(c).output for c in group)]
        if len(named) == 1:
            return named
    return [group for group in groups if not said_of(group[0]).names and said_of(group[0]).kind == said.kind]


def said_of(check: Check) -> Said:
    return _taken_apart(check.text, check.case)


_taken_apart = lru_cache(maxsize=4096)(Said)  # a cause of hundreds of failures compares them with each other


def _clearest(report: Results):
    """What sorts the checks of a cause: a mistake, a pattern, then properties and cases as planned, then float64."""
    properties, cases = {}, {}
    for check in report.checks:
        later = check.property_name not in ("value", "gradient")
        properties.setdefault(check.property_name, (LEVELS.index(check.level), later, len(properties)))
        cases.setdefault((check.part, check.property_name, check.case), len(cases))

    def key(check: Check):
        said = said_of(check)
        place = properties[check.property_name], cases[check.part, check.property_name, check.case]
        return not said.mistakes, not said.patterns, place, check.dtype != "float64"

    return key


def place_of(concept: str) -> int:
    order = list(catalogue.concepts())
    return order.index(concept) if concept in order else len(order)
