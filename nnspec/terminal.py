"""Tables, as a terminal shows them and as Markdown: what the reports of all commands share."""

from collections.abc import Iterable

from rich.console import Console

WIDTH = 120  # where there is no terminal to ask


def console() -> Console:
    """Plain where it is no terminal, and then wide enough to keep a line a line."""
    made = Console(highlight=False)
    if not made.is_terminal:
        made.width = max(made.width, WIDTH)
    return made


def markdown_table(headings: list[str], rows: Iterable[list[str]], left: int = 1) -> str:
    """A table in Markdown: `left` columns of words, then numbers."""
    align = ["---"] * left + ["---:"] * (len(headings) - left)
    return "".join(f"| {' | '.join(line)} |\n" for line in (headings, align, *rows))
