"""What a benchmark run found: its rows, as a table for the terminal, as Markdown, and as pytest-benchmark's JSON.

A row is what one contestant showed in one case (`benchmarks/_measure.py`); ratios in it are [value, low, high].
"""

import json
import math
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from nnspec.benchmarks import REFERENCE, ROUNDS
from nnspec.common import Unusable
from nnspec.terminal import markdown_table

AHEAD, BEHIND = 1 / 1.05, 1.05  # of a peer: what lies between is a draw
DISTURBED = 0.1  # of the machine taken by others, from which figures are doubtful
BLANK = "–"
TREATMENT = (
    "Every contestant allocates its outputs anew in every call, and so does the memory limit; the product of BLAS "
    f"writes into a given one. All take turns in one process, {ROUNDS} rounds of at least 5 ms, without garbage "
    "collection and with equal threads: medians of paired ratios with 95 % bootstrap intervals. Compilation is apart: "
    "what the first call took beyond a later one, 0.0 from a cache. Memory is what the process grew by in one call, "
    "outputs and all."
)


@dataclass
class Measured:
    """A run: rows of cases, the machine, the commit, the backends it was made for, and when it was."""

    rows: list[dict]
    machine: dict
    commit: str = ""
    names: tuple[str, ...] = ()
    when: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def judged(self, names: Iterable[str] = ()) -> list[dict]:
        """The rows of these backends, or of those that the run was made for, or of all."""
        names = list(names or self.names)
        return [row for row in self.rows if row["kind"] == "backend" and (not names or row["backend"] in names)]

    def rivals(self, rows: list[dict]) -> list[str]:
        """Everybody that one of these rows is compared with, beside the reference."""
        return [name for name in dict.fromkeys(name for row in rows for name in row["over"]) if name != REFERENCE]

    def untimed(self) -> list[dict]:
        return [row for row in self.rows if row["kind"] == "untimed"]


def commit_of_the_code() -> str:
    """With a + where it was changed since; empty outside of a repository."""
    commit = commit_id("HEAD")
    return commit + ("+" if commit and _git("status", "--porcelain") else "")


def commit_id(revision: str) -> str:
    return _git("rev-parse", "--short=12", "--verify", "--quiet", f"{revision}^{{commit}}") or ""


def _git(*command) -> str | None:
    import nnspec

    folder = Path(nnspec.__file__).parent.parent
    try:
        done = subprocess.run(["git", "-C", str(folder), *command], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


# -- pytest-benchmark's JSON -----------------------------------------------------------------------------------------


def to_json(bench: Measured) -> str:
    """pytest-benchmark's format: one benchmark a row, with the row in its `extra_info`."""
    from pytest_benchmark import __version__
    from pytest_benchmark.plugin import pytest_benchmark_generate_machine_info

    told = {
        "machine_info": pytest_benchmark_generate_machine_info() | {"nnspec": bench.machine},
        "commit_info": {"id": bench.commit.rstrip("+"), "dirty": bench.commit.endswith("+"), "project": "nnspec"},
        "benchmarks": [_as_benchmark(row) for row in bench.rows if "rounds" in row],
        "nnspec": {"backends": list(bench.names), "untimed": bench.untimed()},
        "datetime": bench.when,
        "version": __version__,
    }
    return json.dumps(told, indent=1)


def _as_benchmark(row: dict) -> dict:
    from pytest_benchmark.stats import Stats

    stats = Stats()
    for seconds in row["rounds"]:
        stats.update(seconds)
    name = f"test_time[{row['case']}-{row['backend']}]"
    params = {"bench_size": row["case"], "bench_backend": row["backend"]}
    return {
        "group": case_of(row),
        "name": name,
        "fullname": f"benchmarks/{row['note']}/bench_{row['concept']}.py::{row['benchmark']}::{name}",
        "params": params,
        "param": f"{row['case']}-{row['backend']}",
        "extra_info": {"nnspec": {key: value for key, value in row.items() if key != "rounds"}},
        "options": {"disable_gc": True, "timer": "perf_counter", "interleaved": True},
        "stats": stats.as_dict() | {"data": stats.data, "iterations": row["repeats"]},
    }


def read_json(file) -> Measured:
    """What `nnspec bench --json` or `pytest benchmarks/ --benchmark-json` wrote. Raises Unusable."""
    try:
        told = json.loads(Path(file).read_text(encoding="utf-8"))
        found = [(b["extra_info"]["nnspec"], b["stats"]["data"]) for b in told["benchmarks"] if _paired(b)]
        commit = told["commit_info"].get("id") or ""
        dirty = "+" if commit and told["commit_info"].get("dirty") else ""
        machine = told["machine_info"].get("nnspec") or {
            "cpu": told["machine_info"].get("cpu", {}).get("brand_raw", "")
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unusable(f"{file} is no benchmark file: {type(error).__name__}: {error}") from None
    ours = told.get("nnspec", {"backends": [], "untimed": []})
    rows = [row | {"rounds": data} for row, data in found] + ours["untimed"]
    if not rows:
        raise Unusable(f"{file} holds no paired measurement of nnspec")
    return Measured(rows, machine, commit[:12] + dirty, tuple(ours["backends"]), told["datetime"])


def _paired(benchmark: dict) -> bool:
    return "nnspec" in benchmark["extra_info"]


# -- words and numbers -----------------------------------------------------------------------------------------------


def title_of(row: dict) -> str:
    """Which benchmark of the concept it is, with the name of the concept where it is not part of it."""
    return row["benchmark"] if row["concept"] in row["benchmark"] else f"{row['concept']} {row['benchmark']}"


def case_of(row: dict) -> str:
    return f"{title_of(row)} {row['case']} {row['dtype']}"


def interval(ratio: dict | None, form: str = ".2f", unit: str = "") -> str:
    if ratio is None:
        return BLANK
    ends = "" if ratio["low"] is None else f" [{ratio['low']:{form}}, {ratio['high']:{form}}]"
    return f"{ratio['value']:{form}}{unit}{ends}"


def times(ratio: dict | None) -> str:
    """A speedup: how many times faster, from a ratio of times."""
    if ratio is None:
        return BLANK
    ends = (("value", "value"), ("low", "high"), ("high", "low"))
    turned = {key: ratio[other] and 1 / ratio[other] for key, other in ends}
    return interval(turned, ".2f" if turned["value"] < 10 else ".0f", "x")


def percent(limit: dict | None, ends: bool = True) -> str:
    if limit is None:
        return BLANK
    share = {key: limit["share"][key] and 100 * limit["share"][key] for key in ("value", "low", "high")}
    form = ".0f" if share["value"] >= 1 else ".1f"
    return f"{interval(share if ends else share | {'low': None}, form, ' %')} {limit['kind']}"


def megabytes(count: int | None) -> str:
    if count is None:
        return BLANK
    return f"{count / 1e6:.0f}" if count >= 1e6 else "<1"


def seconds(count: float | None) -> str:
    return BLANK if count is None else f"{count:.1f}"


def geometric_mean(rows: list[dict], rival: str) -> tuple[float, int] | None:
    logs = [math.log(row["over"][rival]["value"]) for row in rows if rival in row["over"]]
    return (math.exp(sum(logs) / len(logs)), len(logs)) if logs else None


def machine_line(machine: dict) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine.get("versions", {}).items())
    parts = [
        machine.get("cpu"),
        f"{machine['cores']} cores" if "cores" in machine else "",
        f"threads for all: {machine['threads']}" if "threads" in machine else "",
        machine.get("blas"),
        f"Python {machine['python']}" if "python" in machine else "",
        versions,
    ]
    return ", ".join(filter(None, parts))


def lines(rows: list[dict], rivals: list[str]) -> tuple[list[str], list[list[str]]]:
    """Headings and lines of the table, of which the terminal and Markdown make their own.

    Where all rows have one dtype and one backend, that stands in the notes.
    """
    told = [name for name in ("dtype", "backend") if len({row[name] for row in rows}) > 1]
    over = [f"/ {rival}" for rival in rivals]
    headings = ["concept", "case", *told, "reference /", *over, "of the limit", "compile s", "memory MB"]
    return headings, [
        [
            title_of(row),
            row["case"],
            *(row[name] for name in told),
            times(row["over"].get(REFERENCE)),
            *(interval(row["over"].get(rival)) for rival in rivals),
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
    for rival in [REFERENCE, *bench.rivals(rows)]:
        fewer = [row["over"][rival]["rounds"] for row in rows if rival in row["over"]]
        if short := [count for count in fewer if count < ROUNDS]:
            lines.append(
                f"{rival}: in {len(short)} of {len(fewer)} cases, whose calls are long, fewer than {ROUNDS} "
                f"rounds were paired with it, {min(short)} at least"
            )
    if any(row["clock"] == "cpu" for row in rows):
        lines.append("with one thread CPU time is measured, which other processes do not lengthen")
    elif disturbed := sum((row.get("others") or 0) > DISTURBED for row in rows):
        lines.append(
            f"the machine was busy: in {disturbed} of {len(rows)} cases others took more than "
            f"{100 * DISTURBED:.0f} % of it, which lengthens long calls more than short ones"
        )
    return [*lines, TREATMENT]


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


# -- tables ----------------------------------------------------------------------------------------------------------


def show(bench: Measured, to: Console, names: Iterable[str] = ()):
    rows = bench.judged(names)
    rivals = bench.rivals(rows)
    headings, filled = lines(rows, rivals)
    if not to.is_terminal:
        to.width = max(to.width, _width(headings, filled))
    if narrow := _width(headings, filled) > to.width:
        filled = [[cell.partition(" [")[0] for cell in cells] for cells in filled]
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    begin = headings.index("reference /")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="left" if number < begin else "right", no_wrap=number == 0)
    for row, cells in zip(rows, filled, strict=True):
        styles = [""] * (begin + 1) + [_style(row["over"].get(rival)) for rival in rivals]
        table.add_row(*(Text(cell, style) for cell, style in zip_longest(cells, styles, fillvalue="")))
    to.print(table)
    to.print("(intervals do not fit into this width)\n" if narrow else "")
    for line in notes(bench, rows):
        to.print(escape(line), soft_wrap=True)


def _width(headings: list[str], filled: list[list[str]]) -> int:
    return sum(max(map(len, column)) + 1 for column in zip(headings, *filled, strict=True)) - 1


def _style(ratio: dict | None) -> str:
    if ratio is None:
        return "dim"
    low, high = (ratio["value"] if ratio[end] is None else ratio[end] for end in ("low", "high"))
    return "green" if high < AHEAD else "red" if low > BEHIND else ""


def markdown(bench: Measured, names: Iterable[str] = ()) -> str:
    rows = bench.judged(names)
    headings, filled = lines(rows, bench.rivals(rows))
    table = markdown_table(headings, filled, left=headings.index("reference /"))
    return "\n".join([table, *(f"- {line}" for line in notes(bench, rows))]) + "\n"
