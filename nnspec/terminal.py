"""Tables, as a terminal shows them and as Markdown: what the reports of all commands share."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = 120  # where there is no terminal to ask


def console() -> Console:
    """Plain where it is no terminal, and then wide enough to keep a line a line."""
    made = Console(highlight=False)
    if not made.is_terminal:
        made.width = max(made.width, WIDTH)
    return made


def show_table(
    headings: list[str],
    rows: Iterable[list[str]],
    to: Console,
    *,
    markdown: bool,
    left: int,
    words: int = 0,
    wraps: bool = True,
):
    """A plain table, as Markdown or for the terminal: `left` columns of words, then numbers, then as many of words.

    wraps: whether all columns but the first may take several lines where it is narrow.
    """
    if markdown:
        to.print(markdown_table(headings, rows, left), end="", markup=False, soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, heading in enumerate(headings):
        is_number = left <= number < len(headings) - words
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=number == 0 or not wraps)
    for cells in rows:
        table.add_row(*map(Text, cells))
    to.print(table)


def markdown_table(headings: list[str], rows: Iterable[list[str]], left: int = 1) -> str:
    """A table in Markdown: `left` columns of words, then numbers."""
    align = ["---"] * left + ["---:"] * (len(headings) - left)
    return "".join(f"| {' | '.join(line)} |\n" for line in (headings, align, *rows))
