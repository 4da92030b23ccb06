"""A report in words: a line for each concept, what the table has no room for, the causes of failures, the counts."""

import shlex
from collections import Counter
from collections.abc import Iterable

from rich.markup import escape

from nnspec.checking.causes import Cause, causes, place_of, said_of
from nnspec.checking.results import BAD, UNJUDGED, Check, Results, State
from nnspec.common import LEVELS

SHOWN = 12  # causes told in full, and one of every failing concept; the rest is counted
ADVISED = 3  # causes, where everything passed that was asked
WORD = {state: state.value.replace("_", " ") for state in State}
NAMED = 8  # concepts that are not implemented, before they are only counted
_VERDICT = {0: "passed", 1: "failed", 2: "could not be judged"}


HEADINGS = ("concept", *LEVELS, "budget", "s")


def _by_concept(checks: Iterable[Check]) -> list[tuple[str, list[Check]]]:
    found: dict[str, list[Check]] = {}
    for check in checks:
        found.setdefault(check.concept, []).append(check)
    return sorted(found.items(), key=lambda item: place_of(item[0]))


def _implemented(report: Results) -> list[tuple[str, list[Check]]]:
    """The concepts of which the backend has anything."""
    return [
        (name, checks) for name, checks in _by_concept(report.checks) if any(c.state not in UNJUDGED for c in checks)
    ]


def rows_of(report: Results):
    """(concept, [(cell, style) for each level], budget, seconds)."""
    for name, checks in _implemented(report):
        cells = [_cell(report, [c for c in checks if c.level == level]) for level in LEVELS]
        used = max((c.margin for c in checks if c.state is State.PASSED), default=0)
        mark = " (partly)" if name in report.partly else " (composed)" if name in report.composed else ""
        yield name + mark, cells, f"{used:.0%}" if used else "–", f"{sum(c.seconds for c in checks):.1f}"


def _cell(report: Results, checks: list[Check]) -> tuple[str, str]:
    counts = report.count(checks)
    if not checks or set(counts) == {State.NOT_IMPLEMENTED}:
        return ("not implemented" if checks else "–"), "dim"
    if set(counts) <= set(UNJUDGED):
        return f"not run ({_lowest_broken(report, checks[0])} fails)", "dim"
    advice = any(not report.counts(check) for check in checks)
    bad = sum(counts[state] for state in BAD)
    told = ", ".join(f"{counts[s]} {WORD[s]}" for s in State if counts[s])
    return told + (" (advice)" if advice and bad else ""), "green" if not bad else "yellow" if advice else "bold red"


def _lowest_broken(report: Results, check: Check) -> str:
    """The level at which the concept of this check fails, for whose sake it was not run."""
    broken = {c.level for c in report.checks if c.concept == check.concept and c.state in BAD}
    return next((level for level in LEVELS if level in broken), LEVELS[0])


def notes_of(report: Results) -> list[str]:
    """What the table has no room for."""
    notes = [f"{concept}: partly, {', '.join(lacking)}" for concept, lacking in report.partly.items()]
    told = " ".join(notes)
    notes += [
        f"{name} has no name of the specification: did you mean {meant}?"
        for name, meant in report.near.items()
        if f"it has {name}" not in told
    ]
    wrong = {check.part for check in report.checks if check.state in BAD and check.level == LEVELS[0]}
    # What is wrong may resemble a form by chance.
    follows = dict.fromkeys((c.part, c.follows) for c in report.checks if c.follows and c.part not in wrong)
    notes += [f"{part} follows {variant}" for part, variant in follows]
    composed = [name for name, _ in _implemented(report) if name in report.composed]
    return [*notes, f"composed from its parts, and not counted: {', '.join(composed)}"] if composed else notes


def told_causes(report: Results, verbose: bool) -> tuple[list[Cause], list[str]]:
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
        lines.append(
            f"{_counted(sum(len(c.checks) for c in of), 'failure')} of {_counted(len(of), 'more cause')} in {concept}: "
            f"{_command(report, concept=concept)}"
        )
    if counted and len(counted) < len(wrong):
        above = [c for c in wrong if not report.counts(c)]
        level = LEVELS[max(LEVELS.index(c.level) for c in above)]
        count = _counted(len(above), "failure")
        lines.append(f"{count} above level {report.level}, which is advice: {_command(report, level=level)}")
    return shown, lines


def _advised(report: Results, wrong: list[Check]) -> tuple[list[Cause], list[str]]:
    """Where all passed that was asked, a few causes are advice enough, those of the lower level first."""
    found = sorted(causes(report, wrong), key=lambda cause: LEVELS.index(cause.example.level))
    shown, hidden = found[:ADVISED], found[ADVISED:]
    level = LEVELS[max((LEVELS.index(cause.example.level) for cause in found), default=0)]
    more = (
        f"{_counted(sum(len(c.checks) for c in hidden), 'more failure')} above level {report.level}, which is advice: "
    )
    return shown, [more + _command(report, level=level)] if hidden else []


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def lines_of(report: Results, cause: Cause, verbose: bool) -> list[str]:
    """The head, what was said, how many more there are, and last the command that repeats it."""
    check, others = cause.example, cause.checks[1:]
    lines = [f"{WORD[check.state]} {'' if report.counts(check) else 'advice: '}{check.id}"]
    lines += said_of(check).shown(verbose)
    if check.text.startswith("raised BdbQuit"):
        lines.append("breakpoint() has no terminal in a worker process: add -n 0")
    if others:
        counts = ", ".join(f"{name} {count}" for name, count in Counter(c.property_name for c in others).items())
        unnamed = sum(not said_of(c).names for c in others) if said_of(check).names else 0
        doubt = f" ({unnamed} of them {'names' if unnamed == 1 else 'name'} no cause)" if unnamed else ""
        lines.append(f"and {_counted(len(others), 'more check')}: {counts}{doubt}")
    return [*lines, f"again: {_command(report, check_id=check.id)}"]


def _command(report: Results, *, check_id="", concept="", level="") -> str:
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


def summary_of(report: Results) -> list[str]:
    done = dict(_implemented(report))
    missing = [*(name for name, _ in _by_concept(report.checks) if name not in done), *report.missing]
    good = {name for name, checks in done.items() if not any(c.state in BAD and report.counts(c) for c in checks)}
    own = [name for name in done if name not in report.composed]
    partly = sum(name in report.partly for name in own)
    counts = report.count()
    parts = ", ".join(f"{counts[state]} {WORD[state]}" for state in State if counts[state])
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
    named = ", ".join(missing) if len(missing) <= NAMED else f"{len(missing)} of those that `nnspec list` shows"
    return [f"not implemented: {named}", *lines] if missing else lines
