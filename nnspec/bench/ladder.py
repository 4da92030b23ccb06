"""`nnspec bench ladder`: how code becomes fast, rung by rung, each timed beside the others.

A ladder stands beside its twin, in `_ladder_<concept>.py`: a class for each rung, from the plainest to the twin itself,
with the public functions of the concept. The docstring of a class says in its first line what the rung changes.
"""

import importlib
import inspect
import sys
from dataclasses import dataclass

import click

from nnspec.common import DTYPES, PRESETS, Unusable, told_in_one_line, with_pool_of


@dataclass(frozen=True)
class Ladder:
    concept: str
    module: str
    rungs: dict[str, type]  # by name, from the plainest to the twin

    def change(self, name: str) -> str:
        """What this rung does that the one before does not; nothing where Python leaves docstrings out (-OO)."""
        return (inspect.getdoc(self.rungs[name]) or "").partition("\n")[0].rstrip(".")

    def backends(self) -> dict:
        """Each rung as a backend of its own, behind the check of shapes that stands in front of a twin."""
        from nnspec.backends import Backend

        package = importlib.import_module(self.module.rsplit(".", 2)[0])
        return {name: Backend(name, _guarded(rung, package), ours=True) for name, rung in self.rungs.items()}


def ladders(concepts=(), backend: str = "cpu") -> list[Ladder]:
    """Those of these concepts (empty: all) for a target. Raises Unusable where there is none."""
    from nnspec.concepts import catalogue

    found = [ladder for concept in catalogue.select(concepts) if (ladder := beside(concept, backend))]
    if not found:
        raise Unusable(f"{backend} has no ladder of {', '.join(concepts) or 'any concept'}")
    return found


def beside(concept, backend: str) -> Ladder | None:
    """The ladder beside a concept's twin, if there is one."""
    from nnspec.concepts import catalogue

    path = concept.files.get(backend)
    if path is None or not path.with_name(f"_ladder_{concept.name}.py").exists():
        return None
    module = f"{catalogue.TWINS[backend][0]}.{concept.note}._ladder_{concept.name}"
    return Ladder(concept.name, module, _rungs(importlib.import_module(module)))


def _rungs(module) -> dict[str, type]:
    here = [entry for entry in vars(module).values() if inspect.isclass(entry) and entry.__module__ == module.__name__]
    return {rung.__name__: rung for rung in here if not rung.__name__.startswith("_")}


def _guarded(rung: type, package) -> dict:
    """Its functions as the package hands out its twins; arrays stand ready on a device where there is one."""
    from nnspec import reference
    from nnspec.concepts.collect import guarded, public_functions

    own, whose = public_functions(rung), f"{rung.__module__}.{rung.__name__}"
    if (device := getattr(package, "_target", None)) is None:
        return guarded(own, reference, whose)
    hooks = {"asarray": device.to_device, "to_numpy": device.to_host, "synchronize": device.synchronize}
    return hooks | guarded(own, reference, whose, package._boundary.boundary, device)


def climbed(ladder: Ladder, preset: str, dtype: str, threads: int | None = None) -> list[dict]:
    """The row of each rung, as `nnspec bench` measures a backend: all of them in turn, none that is wrong.

    Of a rung on a device there is no share: the limits that are measured are those of the CPU.
    """
    from nnspec.benchmarks import _measure

    cases = _measure.selected([ladder.concept], presets=[preset])
    bench = next(bench for bench, size in cases if bench.label() == ladder.concept and size == preset)()
    bench.peers = {}
    rungs = ladder.backends()  # each of which stands where its name would: what has no name is loaded as it is
    found = {row["backend"]: row for row in _measure.measured(bench, preset, dtype, rungs.values(), threads)}
    rows = [found[rung] | {"rung": name} for name, rung in rungs.items()]
    for row in rows:
        row["over"] = {getattr(other, "name", other): ratio for other, ratio in row.get("over", {}).items()}
        row["limit"] = None if row["backend"].asarray else row.get("limit")
    return rows


def lines(ladder: Ladder, rows: list[dict]) -> list[list[str]]:
    """Of the table: time, also over that of the rung before and of the first, share of the limit."""
    from nnspec.bench.words import BLANK, duration, interval, percent

    told, timed = [], []
    for row in rows:
        cells = [row["state"], BLANK, BLANK, BLANK]
        if row["state"] == "timed":
            over = [interval(row["over"][timed[at]]) if timed else BLANK for at in (-1, 0)]
            cells = [duration(row["seconds"]), *over, percent(row["limit"], ends=False)]
            timed.append(row["rung"])
        told.append([row["rung"], ladder.change(row["rung"]), *cells])
    return told


def notes(rows: list[dict]) -> list[str]:
    """What has to be said below a table."""
    from nnspec.bench.words import disturbed

    timed = [row for row in rows if row["state"] == "timed"]
    told = [f"{row['rung']} is timed in {len(row['rounds'])} round" for row in timed if len(row["rounds"]) == 1]
    if any(row["clock"] == "cpu" for row in timed):
        told.append("CPU time of the one thread")
    elif any(map(disturbed, timed)):
        told.append(f"the machine was busy: others took {100 * timed[0]['others']:.0f} % of it")
    return told


HEADINGS = ["rung", "what it changes", "time", "/ before", "/ first", "of the limit"]


@click.command()
@click.argument("concept", required=False)
@click.option("--backend", default="cpu", show_default=True, help="Whose twins the ladders lead to: cpu or cuda.")
@click.option(
    "--preset", default="M", show_default=True, type=click.Choice(PRESETS), help="The size, as in nnspec bench."
)
@click.option("--dtype", default="float32", show_default=True, type=click.Choice(DTYPES))
@click.option(
    "--threads", type=click.IntRange(1), help="Of every pool; default all cores. With 1, CPU time is measured."
)
@click.option("--markdown", is_flag=True, help="Print Markdown.")
def ladder(concept, backend, preset, dtype, threads, markdown):
    """How CONCEPT becomes fast: each rung between the plainest code and the twin, against the limit.

    Every rung passes the specification before it is timed, and all take turns in one process. Exit code 1 if one of
    them is wrong.
    """
    with_pool_of(threads)
    from nnspec.backends import CannotLoad, load
    from nnspec.bench.words import machine_line
    from nnspec.benchmarks import _machine
    from nnspec.terminal import console, show_table

    found = []
    with told_in_one_line(CannotLoad, Unusable):
        load(backend)
        for one in ladders([concept] if concept else (), backend):
            rows = climbed(one, preset, dtype, threads)
            click.echo(f"{one.concept} {preset} {dtype}\n")
            show_table(HEADINGS, lines(one, rows), console(), markdown=markdown, left=2)
            click.echo("\n" + "".join(f"- {note}\n" for note in notes(rows)))
            found += rows
    click.echo(f"machine: {machine_line(_machine.described(threads or _machine.most_threads()))}")
    sys.exit(0 if all(row["state"] == "timed" for row in found) else 1)
