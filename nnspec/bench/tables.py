"""A benchmark run as a table, in the terminal and as Markdown, and what has to be said below it."""

from collections import Counter
from collections.abc import Iterable
from itertools import zip_longest

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from nnspec.bench.results import Measured
from nnspec.bench.verdict import Judged, Verdict
from nnspec.bench.words import (
    UNSTABLE,
    case_of,
    compared,
    duration,
    geometric_mean,
    interval,
    machine_line,
    megabytes,
    percent,
    seconds,
    title_of,
    unstable,
)
from nnspec.benchmarks import ROUNDS
from nnspec.terminal import markdown_table

AHEAD, BEHIND = 1 / 1.05, 1.05  # of a peer: what lies between is a draw
TREATMENT = (
    "Every contestant allocates its outputs anew in every call, and so does the memory limit; the product of BLAS "
    f"writes into a given one. All take turns in one process, {ROUNDS} rounds of at least 5 ms, without garbage "
    "collection and with equal threads: medians of paired ratios with 95 % bootstrap intervals. Compilation is apart: "
    "what the first call took beyond a later one, 0.0 from a cache. Memory is what the process grew by in one call, "
    "outputs and all."
)


def lines(rows: list[dict], rivals: list[str]) -> tuple[list[str], list[list[str]]]:
    """Headings and lines of the table, of which the terminal and Markdown make their own.

    Where all rows have one dtype and one backend, that stands in the notes.
    """
    told = [name for name in ("dtype", "backend") if len({row[name] for row in rows}) > 1]
    over = [f"/ {rival}" for rival in rivals]
    headings = ["concept", "case", *told, "time", *over, "of the limit", "compile s", "memory MB"]
    return headings, [
        [
            title_of(row),
            row["case"],
            *(row[name] for name in told),
            duration(row["seconds"]),
            *(compared(row, rival) for rival in rivals),
            percent(row["limit"], ends=False),
            seconds(row["compile"]),
            megabytes(row["memory"]),
        ]
        for row in rows
    ]


def notes(bench: Measured, rows: list[dict]) -> list[str]:
    """What has to be said below a table."""
    told = (", ".join(dict.fromkeys(row[name] for row in rows)) for name in ("backend", "dtype"))
    lines = [" in ".join(told)] * bool(rows)
    for rival in bench.rivals(rows):
        for backend in dict.fromkeys(row["backend"] for row in rows if row["backend"] != rival):
            mean = geometric_mean([row for row in rows if row["backend"] == backend], rival)
            if mean:
                lines.append(f"{backend} / {rival}: {mean[0]:.2f} of its time, geometric mean of {mean[1]} cases")
    lines += [f"{case_of(row)} {row['backend']}: {flag}" for row in rows for flag in row["flags"]]
    lines += _untimed(bench.untimed())
    rates = _rates(rows)
    lines += [f"limits: {rates}"] if rates else []
    lines.append(f"machine: {machine_line(bench.machine)}")
    for rival in bench.rivals(rows):
        fewer = [row["over"][rival]["rounds"] for row in rows if rival in row["over"]]
        if short := [count for count in fewer if count < ROUNDS]:
            lines.append(
                f"{rival}: in {len(short)} of {len(fewer)} cases, whose calls are long, fewer than {ROUNDS} "
                f"rounds were paired with it, {min(short)} at least"
            )
    if any(row["clock"] == "cpu" for row in rows):
        lines.append("with one thread CPU time is measured, which other processes do not lengthen")
    return [*lines, *_unstable(rows), TREATMENT]


def _unstable(rows: list[dict]) -> list[str]:
    """How many ratios say little, and why."""
    reasons = Counter(filter(None, (unstable(row, rival) for row in rows for rival in row["over"])))
    if not reasons:
        return []
    told = ", ".join(f"{why} ({count})" for why, count in reasons.most_common())
    return [f"{UNSTABLE} marks {sum(reasons.values())} ratios that no mean counts: {told}"]


def _untimed(rows: list[dict]) -> list[str]:
    """What is wrong, case by case; what was not to be had, backend by backend."""
    lines = [f"{case_of(row)} {row['backend']}: not timed, {row['state']}" for row in rows if not row.get("missing")]
    blanks: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.get("missing"):  # absent from what older versions wrote
            why = "whose functions it lacks" if row["state"].startswith(f"{row['backend']} has no ") else row["state"]
            blanks[row["backend"], why] = blanks.get((row["backend"], why), 0) + 1
    for (backend, why), count in blanks.items():
        cases = f"{count} cases" if count > 1 else "1 case"
        lines.append(f"{backend}: not timed in {cases}{' ' if why.startswith('whose') else ', '}{why}")
    return lines


def _rates(rows: list[dict]) -> str:
    """The best that each limit reached in the run."""
    best: dict[str, tuple[float, str]] = {}
    for limit in filter(None, (row["limit"] for row in rows)):
        best[limit["kind"]] = max(best.get(limit["kind"], (0, "")), (limit["rate"], limit["unit"]))
    return ", ".join(f"{kind} up to {rate / 1e9:.0f} G{unit}" for kind, (rate, unit) in best.items())


def show(bench: Measured, to: Console, names: Iterable[str] = ()):
    rows = bench.judged(names)
    rivals = bench.rivals(rows)
    headings, filled = lines(rows, rivals)
    if not to.is_terminal:
        to.width = max(to.width, _width(headings, filled))
    if narrow := _width(headings, filled) > to.width:
        filled = [[cell.partition(" [")[0] for cell in cells] for cells in filled]
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    begin = headings.index("time")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="left" if number < begin else "right", no_wrap=number == 0)
    for row, cells in zip(rows, filled, strict=True):
        styles = [""] * (begin + 1) + [_style(row, rival) for rival in rivals]
        table.add_row(*(Text(cell, style) for cell, style in zip_longest(cells, styles, fillvalue="")))
    to.print(table)
    to.print("(intervals do not fit into this width)\n" if narrow else "")
    for line in notes(bench, rows):
        to.print(escape(line), soft_wrap=True)


def _width(headings: list[str], filled: list[list[str]]) -> int:
    return sum(max(map(len, column)) + 1 for column in zip(headings, *filled, strict=True)) - 1


def _style(row: dict, rival: str) -> str:
    if rival not in row["over"] or unstable(row, rival):
        return "dim"
    low, high = (row["over"][rival][end] for end in ("low", "high"))
    return "green" if high < AHEAD else "red" if low > BEHIND else ""


def markdown(bench: Measured, names: Iterable[str] = ()) -> str:
    rows = bench.judged(names)
    headings, filled = lines(rows, bench.rivals(rows))
    table = markdown_table(headings, filled, left=headings.index("time"))
    return "\n".join([table, *(f"- {line}" for line in notes(bench, rows))]) + "\n"


def of_verdicts(judged: Iterable[Judged]) -> tuple[list[str], list[list[str]]]:
    """Headings and lines of a comparison; what `not_measured` tells of is not among them."""
    return ["case", "new / old", "again", "verdict"], [
        [one.case, interval(one.ratio), interval(one.again), one.verdict.value] for one in judged if one.ratio
    ]


def not_measured(judged: Iterable[Judged]) -> list[str]:
    """A line for each reason: most often one side is older than many concepts."""
    cases: dict[str, list[str]] = {}
    for one in judged:
        if not one.ratio:
            cases.setdefault(one.why, []).append(one.case)
    return [f"{Verdict.NOTHING.value}{why and f', {why}'}: {', '.join(names)}" for why, names in cases.items()]
