"""`nnspec mistakes`: the kill matrix. Every classic mistake of every concept against every property."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nnspec.backends import Backend, NotSupplied
from nnspec.concepts import catalogue
from nnspec.spec_tests._known import Mistake
from nnspec.spec_tests._levels import LEVEL_OF
from nnspec.spec_tests._probes import unexplained
from nnspec.spec_tests._spec import Spec
from nnspec.spec_tests._verdict import BackendRaised, CheckFailed
from nnspec.terminal import markdown_table


@dataclass
class Row:
    """One mistake: how many checks of each property reject it."""

    concept: str
    part: str
    mistake: Mistake
    rejections: dict[str, int] = field(default_factory=dict)

    @property
    def caught(self) -> bool:
        """At core or robust; a matter of convention at any level."""
        return any(
            count and (LEVEL_OF[name] != "strict" or self.mistake.convention) for name, count in self.rejections.items()
        )


def write(rows: list[Row], page: Path, anew: bool):
    """Not anew: what the page says of other concepts stays."""
    kept = page.read_text(encoding="utf-8") if page.exists() and not anew else ""
    page.write_text(as_markdown(rows, kept), encoding="utf-8")


def as_markdown(rows: list[Row], kept: str = "") -> str:
    """The matrix as a page that can be kept beside the specification.

    kept: the page as it was. What it says of concepts that are not among the rows is taken over.
    """
    part_of = {spec.part(): c.name for c in catalogue.concepts().values() for spec in catalogue.specs_of(c)}
    places = {part: place for place, part in enumerate(part_of)}
    anew = {row.concept for row in rows}
    lines = [line for line in _table(kept) if part_of.get(line[0]) not in {None, *anew}]
    cells = sorted([*lines, *map(_cells, rows)], key=lambda line: places[line[0]])
    return (
        "# The kill matrix\n\n"
        "How many checks of each property reject each classic mistake, which is judged as the reference with one\n"
        "function replaced; the specification is tested to reject all of them. Written by `nnspec mistakes --markdown\n"
        f"spec_tests/meta/kill_matrix.md`.\n\n{len(cells)} mistakes.\n\n"
        + markdown_table(["part", "mistake", "hint", *LEVEL_OF], cells, left=3)
    )


def _cells(row: Row) -> list[str]:
    hint = row.mistake.hint.replace("|", "\\|")
    return [row.part, row.mistake.id, hint, *(str(count or "·") for count in row.rejections.values())]


def _table(page: str) -> list[list[str]]:
    """The cells of a page, without the headings."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    return [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in lines[2:]]


def matrix(concepts=()) -> Iterator[Row]:
    for concept in catalogue.select(concepts):
        for spec in catalogue.specs_of(concept):
            for mistake in spec.mistakes():
                row = Row(concept.name, spec.part(), mistake, dict.fromkeys(LEVEL_OF, 0))
                for _, name, _ in rejections(spec(), mistake.backend()):
                    row.rejections[name] += 1
                yield row


def rejections(spec: Spec, backend: Backend) -> Iterator[tuple[str, str, str]]:
    """(level, property, case) of each check that rejects the backend, in the order of the levels."""
    for name, level in LEVEL_OF.items():
        for planned in spec.plan(name):
            try:
                with np.errstate(all="ignore"), unexplained():
                    getattr(spec, f"test_{name}")(planned, backend)
            except (CheckFailed, BackendRaised):
                yield level, name, planned.id
            except NotSupplied:
                continue
