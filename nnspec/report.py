"""Showing a Report: one line a concept, then what went wrong, then the counts."""

import io
import shlex
import textwrap
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from nnspec import catalogue
from nnspec.common import LEVELS
from nnspec.results import BAD, Check, Report, State

SHOWN = 12  # failures told in full; the rest is counted
WIDTH = 120  # where there is no terminal to ask
_STYLE = {State.PASSED: "green", State.FAILED: "bold red", State.ERRORED: "bold red", State.BLOCKED: "magenta"}
_WORD = {state: state.value.replace("_", " ") for state in State}


def console() -> Console:
    """Plain where it is no terminal, and then wide enough to keep a line a line."""
    made = Console(highlight=False)
    if not made.is_terminal:
        made.width = max(made.width, WIDTH)
    return made


def show(report: Report, to: Console):
    to.print(table(report))
    for check in _told(report):
        to.print()
        _show_failure(report, check, to)
    to.print()
    for line in _summary(report):
        to.print(line, soft_wrap=True)


def table(report: Report) -> Table:
    """A line for each concept. budget: how much of it the worst entry of all right answers used."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for heading, justify in (
        ("concept", "left"),
        *((level, "left") for level in LEVELS),
        ("budget", "right"),
        ("s", "right"),
    ):
        made.add_column(heading, justify=justify)
    for name, checks in _implemented(report):
        cells = [_cell(report, [c for c in checks if c.level == level]) for level in LEVELS]
        used = max((c.margin for c in checks if c.state is State.PASSED), default=0)
        made.add_row(name, *cells, f"{used:.0%}" if used else "–", f"{sum(c.seconds for c in checks):.1f}")
    return made


def as_text(report: Report) -> str:
    to = Console(file=io.StringIO(), width=WIDTH, highlight=False)
    show(report, to)
    return to.file.getvalue()


def as_html(report: Report) -> str:
    to = Console(file=io.StringIO(), width=WIDTH, highlight=False, record=True)
    show(report, to)
    return to.export_html(inline_styles=True, code_format="<pre style='line-height:1.3'>{code}</pre>")


def markdown_table(headings: list[str], rows: Iterable[list[str]], left: int = 1) -> str:
    """A table in Markdown: `left` columns of words, then numbers."""
    align = ["---"] * left + ["---:"] * (len(headings) - left)
    return "".join(f"| {' | '.join(line)} |\n" for line in (headings, align, *rows))


def _by_concept(checks: Iterable[Check]) -> list[tuple[str, list[Check]]]:
    found: dict[str, list[Check]] = {}
    for check in checks:
        found.setdefault(check.concept, []).append(check)
    order = list(catalogue.concepts())
    return sorted(found.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order))


def _implemented(report: Report) -> list[tuple[str, list[Check]]]:
    """The concepts of which the backend has anything."""
    missing = State.NOT_IMPLEMENTED
    return [(name, checks) for name, checks in _by_concept(report.checks) if any(c.state != missing for c in checks)]


def _cell(report: Report, checks: list[Check]) -> Text:
    counts = report.count(checks)
    if not checks or set(counts) == {State.NOT_IMPLEMENTED}:
        return Text("not implemented" if checks else "–", style="dim")
    advice = any(not report.counts(check) for check in checks)
    bad = sum(counts[state] for state in BAD)
    parts = [f"{counts[s]} {_WORD[s]}" for s in State if counts[s]]
    style = "green" if not bad else "yellow" if advice else "bold red"
    return Text(", ".join(parts) + (" (advice)" if advice and bad else ""), style=style)


def _told(report: Report) -> list[Check]:
    """The failures at the asked level, or advice where nothing is wrong at it: one for each property and state."""
    wrong = [c for c in report.checks if c.state in BAD]
    counted = [c for c in wrong if report.counts(c)]
    first: dict[tuple, Check] = {}
    for check in counted or wrong:
        first.setdefault((_property(check), check.state), check)
    return list(first.values())[:SHOWN]


def _property(check: Check) -> str:
    """concept/property of an id."""
    return "/".join(check.id.split("/")[:2])


def _show_failure(report: Report, check: Check, to: Console):
    where = f"{'' if report.counts(check) else 'advice: '}{check.id}"
    alike = sum(c.state == check.state and _property(c) == _property(check) for c in report.checks) - 1
    more = f"  (and {alike} more of this property)" if alike else ""
    to.print(Text.assemble((_WORD[check.state], _STYLE.get(check.state, "")), " ", (where, "bold"), (more, "dim")))
    to.print(Text(textwrap.indent(check.text, "    ")), soft_wrap=True)
    command = f"nnspec check {shlex.quote(report.backend)} --id {shlex.quote(check.id)}"
    to.print(Text(f"    again: {command}", style="dim"), soft_wrap=True)  # one line, to be copied as it is


def _summary(report: Report) -> list[str]:
    done = dict(_implemented(report))
    missing = [*(name for name, _ in _by_concept(report.checks) if name not in done), *report.missing]
    good = sum(not any(c.state in BAD and report.counts(c) for c in checks) for checks in done.values())
    counts = report.count()
    parts = ", ".join(f"{counts[state]} {_WORD[state]}" for state in State if counts[state])
    verdict = {0: "[bold green]passed[/]", 1: "[bold red]failed[/]", 2: "[bold red]could not be judged[/]"}
    advice = sum(c.state in BAD and not report.counts(c) for c in report.checks)
    lines = [
        f"{len(report.checks)} of {report.planned} planned checks ran in {report.seconds:.1f} s: {parts}"
        + (f" ({advice} of them above the asked level: advice)" if advice else ""),
        f"{escape(report.backend)} {verdict[report.exit_code]} at level {report.level}: "
        f"{good} of {len(done)} concepts" + (f", {len(missing)} not implemented" if missing else ""),
    ]
    return [f"not implemented: {', '.join(missing)}", *lines] if missing else lines
