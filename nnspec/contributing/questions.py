"""What is still to be written of a concept: the questions in its files.

A question stands between `[?` and `?]`, in a docstring, a comment, or the text of what a function raises. Whoever
answers it writes the answer in its place. So each run can tell what comes next, and nothing is left by mistake.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nnspec.common import Unusable
from nnspec.concepts import catalogue

_QUESTION = re.compile(r"\[\? (.+?) \?\]", re.DOTALL)
_BETWEEN_LINES = re.compile(r"\s*\n\s*#?\s*")


@dataclass(frozen=True)
class Question:
    path: Path
    line: int
    text: str

    def __str__(self):
        return f"{shown(self.path)}:{self.line}: {self.text}"


def shown(path: Path) -> str:
    """From the folder of the project."""
    return path.relative_to(catalogue.ROOT).as_posix()


def of_file(path: Path) -> Iterator[Question]:
    text = path.read_text(encoding="utf-8")
    for found in _QUESTION.finditer(text):
        yield Question(path, 1 + text.count("\n", 0, found.start()), _BETWEEN_LINES.sub(" ", found[1]))


def of_concept(concept: catalogue.Concept, columns=None) -> list[Question]:
    """In the order in which they are answered: that of the folders, and of the lines. columns: only these folders."""
    files = dict.fromkeys(path for column, path in sorted_files(concept) if columns is None or column in columns)
    return [question for path in files for question in of_file(path)]


def sorted_files(concept: catalogue.Concept) -> list[tuple[str, Path]]:
    """The specification comes before the twins, which are checked against it."""
    order = ["reference", "spec", *catalogue.TWINS, "bench"]
    return sorted(concept.files.items(), key=lambda file: order.index(file[0]))


def require_answers(concepts: Iterable[catalogue.Concept], backend: str):
    """Raises Unusable at the first question of what a check would ask: no check could be made of it."""
    for concept in concepts:
        if open_ones := of_concept(concept, ("reference", "spec", backend)):
            left = f", {len(open_ones)} questions are open" if open_ones[1:] else ""
            raise Unusable(f"{concept.name} is still to be written{left}. Next: {open_ones[0]}")
