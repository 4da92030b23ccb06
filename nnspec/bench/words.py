"""What the numbers of a benchmark look like, wherever they are shown.

A ratio is a time over another's: below 1 is ahead. That holds for the reference, for peers and for older revisions.
"""

import math
from collections.abc import Iterable

BLANK = "–"
UNSTABLE = "~"  # in front of a ratio
DISTURBED = 0.1  # of the machine taken by others, from which wall-clock figures are doubtful
WIDEST = 2.0  # of an interval, its upper end over its lower one, from which the ratio says little


def title_of(row: dict) -> str:
    """Which benchmark of the concept it is, with the name of the concept where it is not part of it."""
    return row["benchmark"] if row["concept"] in row["benchmark"] else f"{row['concept']} {row['benchmark']}"


def case_of(row: dict) -> str:
    return f"{title_of(row)} {row['case']} {row['dtype']}"


def interval(ratio: dict | None, form: str | None = None, unit: str = "") -> str:
    if ratio is None:
        return BLANK
    form = form or _digits(ratio["value"])
    ends = "" if ratio["low"] is None else f" [{ratio['low']:{form}}, {ratio['high']:{form}}]"
    return f"{ratio['value']:{form}}{unit}{ends}"


def _digits(value: float) -> str:
    """Two digits that count: 1.52, 0.15, 0.015."""
    return f".{2 if value >= 0.1 else min(6, 1 - math.floor(math.log10(value)))}f" if value > 0 else ".2f"


def unstable(row: dict, rival: str) -> str:
    """Why the ratio of this row to this rival is not to be relied on; empty if it is."""
    ratio = row["over"][rival]
    if ratio["low"] is None:
        return "too few rounds for an interval"
    if ratio["high"] > WIDEST * ratio["low"]:
        return f"its interval is wider than a factor of {WIDEST:g}"
    if disturbed(row):
        return f"others took {100 * row['others']:.0f} % of the machine"
    return ""


def disturbed(row: dict) -> bool:
    """CPU time is not lengthened by others."""
    return row["clock"] == "wall" and (row.get("others") or 0) > DISTURBED


def compared(row: dict, rival: str) -> str:
    if rival not in row["over"]:
        return BLANK
    return UNSTABLE * bool(unstable(row, rival)) + interval(row["over"][rival])


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


def duration(seconds: float) -> str:
    """Three digits: 12.3 µs."""
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= 0.9995 * size:
            return f"{float(f'{seconds / size:.3g}'):g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def geometric_mean(rows: Iterable[dict], rival: str) -> tuple[float, int] | None:
    """Of what can be relied on, and how many ratios that were."""
    logs = [math.log(row["over"][rival]["value"]) for row in rows if rival in row["over"] and not unstable(row, rival)]
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
