"""Showing a Report: one line a concept, then what went wrong, a block for each cause, then the counts."""

import html
import io
import re
import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from nnspec import catalogue
from nnspec.common import LEVELS
from nnspec.results import BAD, UNJUDGED, Check, Report, State

SHOWN = 12  # causes told in full, and one of every failing concept; the rest is counted
ADVISED = 3  # causes, where everything passed that was asked
WIDTH = 120  # where there is no terminal to ask
DETAILS = ("budget here: ", "formula: ")  # lines of a failure that are shown where more is asked
_STYLE = {State.PASSED: "green", State.FAILED: "bold red", State.ERRORED: "bold red", State.BLOCKED: "magenta"}
_WORD = {state: state.value.replace("_", " ") for state in State}
_VERDICT = {0: "passed", 1: "failed", 2: "could not be judged"}


def console() -> Console:
    """Plain where it is no terminal, and then wide enough to keep a line a line."""
    made = Console(highlight=False)
    if not made.is_terminal:
        made.width = max(made.width, WIDTH)
    return made


def show(report: Report, to: Console, *, verbose: bool = False):
    """verbose: every cause, with its formula and what its budget is made of."""
    to.print(table(report))
    if notes := _notes(report):
        to.print()
        for line in notes:
            to.print(Text(line), soft_wrap=True)
    shown, hidden = _told(report, verbose)
    for cause in shown:
        to.print()
        _show_cause(report, cause, to, verbose)
    to.print()
    for line in hidden:
        to.print(Text(line), soft_wrap=True)
    for line in _summary(report):
        to.print(line, soft_wrap=True)


def table(report: Report) -> Table:
    """A line for each concept. budget: how much of it the worst entry of all right answers used."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for heading in _HEADINGS:
        made.add_column(heading, justify="right" if heading in ("budget", "s") else "left")
    for name, cells, used, seconds in _rows(report):
        made.add_row(name, *(Text(told, style=style) for told, style in cells), used, seconds)
    return made


def as_text(report: Report) -> str:
    to = Console(file=io.StringIO(), width=WIDTH, highlight=False)
    show(report, to)
    return to.file.getvalue()


def as_html(report: Report) -> str:
    """One table, and below it a line for each cause that opens. Colours that can be read on white and on black."""
    rows = [
        _html_row("td", [name, *(f"<span style='{_HTML[style]}'>{html.escape(told)}</span>" for told, style in cells),
                         used, seconds])
        for name, cells, used, seconds in _rows(report)
    ]  # fmt: skip
    shown, hidden = _told(report, verbose=False)
    counts = [Text.from_markup(line).plain for line in _summary(report)]
    return "".join(
        [
            "<div><table style='border-collapse: collapse; color: inherit'><thead>",
            _html_row("th", _HEADINGS),
            "</thead><tbody>",
            *rows,
            "</tbody></table>",
            _html_lines(_notes(report)),
            *(_html_cause(report, cause, opened=cause is shown[0]) for cause in shown),
            _html_lines([*hidden, *counts]),
            "</div>",
        ]
    )


_HEADINGS = ("concept", *LEVELS, "budget", "s")
_HTML = {"green": "color: #2e9e5b", "yellow": "color: #b7791f", "bold red": "color: #e5484d; font-weight: bold",
         "dim": "opacity: 0.65"}  # fmt: skip


def _html_row(tag: str, cells: Iterable[str]) -> str:
    aligned = ["left"] * (1 + len(LEVELS)) + ["right"] * 2
    style = "padding: 2px 12px 2px 0; vertical-align: top; text-align"
    made = (f"<{tag} style='{style}: {align}'>{cell}</{tag}>" for align, cell in zip(aligned, cells, strict=True))
    return f"<tr>{''.join(made)}</tr>"


def _html_lines(lines: list[str]) -> str:
    told = "".join(f"<div>{html.escape(line)}</div>" for line in lines)
    return f"<div style='margin: 8px 0'>{told}</div>" if lines else ""


def _html_cause(report: Report, cause: "Cause", opened: bool) -> str:
    head, *body = _lines(report, cause, verbose=False)
    told = f"<pre style='white-space: pre-wrap; margin: 4px 0 8px 16px'>{html.escape(chr(10).join(body))}</pre>"
    return f"<details{' open' * opened}><summary>{html.escape(head)}</summary>{told}</details>"


def markdown_table(headings: list[str], rows: Iterable[list[str]], left: int = 1) -> str:
    """A table in Markdown: `left` columns of words, then numbers."""
    align = ["---"] * left + ["---:"] * (len(headings) - left)
    return "".join(f"| {' | '.join(line)} |\n" for line in (headings, align, *rows))


# -- the table -------------------------------------------------------------------------------------------------------


def _by_concept(checks: Iterable[Check]) -> list[tuple[str, list[Check]]]:
    found: dict[str, list[Check]] = {}
    for check in checks:
        found.setdefault(check.concept, []).append(check)
    return sorted(found.items(), key=lambda item: _place(item[0]))


def _place(concept: str) -> int:
    order = list(catalogue.concepts())
    return order.index(concept) if concept in order else len(order)


def _implemented(report: Report) -> list[tuple[str, list[Check]]]:
    """The concepts of which the backend has anything."""
    return [
        (name, checks) for name, checks in _by_concept(report.checks) if any(c.state not in UNJUDGED for c in checks)
    ]


def _rows(report: Report):
    """(concept, [(cell, style) for each level], budget, seconds)."""
    for name, checks in _implemented(report):
        cells = [_cell(report, [c for c in checks if c.level == level]) for level in LEVELS]
        used = max((c.margin for c in checks if c.state is State.PASSED), default=0)
        mark = " (partly)" if name in report.partly else " (composed)" if name in report.composed else ""
        yield name + mark, cells, f"{used:.0%}" if used else "–", f"{sum(c.seconds for c in checks):.1f}"


def _cell(report: Report, checks: list[Check]) -> tuple[str, str]:
    counts = report.count(checks)
    if not checks or set(counts) == {State.NOT_IMPLEMENTED}:
        return ("not implemented" if checks else "–"), "dim"
    if set(counts) <= set(UNJUDGED):
        return f"not run ({_lowest_broken(report, checks[0])} fails)", "dim"
    advice = any(not report.counts(check) for check in checks)
    bad = sum(counts[state] for state in BAD)
    told = ", ".join(f"{counts[s]} {_WORD[s]}" for s in State if counts[s])
    return told + (" (advice)" if advice and bad else ""), "green" if not bad else "yellow" if advice else "bold red"


def _lowest_broken(report: Report, check: Check) -> str:
    """The level at which the concept of this check fails, for whose sake it was not run."""
    broken = {c.level for c in report.checks if c.concept == check.concept and c.state in BAD}
    return next((level for level in LEVELS if level in broken), LEVELS[0])


def _notes(report: Report) -> list[str]:
    """What the table has no room for."""
    notes = [f"{concept}: partly, {', '.join(lacking)}" for concept, lacking in report.partly.items()]
    told = " ".join(notes)
    notes += [
        f"{name} has no name of the specification: did you mean {meant}?"
        for name, meant in report.near.items() if f"it has {name}" not in told
    ]  # fmt: skip
    wrong = {check.part for check in report.checks if check.state in BAD and check.level == LEVELS[0]}
    # What is wrong may resemble a form by chance.
    follows = dict.fromkeys((c.part, c.follows) for c in report.checks if c.follows and c.part not in wrong)
    notes += [f"{part} follows {variant}" for part, variant in follows]
    composed = [name for name, _ in _implemented(report) if name in report.composed]
    return [*notes, f"composed from its parts, and not counted: {', '.join(composed)}"] if composed else notes


# -- what went wrong -------------------------------------------------------------------------------------------------


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


def causes(report: Report, checks: list[Check]) -> list[Cause]:
    """The checks by cause: what names the same mistake or pattern, or else has the same output wrong in the same way.

    A failure that names nothing belongs to the one cause that is named for its output, if there is just one; a law,
    which is about all outputs, to the only cause there is.
    """
    groups: dict[tuple, list[list[Check]]] = {}
    for check in sorted(checks, key=lambda c: (not _said(c).names, c.property_name == "law")):
        where = check.concept if check.state is State.BLOCKED else check.part
        of = groups.setdefault((where, check.state), [])
        joined = _alike(check, of)
        of[:] = [group for group in of if not any(group is other for other in joined)]
        of.append([*(c for group in joined for c in group), check])
    order = _clearest(report)
    found = [Cause(sorted(group, key=order)) for of in groups.values() for group in of]
    return sorted(found, key=lambda cause: (_place(cause.example.concept), order(cause.example)))


def _alike(check: Check, groups: list[list[Check]]) -> list[list[Check]]:
    """The groups that tell the same cause as this check."""
    said = _said(check)
    if said.names:
        return [group for group in groups if any(said.names & _said(other).names for other in group)]
    if check.property_name == "law" and len(groups) == 1:
        return list(groups)
    if said.output:
        named = [group for group in groups if any(_said(c).names and said.output == _said(c).output for c in group)]
        if len(named) == 1:
            return named
    return [group for group in groups if not _said(group[0]).names and _said(group[0]).kind == said.kind]


def _said(check: Check) -> Said:
    return _taken_apart(check.text, check.case)


_taken_apart = lru_cache(maxsize=4096)(Said)  # a cause of hundreds of failures compares them with each other


def _clearest(report: Report):
    """What sorts the checks of a cause: a mistake, a pattern, then properties and cases as planned, then float64."""
    properties, cases = {}, {}
    for check in report.checks:
        later = check.property_name not in ("value", "gradient")
        properties.setdefault(check.property_name, (LEVELS.index(check.level), later, len(properties)))
        cases.setdefault((check.part, check.property_name, check.case), len(cases))

    def key(check: Check):
        said = _said(check)
        place = properties[check.property_name], cases[check.part, check.property_name, check.case]
        return not said.mistakes, not said.patterns, place, check.dtype != "float64"

    return key


def _told(report: Report, verbose: bool) -> tuple[list[Cause], list[str]]:
    """The causes that are shown, at the asked level or advice where nothing is wrong at it, and lines on the others."""
    wrong = [c for c in report.checks if c.state in BAD]
    counted = [c for c in wrong if report.counts(c)]
    if not counted and not verbose:
        return _advised(report, wrong)
    found = causes(report, counted or wrong)
    of_concept = Counter()
    rank = []  # a concept's first cause before any other's second
    for cause in found:
        rank.append(of_concept[cause.example.concept])
        of_concept[cause.example.concept] += 1
    limit = len(found) if verbose else max(SHOWN, len(of_concept))
    kept = set(sorted(range(len(found)), key=lambda i: rank[i])[:limit])
    shown = [cause for i, cause in enumerate(found) if i in kept]
    hidden = [cause for i, cause in enumerate(found) if i not in kept]
    lines = []
    for concept in dict.fromkeys(cause.example.concept for cause in hidden):
        of = [cause for cause in hidden if cause.example.concept == concept]
        lines.append(f"{_of(sum(len(c.checks) for c in of), 'failure')} of {_of(len(of), 'more cause')} in {concept}: "
                     f"{_command(report, concept=concept)}")  # fmt: skip
    if counted and len(counted) < len(wrong):
        above = [c for c in wrong if not report.counts(c)]
        level = LEVELS[max(LEVELS.index(c.level) for c in above)]
        lines.append(f"{_of(len(above), 'failure')} above level {report.level}, which is advice: "
                     f"{_command(report, level=level)}")  # fmt: skip
    return shown, lines


def _advised(report: Report, wrong: list[Check]) -> tuple[list[Cause], list[str]]:
    """Where all passed that was asked, a few causes are advice enough, those of the lower level first."""
    found = sorted(causes(report, wrong), key=lambda cause: LEVELS.index(cause.example.level))
    shown, hidden = found[:ADVISED], found[ADVISED:]
    level = LEVELS[max((LEVELS.index(cause.example.level) for cause in found), default=0)]
    more = f"{_of(sum(len(c.checks) for c in hidden), 'more failure')} above level {report.level}, which is advice: "
    return shown, [more + _command(report, level=level)] if hidden else []


def _of(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _show_cause(report: Report, cause: Cause, to: Console, verbose: bool):
    check = cause.example
    head, *body = _lines(report, cause, verbose)
    to.print(
        Text.assemble((_WORD[check.state], _STYLE.get(check.state, "")), (head[len(_WORD[check.state]) :], "bold"))
    )
    for line in body[:-1]:
        to.print(Text(f"    {line}", style="bold" if line.startswith("mistake ") else ""), soft_wrap=True)
    to.print(Text(f"    {body[-1]}", style="dim"), soft_wrap=True)  # one line, to be copied as it is


def _lines(report: Report, cause: Cause, verbose: bool) -> list[str]:
    """The head, what was said, how many more there are, and last the command that repeats it."""
    check, others = cause.example, cause.checks[1:]
    lines = [f"{_WORD[check.state]} {'' if report.counts(check) else 'advice: '}{check.id}"]
    lines += _said(check).shown(verbose)
    if check.text.startswith("raised BdbQuit"):
        lines.append("breakpoint() has no terminal in a worker process: add -n 0")
    if others:
        counts = ", ".join(f"{name} {count}" for name, count in Counter(c.property_name for c in others).items())
        unnamed = sum(not _said(c).names for c in others) if _said(check).names else 0
        doubt = f" ({unnamed} of them {'names' if unnamed == 1 else 'name'} no cause)" if unnamed else ""
        lines.append(f"and {_of(len(others), 'more check')}: {counts}{doubt}")
    return [*lines, f"again: {_command(report, check_id=check.id)}"]


def _command(report: Report, *, check_id="", concept="", level="") -> str:
    """What shows it, to be copied: a line for the shell, or for Python where the backend is an object."""
    concepts = [concept] if concept else report.selected if level else []
    if not report.command:
        given = {"ids": [check_id] * bool(check_id), "concepts": concepts, "level": level}
        told = "".join(f", {name}={value!r}" for name, value in given.items() if value)
        return f"nnspec.check({_expression(report.backend)}{told})"
    options = [text for name in concepts for text in ("--concept", name)]
    options += ["--id", check_id] * bool(check_id) + ["-v"] * bool(concept) + ["--level", level] * bool(level)
    return f"{report.command} {shlex.join(options)}"


def _expression(name: str) -> str:
    """What an object may be called where it was given: a module or class by its name, anything else we cannot know."""
    name = name.rpartition(".")[2]
    return name if name.isidentifier() and name not in ("dict", "SimpleNamespace") else "backend"


# -- the counts ------------------------------------------------------------------------------------------------------


def _summary(report: Report) -> list[str]:
    done = dict(_implemented(report))
    missing = [*(name for name, _ in _by_concept(report.checks) if name not in done), *report.missing]
    good = {name for name, checks in done.items() if not any(c.state in BAD and report.counts(c) for c in checks)}
    own = [name for name in done if name not in report.composed]
    partly = sum(name in report.partly for name in own)
    counts = report.count()
    parts = ", ".join(f"{counts[state]} {_WORD[state]}" for state in State if counts[state])
    advice = sum(c.state in BAD and not report.counts(c) for c in report.checks)
    said = "is still to be written: nothing failed" if report.only_stubs else _VERDICT[report.exit_code]
    verdict = f"[bold {'red' if report.exit_code else 'green'}]{said}[/]"
    ran = len(report.checks) - counts[State.NOT_RUN]
    lines = [
        f"{ran} of {report.planned} planned checks ran in {report.seconds:.1f} s: {parts}"
        + (f" ({advice} of them above the asked level: advice)" if advice else "")
        + (", stopped at the first failure" if report.stopped else ""),
        f"{escape(report.backend)} {verdict} at level {report.level}: {len(good & set(own))} of {len(own)} concepts"
        + (f" ({partly} of them partly)" if partly else "")
        + (f", {len(good - set(own))} of {len(done) - len(own)} composed" if len(done) > len(own) else "")
        + (f", {len(missing)} not implemented" if missing else ""),
    ]
    return [f"not implemented: {', '.join(missing)}", *lines] if missing else lines
