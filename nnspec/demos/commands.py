"""`nnspec demo`: the command and its options."""

import importlib
import pkgutil
from pathlib import Path

import click

from nnspec.common import told_in_one_line, writable
from nnspec.demos import gallery

FILE = click.Path(dir_okay=False, path_type=Path)


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(gallery.__path__))


class Demonstration:
    """A file of the gallery: what it shows, and what there is to see in it."""

    def __init__(self, name: str):
        self._module = importlib.import_module(f"{gallery.__name__}.{name}")
        self.title, _, said = self._module.__doc__.strip().partition("\n")
        self.said = said.strip()

    def panels(self, ops) -> list:
        return self._module.panels(ops)


@click.command()
@click.argument("name", required=False, type=click.Choice(names()))
@click.option("--backend", default="reference", show_default=True, help="A name, a module or a path.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), callback=writable, help="Draw it into this file."
)
def demo(name, backend, out):
    """Show a picture of the course, drawn from what a backend computes, and say what one sees.

    Without NAME: which there are. In the terminal it is drawn with characters; --out FILE.png, .svg or .pdf makes a
    picture (extra `plots`).
    """
    from nnspec.terminal import console

    to = console()
    if name is None:
        if out:
            raise click.UsageError("--out needs the NAME of a demonstration")
        width = max(map(len, names()))
        for each in names():
            to.print(f"{each:{width}}  {Demonstration(each).title}")
        return
    _show(Demonstration(name), backend, out, to)


def _show(shown: Demonstration, backend: str, out: Path | None, to):
    from nnspec.backends import CannotLoad, NotSupplied, load
    from nnspec.demos.picture import draw
    from nnspec.demos.text import as_text
    from nnspec.training.ops import Filled

    with told_in_one_line(CannotLoad, NotSupplied, ModuleNotFoundError, ValueError):
        ops = Filled(load(backend))
        panels = shown.panels(ops)
        if out:
            draw(panels, out)
    to.print(shown.title, markup=False)
    if not out:
        for panel in panels:
            to.print(f"\n{as_text(panel)}", markup=False, no_wrap=True, overflow="ignore", crop=False)
    to.print(f"\n{shown.said}", markup=False, soft_wrap=True)
    if ops.lacking:
        to.print(f"From the reference, because {backend} lacks it: {', '.join(sorted(ops.lacking))}", soft_wrap=True)
    if out:
        to.print(f"Drawn: {out}", soft_wrap=True)
