"""What is still to be written of a concept: the questions in its files.

A question stands between `[?` and `?]`, in a docstring, a comment, or the text of what a function raises. Whoever
answers it writes the answer in its place. So each run can tell what comes next, and nothing is left by mistake.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from nnspec import catalogue
from nnspec.collect import concept_files

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
    return path.relative_to(Path(catalogue.__file__).parent.parent).as_posix()


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


def require_answers(backend: str, concepts=(), notes=(), ids=()):
    """End a check, before it begins, at the first question of what it would ask: no check could be made of it.

    What cannot even be parsed comes before any question.
    """
    names = {*concepts, *(check_id.partition("/")[0] for check_id in ids)}
    try:
        known = catalogue.concepts().values()
    except SyntaxError:
        _end(_first_that_cannot_be_parsed())
    for concept in known:
        asked = (not names or concept.name in names) and (not notes or concept.number in notes)
        if asked and (open_ones := of_concept(concept, ("reference", "spec", backend))):
            left = f", {len(open_ones)} questions are open" if open_ones[1:] else ""
            _end(f"{concept.name} is still to be written{left}. Next: {open_ones[0]}")


def _first_that_cannot_be_parsed() -> str:
    root = Path(catalogue.__file__).parent.parent
    for path in (*concept_files(root / "reference"), *concept_files(root / "spec_tests", "test_")):
        try:
            ast.parse(path.read_bytes())
        except SyntaxError as error:
            return f"{shown(path)}:{error.lineno}: {error.msg}"
    raise AssertionError("all files of the reference and the specification can be parsed")


def _end(why: str):
    click.echo(f"nnspec: {why}", err=True)
    sys.exit(2)
