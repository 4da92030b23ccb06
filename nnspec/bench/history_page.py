"""The history as a section of the report: a row with a sparkline for each line, its chart where one clicks.

Sparklines are drawn here, and are there without scripts; the chart of a line is drawn by the page when it is asked for,
because hundreds of them with hundreds of commits would be megabytes that nobody looks at.
"""

import json
import math
from html import escape

from nnspec.bench.timeline import CHANGED, Line, Point
from nnspec.bench.verdict import Verdict
from nnspec.bench.words import interval, machine_line

WIDTH, HEIGHT, PAD = 200, 32, 4  # of a sparkline
LEAST_SPAN = math.log(1.25)  # of a sparkline's height: noise is not to look like mountains
DIGITS = 4  # of a figure in the page's data
MARK = {Verdict.REGRESSED: "regressed", Verdict.IMPROVED: "improved"}


def section(lines: list[Line], threshold: float) -> str:
    """Empty where no line has two commits. Those whose last commit changed something come first."""
    shown = sorted((line for line in lines if len(line.points) > 1), key=_order)
    if not shown:
        return ""
    machines = list(dict.fromkeys(machine_line(line.machine) for line in shown))
    told = "".join(f"<li>{_letter(number)}: {escape(name)}" for number, name in enumerate(machines))
    rows = "".join(_row(number, line, machines) for number, line in enumerate(shown))
    return (
        "<section id=history><h2>History</h2><p class=dim>Time over that of the limit, or of the reference, commit by "
        "commit, with intervals; lower is faster. A mark is a change of more than "
        f"{100 * threshold:.0f} % against the commit before, <span class='mark-regressed'>● slower</span> or "
        "<span class='mark-improved'>● faster</span>, hollow where no second run of the commit has confirmed it. "
        "A click opens the chart.</p>"
        f"<ul class='dim machines'>{told}</ul>"
        "<div class=scroll><table class=lines><thead><tr><th>case<th>history<th>now<th>/ first<th>last change"
        f"<th>backend<th>machine<th>over</tr></thead><tbody>{rows}</tbody></table></div>"
        f"<script type='application/json' id=history-data>{_data(shown)}</script></section>"
    )


def _order(line: Line):
    newest = line.points[-1].verdict
    return {Verdict.REGRESSED: 0, Verdict.IMPROVED: 1}.get(newest, 2), line.case, line.backend


def _letter(number: int) -> str:
    """A … Z, then A1 …"""
    turns, at = divmod(number, 26)
    return chr(ord("A") + at) + (str(turns) if turns else "")


def _row(number: int, line: Line, machines: list[str]) -> str:
    change = line.last_change
    if change is None:
        last = "<td class=dim>none</td>"
    else:
        back = len(line.points) - 1 - line.points.index(change)
        ago = "in the last commit" if back == 0 else f"{back} commits ago"
        last = f"<td class='mark-{MARK[change.verdict]}'>{change.verdict.value} {ago}</td>"
    whose = [line.backend, _letter(machines.index(machine_line(line.machine))), line.anchor]
    return (
        f"<tr data-line={number} tabindex=0 role=button aria-expanded=false>"
        f"<td>{escape(line.case)}</td><td>{_sparkline(line.points)}</td>"
        f"<td>{line.points[-1].ratio['value']:.3g}</td><td>{interval(line.overall)}</td>{last}"
        + "".join(f"<td>{escape(cell)}</td>" for cell in whose)
        + "</tr>"
    )


def _sparkline(points: tuple[Point, ...]) -> str:
    at, up = _scales(points)
    values = " ".join(f"{at(i)},{up(point.ratio['value'])}" for i, point in enumerate(points))
    known = [(i, point.ratio) for i, point in enumerate(points) if point.ratio["low"] is not None]
    band = [f"{at(i)},{up(ratio['high'])}" for i, ratio in known]
    band += [f"{at(i)},{up(ratio['low'])}" for i, ratio in reversed(known)]
    marks = "".join(
        f"<circle cx={at(i)} cy={up(point.ratio['value'])} r=3 class='{_mark(point)}' />"
        for i, point in enumerate(points)
        if point.verdict in CHANGED
    )
    return (
        f"<svg class=spark viewBox='0 0 {WIDTH} {HEIGHT}' width={WIDTH} height={HEIGHT} role=img>"
        f"<polygon points='{' '.join(band)}' /><polyline class=a points='{values}' />{marks}</svg>"
    )


def _mark(point: Point) -> str:
    return f"mark-{MARK[point.verdict]}" + ("" if point.confirmed else " hollow")


def _scales(points):
    """Of the number of a commit, and of a ratio, logarithmic; to whole pixels."""
    values = [math.log(value) for point in points for value in point.ratio.values() if value]
    middle, half = (max(values) + min(values)) / 2, max((max(values) - min(values)) / 2, LEAST_SPAN / 2)
    step = (WIDTH - 2 * PAD) / max(1, len(points) - 1)
    inner = HEIGHT - 2 * PAD
    return (
        lambda i: f"{PAD + step * i:.0f}",
        lambda value: f"{PAD + inner * (middle + half - math.log(value)) / (2 * half):.0f}",
    )


def _data(lines: list[Line]) -> str:
    """What the charts are drawn from: for each line [commit, when, runs, value, low, high, mark] for each point."""

    def figure(value):
        return None if value is None else float(f"{value:.{DIGITS}g}")

    told = [
        [
            [
                *(point.commit, point.when[:16], point.runs),
                *map(figure, point.ratio.values()),
                _mark(point) if point.verdict in CHANGED else "",
            ]
            for point in line.points
        ]
        for line in lines
    ]
    return json.dumps(told, separators=(",", ":")).replace("<", "\\u003c")


STYLE = """
.filter { position: sticky; top: 0; z-index: 3; background: var(--back); padding: 8px 0; display: flex; gap: 14px;
  align-items: center; flex-wrap: wrap; }
.filter input[type=search] { font: inherit; padding: 6px 10px; border: 1px solid var(--line); border-radius: 6px;
  background: var(--card); color: var(--ink); flex: 1 1 240px; max-width: 420px; }
.lines td:nth-child(n+5), .lines th:nth-child(n+5) { text-align: left; }
.lines tr[data-line] { cursor: pointer; } .lines tr[data-line]:hover td { background: var(--grid); }
.lines tr[data-line]:focus-visible { outline: 2px solid var(--a); outline-offset: -2px; }
.spark { display: block; } .spark polygon { fill: var(--a); opacity: .18; } .spark polyline { stroke-width: 1.4; }
.mark-regressed { color: var(--bad3); } .mark-improved { color: var(--good3); }
circle.hollow { fill: var(--card); stroke: currentColor; stroke-width: 1.5; }
.lines td.chart { white-space: normal; padding: 6px 12px 12px; position: static; }
.chart svg { width: 100%; max-width: min(1100px, 100vw - 70px); height: auto; display: block; position: sticky;
  left: 12px; }
.machines { list-style: none; padding: 0; font-size: 12.5px; }
"""

SCRIPT = """
const data = JSON.parse(document.getElementById('history-data')?.textContent || '[]');
const NS = document.querySelector('svg')?.namespaceURI, W = 1000, H = 240, LEFT = 48, BOTTOM = 26, TOP = 10;
function element(name, attributes, text) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
function chart(points) {
  const svg = element('svg', {viewBox: `0 0 ${W} ${H}`, role: 'img'});
  const logs = points.flatMap(p => p.slice(3, 6)).filter(v => v).map(Math.log);
  const low = Math.min(...logs) - 0.05, high = Math.max(...logs) + 0.05;
  const x = i => LEFT + 10 + (W - LEFT - 24) * (points.length > 1 ? i / (points.length - 1) : 0.5);
  const y = v => TOP + (H - BOTTOM - TOP) * (high - Math.log(v)) / (high - low);
  for (let i = 0; i <= 4; i++) {
    const value = Math.exp(low + (high - low) * i / 4), at = y(value);
    svg.append(element('line', {x1: LEFT, x2: W - 8, y1: at, y2: at, class: 'grid'}));
    svg.append(element('text', {x: LEFT - 6, y: at + 3, 'text-anchor': 'end'}, value.toPrecision(3)));
  }
  const line = points.map((p, i) => `${x(i)},${y(p[3])}`).join(' ');
  svg.append(element('polyline', {points: line, class: 'a'}));
  points.forEach((p, i) => {
    const [commit, when, runs, value, from, to, mark] = p, group = element('g', {class: mark || 'a'});
    if (from) group.append(element('line', {x1: x(i), x2: x(i), y1: y(from), y2: y(to), class: 'whisker'}));
    group.append(element('circle', {cx: x(i), cy: y(value), r: mark ? 5 : 3, class: mark}));
    const ends = from ? ` [${from}, ${to}]` : '';
    group.append(element('title', {}, `${commit || 'no commit'}, ${when}: ${value}${ends}, ${runs} run(s)`
      + (mark ? `, ${mark.replace('mark-', '').replace(' hollow', ', not confirmed')}` : '')));
    svg.append(group);
  });
  const every = Math.ceil(points.length / 8), last = points.length - every;
  points.forEach((p, i) => {
    if (i % every) return;
    const anchor = i === 0 ? 'start' : i >= last ? 'end' : 'middle';
    svg.append(element('text', {x: x(i), y: H - 8, 'text-anchor': anchor}, p[0].slice(0, 8)));
  });
  return svg;
}
function toggle(row) {
  const open = row.getAttribute('aria-expanded') === 'true';
  row.setAttribute('aria-expanded', String(!open));
  if (open) { row.nextElementSibling.remove(); return; }
  const below = document.createElement('tr'), cell = document.createElement('td');
  cell.colSpan = row.children.length; cell.className = 'chart';
  cell.append(chart(data[Number(row.dataset.line)])); below.append(cell); row.after(below);
}
for (const row of document.querySelectorAll('tr[data-line]')) {
  row.addEventListener('click', () => toggle(row));
  row.addEventListener('keydown', event => {
    if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); toggle(row); } });
}
const wanted = document.querySelector('.filter input[type=search]');
const changed = document.querySelector('.filter [name=changed]');
const count = document.querySelector('.filter output');
const named = [...document.querySelectorAll('main tbody tr, .bar, main figure, .behind li')];
function sift() {
  const words = wanted.value.toLowerCase().split(/\\s+/).filter(word => word);
  let shown = 0;
  for (const one of named) {
    const text = one.textContent.toLowerCase();
    const fits = words.every(word => text.includes(word))
      && !(changed?.checked && one.dataset.line && !one.querySelector('[class^=mark-]'));
    one.hidden = !fits; shown += fits;
    if (one.getAttribute('aria-expanded') === 'true' && !fits) toggle(one);
  }
  count.textContent = words.length || changed?.checked ? `${shown} of ${named.length} shown` : '';
}
for (const control of document.querySelectorAll('.filter input')) control.addEventListener('input', sift);
"""
