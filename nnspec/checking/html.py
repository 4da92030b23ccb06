"""A report as HTML, for a notebook. Colours that can be read on white and on black."""

import html
from collections.abc import Iterable

from rich.text import Text

from nnspec.checking.causes import Cause
from nnspec.checking.lines import HEADINGS, lines_of, notes_of, rows_of, summary_of, told_causes
from nnspec.checking.results import Results
from nnspec.common import LEVELS

_HTML = {
    "green": "color: #2e9e5b",
    "yellow": "color: #b7791f",
    "bold red": "color: #e5484d; font-weight: bold",
    "dim": "opacity: 0.65",
}


def as_html(report: Results) -> str:
    """One table, and below it a line for each cause that opens. Colours that can be read on white and on black."""
    rows = []
    for name, cells, used, seconds in rows_of(report):
        coloured = (f"<span style='{_HTML[style]}'>{html.escape(told)}</span>" for told, style in cells)
        rows.append(_html_row("td", [name, *coloured, used, seconds]))
    shown, hidden = told_causes(report, verbose=False)
    counts = [Text.from_markup(line).plain for line in summary_of(report)]
    return "".join(
        [
            "<div><table style='border-collapse: collapse; color: inherit'><thead>",
            _html_row("th", HEADINGS),
            "</thead><tbody>",
            *rows,
            "</tbody></table>",
            _html_lines(notes_of(report)),
            *(_html_cause(report, cause, opened=cause is shown[0]) for cause in shown),
            _html_lines([*hidden, *counts]),
            "</div>",
        ]
    )


def _html_row(tag: str, cells: Iterable[str]) -> str:
    aligned = ["left"] * (1 + len(LEVELS)) + ["right"] * 2
    style = "padding: 2px 12px 2px 0; vertical-align: top; text-align"
    made = (f"<{tag} style='{style}: {align}'>{cell}</{tag}>" for align, cell in zip(aligned, cells, strict=True))
    return f"<tr>{''.join(made)}</tr>"


def _html_lines(lines: list[str]) -> str:
    told = "".join(f"<div>{html.escape(line)}</div>" for line in lines)
    return f"<div style='margin: 8px 0'>{told}</div>" if lines else ""


def _html_cause(report: Results, cause: "Cause", opened: bool) -> str:
    head, *body = lines_of(report, cause, verbose=False)
    told = f"<pre style='white-space: pre-wrap; margin: 4px 0 8px 16px'>{html.escape(chr(10).join(body))}</pre>"
    return f"<details{' open' * opened}><summary>{html.escape(head)}</summary>{told}</details>"
