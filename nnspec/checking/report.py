"""The report of a run: one line a concept, then what went wrong, a block for each cause, then the counts."""

import io
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nnspec.checking.causes import Cause
from nnspec.checking.html import as_html
from nnspec.checking.lines import HEADINGS, WORD, lines_of, notes_of, rows_of, summary_of, told_causes
from nnspec.checking.results import Results, State
from nnspec.terminal import WIDTH

_STYLE = {State.PASSED: "green", State.FAILED: "bold red", State.ERRORED: "bold red", State.BLOCKED: "magenta"}


@dataclass(repr=False)
class Report(Results):
    """The results of a run, as a terminal and a notebook show them."""

    def _repr_html_(self) -> str:
        return as_html(self)

    def __str__(self) -> str:
        return as_text(self)

    __repr__ = __str__


def show(report: Results, to: Console, *, verbose: bool = False):
    """verbose: every cause, with its formula and what its budget is made of."""
    to.print(table(report))
    if notes := notes_of(report):
        to.print()
        for line in notes:
            to.print(Text(line), soft_wrap=True)
    shown, hidden = told_causes(report, verbose)
    for cause in shown:
        to.print()
        _show_cause(report, cause, to, verbose)
    to.print()
    for line in hidden:
        to.print(Text(line), soft_wrap=True)
    for line in summary_of(report):
        to.print(line, soft_wrap=True)


def table(report: Results) -> Table:
    """A line for each concept. budget: how much of it the worst entry of all right answers used."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for heading in HEADINGS:
        made.add_column(heading, justify="right" if heading in ("budget", "s") else "left")
    for name, cells, used, seconds in rows_of(report):
        made.add_row(name, *(Text(told, style=style) for told, style in cells), used, seconds)
    return made


def as_text(report: Results) -> str:
    to = Console(file=io.StringIO(), width=WIDTH, highlight=False)
    show(report, to)
    return to.file.getvalue()


def _show_cause(report: Results, cause: Cause, to: Console, verbose: bool):
    check = cause.example
    head, *body = lines_of(report, cause, verbose)
    to.print(Text.assemble((WORD[check.state], _STYLE.get(check.state, "")), (head[len(WORD[check.state]) :], "bold")))
    for line in body[:-1]:
        to.print(Text(f"    {line}", style="bold" if line.startswith("mistake ") else ""), soft_wrap=True)
    to.print(Text(f"    {body[-1]}", style="dim"), soft_wrap=True)  # one line, to be copied as it is
