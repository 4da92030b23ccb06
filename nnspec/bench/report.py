"""A benchmark run and its history as one HTML file: inline CSS and SVG, nothing from elsewhere, light and dark."""

import itertools
import math
from html import escape

from nnspec.bench import history_page
from nnspec.bench.page import FILTER, PAGE, STYLE
from nnspec.bench.results import Measured
from nnspec.bench.tables import TREATMENT, notes
from nnspec.bench.timeline import lines as timelines
from nnspec.bench.verdict import THRESHOLD
from nnspec.bench.words import (
    BLANK,
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
from nnspec.benchmarks import REFERENCE, STEEPER

STEPS = (0.25, 0.5, 0.8, 0.95, 1.05, 1.25, 2, 4)  # of a ratio to a peer: where the colours of the heat map change
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 300, 190, 40, 24, 10  # of a small chart
SHARE_SHOWN = 1.2  # of the limit: the end of the bars
_COLOURS = ("a", "b", "c", "d", "e", "f")


def html(bench: Measured, histories: list[tuple[dict, list[dict]]], names=(), threshold: float = THRESHOLD) -> str:
    """histories: (machine, the rows of its runs, oldest first) of every machine; it may be empty."""
    rows = bench.judged(names)
    rivals = bench.rivals(rows)
    past = timelines(histories, threshold)
    if names:
        past = [line for line in past if line.backend in names]
    sections = [
        _head(bench, rows, rivals),
        FILTER,
        _heat_map(rows, rivals),
        _losses(rows, rivals),
        _limits(rows),
        _curves(bench, rows),
        history_page.section(past, threshold),
        _about(bench, rows),
    ]
    filled = {
        "style": STYLE + history_page.STYLE,
        "body": "\n".join(filter(None, sections)),
        "script": history_page.SCRIPT,
    }
    return PAGE.format_map(filled)


# -- sections --------------------------------------------------------------------------------------------------------


def _head(bench, rows, rivals) -> str:
    cards = [
        _card(len({case_of(row) for row in rows}), "cases timed", f"of {len({r['concept'] for r in rows})} concepts")
    ]
    for backend in dict.fromkeys(row["backend"] for row in rows):
        mine = [row for row in rows if row["backend"] == backend]
        for rival in rivals:
            if rival != backend and (mean := geometric_mean(mine, rival)):
                cards.append(_card(f"{mean[0]:.2f}", f"{backend} / {rival}", f"time, geometric mean of {mean[1]}"))
    when = bench.when[:16].replace("T", " ")
    commit = f"commit {escape(bench.commit)}, " if bench.commit else ""
    return (
        f"<header><h1>What each concept costs</h1><p class=dim>{commit}{escape(when)}</p>"
        f"<p>{escape(machine_line(bench.machine))}</p><div class=cards>{''.join(cards)}</div></header>"
    )


def _card(number, what, of) -> str:
    return f"<div class=card><b>{number}</b><span>{escape(what)}</span><small>{escape(of)}</small></div>"


def _heat_map(rows, rivals) -> str:
    heads = ["concept", "time", *(f"/ {rival}" for rival in rivals), "of the limit", "compile s", "memory MB"]
    legend = "".join(f"<span class='heat{step}'>{label}</span>" for step, label in enumerate(_legend()))
    several = len({row["backend"] for row in rows}) > 1
    return (
        "<section><h2>Against the reference and the peers</h2><p class=dim>Time over that of the reference or peer: "
        "below 1 is ahead. The interval shows where the pointer rests; – was not measured, and "
        f"{UNSTABLE} cannot be relied on and is in no mean.</p><div class=legend>{legend}</div>"
        "<div class=scroll><table><thead><tr>"
        + "".join(f"<th>{escape(head)}</th>" for head in heads)
        + f"</tr></thead><tbody>{''.join(_heat_line(row, rivals, several) for row in rows)}</tbody></table></div>"
        + "</section>"
    )


def _heat_line(row, rivals, several: bool) -> str:
    which = " ".join([row["case"], row["dtype"], *([row["backend"]] if several else [])])
    cells = [f"<td><b>{escape(title_of(row))}</b> <small>{escape(which)}</small></td>"]
    cells.append(f"<td>{escape(duration(row['seconds']))}</td>")
    cells += [_ratio_cell(row, rival) for rival in rivals]
    for text in (percent(row["limit"], ends=False), seconds(row["compile"]), megabytes(row["memory"])):
        cells.append(f"<td>{escape(text)}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _legend() -> list[str]:
    ends = [f"{step:.3g}" for step in STEPS]
    return [f"< {ends[0]}", *(f"{low} – {high}" for low, high in itertools.pairwise(ends)), f"> {ends[-1]}"]


def _ratio_cell(row, rival) -> str:
    ratio = row["over"].get(rival)
    if ratio is None:
        return f"<td class=dim>{BLANK}</td>"
    told = f"time {interval(ratio)}, {ratio['rounds']} rounds"
    shown = escape(compared(row, rival).split(" ")[0])
    if why := unstable(row, rival):
        return f"<td class='dim unstable' title='{escape(f'{told}; {why}')}'>{shown}</td>"
    step = sum(ratio["value"] > end for end in STEPS)
    return f"<td class='heat{step}' title='{escape(told)}'>{shown}</td>"


def _losses(rows, rivals) -> str:
    lost = [
        (row["over"][rival]["value"], row, rival)
        for row in rows
        for rival in rivals
        if rival in row["over"] and not unstable(row, rival) and row["over"][rival]["low"] > 1
    ]
    if not lost:
        return ""
    lines = [
        f"<li><b>{value:.2f}</b> {escape(case_of(row))}: {escape(row['backend'])} behind {escape(rival)}"
        for value, row, rival in sorted(lost, key=lambda entry: -entry[0])
    ]
    return (
        "<section><h2>Behind</h2><p class=dim>The whole interval lies above 1.</p>"
        f"<ul class=behind>{''.join(lines)}</ul></section>"
    )


def _limits(rows) -> str:
    bound = [row for row in rows if row["limit"]]
    if not bound:
        return ""
    bars = "".join(
        f"<div class=bar><span>{escape(title_of(row))} <em>{escape(row['case'])}</em></span>{_bar(row['limit'])}"
        f"<span class=num>{escape(percent(row['limit']))}</span></div>"
        for row in sorted(bound, key=lambda row: -row["limit"]["share"]["value"])
    )
    return (
        "<section><h2>Share of the limit</h2><p class=dim>The time that BLAS (sgemm, dgemm) would need for the counted "
        "operations, or a pass over as much memory (allocates outputs as large as these and reads the rest) for the "
        "counted bytes, over the time taken. The mark is 100 %.</p>"
        f"<div class=bars>{bars}</div></section>"
    )


def _bar(limit) -> str:
    share = limit["share"]

    def at(value):
        return 100 * min(value, SHARE_SHOWN) / SHARE_SHOWN

    whisker = ""
    if share["low"] is not None:
        whisker = f"<line x1='{at(share['low']):.1f}' x2='{at(share['high']):.1f}' y1=5 y2=5 class=whisker />"
    return (
        "<svg viewBox='0 0 100 10' preserveAspectRatio=none role=img>"
        f"<rect width=100 height=10 class=track /><rect width='{at(share['value']):.1f}' height=10 class=fill />"
        f"{whisker}"
        f"<line x1='{at(1):.1f}' x2='{at(1):.1f}' y1=0 y2=10 class=mark /></svg>"
    )


def _curves(bench, rows) -> str:
    """One chart a benchmark, all contestants in it."""
    groups: dict[tuple, dict[str, dict]] = {}
    for row in bench.rows:
        if row.get("curve"):
            groups.setdefault((title_of(row), row["dtype"]), {}).setdefault(row["backend"], row["curve"])
    if not groups:
        return ""
    colours = _coloured(name for curves in groups.values() for name in curves)
    charts = "".join(_curve_chart(f"{title} {dtype}", curves, colours) for (title, dtype), curves in groups.items())
    return (
        "<section><h2>Cost against size</h2><p class=dim>CPU time of all threads over the size, both logarithmic; in "
        "brackets the fitted exponent. One that exceeds the stated exponent by more than 0.3 is marked.</p>"
        f"{_key(colours)}<div class=charts>{charts}</div></section>"
    )


def _curve_chart(title, curves, colours) -> str:
    points = {name: [(n, t) for n, t in zip(c["sizes"], c["seconds"], strict=True) if t] for name, c in curves.items()}
    everything = [point for line in points.values() for point in line]
    x, y = (
        _log_scale([point[axis] for point in everything], *ends)
        for axis, ends in enumerate(((LEFT, WIDTH - 8), (HEIGHT - BOTTOM, TOP)))
    )
    any_curve = next(iter(curves.values()))
    drawn = [_axes(x, y, [any_curve["sizes"][0], any_curve["sizes"][-1]], str, duration)]
    fitted = []
    for name, line in points.items():
        drawn.append(_line([(x(n), y(t)) for n, t in line], colours[name]))
        exponent = curves[name]["exponent"]
        if exponent is not None:
            classes = colours[name] + (" flag" if exponent > curves[name]["stated"] + STEEPER else "")
            fitted.append(f"<span class='{classes}'>{escape(name)} ({exponent:.2f})</span>")
    stated = f"{any_curve['along']}, stated exponent {any_curve['stated']:g}"
    return _figure(title, "".join(drawn), f"{' '.join(fitted)} <span class=dim>{escape(stated)}</span>")


def _about(bench, rows) -> str:
    told = [line for line in notes(bench, rows) if line != TREATMENT and not line.startswith("machine:")]
    lines = "".join(f"<li>{escape(line)}" for line in [*told, TREATMENT])
    return f"<section><h2>How it was measured</h2><ul>{lines}</ul></section>"


# -- pieces of a chart -----------------------------------------------------------------------------------------------


def _coloured(names) -> dict[str, str]:
    """The reference is grey, the others have a colour each, in the order in which they come."""
    others = [name for name in dict.fromkeys(names) if name != REFERENCE]
    return {REFERENCE: "r"} | {name: _COLOURS[number % len(_COLOURS)] for number, name in enumerate(others)}


def _key(colours) -> str:
    names = "".join(f"<span class={colour}>● {escape(name)}</span>" for name, colour in colours.items())
    return f"<div class=legend>{names}</div>"


def _log_scale(values, begin, end):
    low, high = math.log(min(values)), math.log(max(values))
    span = (high - low) or 1.0
    return lambda value: begin + (math.log(value) - low) / span * (end - begin)


def _axes(x, y, sizes, size_text, value_text) -> str:
    """Lines at round values, and the sizes at both ends."""
    drawn = []
    for value in _ticks(y):
        at = y(value)
        drawn.append(
            f"<line x1={LEFT} x2={WIDTH - 8} y1='{at:.1f}' y2='{at:.1f}' class=grid />"
            f"<text x={LEFT - 4} y='{at + 3:.1f}' text-anchor=end>{value_text(value)}</text>"
        )
    for size, anchor in zip(sizes, ("start", "end"), strict=False):
        drawn.append(f"<text x='{x(size):.1f}' y={HEIGHT - 8} text-anchor={anchor}>{size_text(size)}</text>")
    return "".join(drawn)


def _ticks(y) -> list[float]:
    """The coarsest of powers of ten, their 1, 2, 5, and ever finer digits, that has two values or more in the chart."""
    for digits in (
        (1,),
        (1, 2, 5),
        range(1, 10),
        [n / 10 for n in range(10, 100)],
        [n / 100 for n in range(100, 1000)],
    ):
        values = [digit * 10.0**power for power in range(-9, 9) for digit in digits]
        if len(seen := [value for value in values if TOP - 1 <= y(value) <= HEIGHT - BOTTOM + 1]) > 1:
            return seen[:: max(1, len(seen) // 5)]
    return []


def _line(points, colour) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f"<circle cx='{x:.1f}' cy='{y:.1f}' r=2.5 />" for x, y in points)
    return f"<g class='{colour}'><polyline points='{path}' />{dots}</g>"


def _figure(title, drawn, caption) -> str:
    return (
        f"<figure><h3>{escape(title)}</h3><svg viewBox='0 0 {WIDTH} {HEIGHT}' role=img>{drawn}</svg>"
        f"<figcaption>{caption}</figcaption></figure>"
    )
