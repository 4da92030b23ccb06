"""The command line. Everything heavy is imported by the command that uses it."""

import os
import sys

import click

from nnspec.bench.commands import bench
from nnspec.common import DTYPES, LEVELS, told_in_one_line, with_threads, writable
from nnspec.contributing.commands import new_concept, next_mistake
from nnspec.explain.commands import explain


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="nnspec")
def main():
    """An executable specification of the concepts of a first deep-learning course.

    Exit codes: 0 everything passed at the asked level, 1 something failed, 2 it could not run.
    """


main.add_command(bench)
main.add_command(explain)
main.add_command(new_concept)
main.add_command(next_mistake)


@main.command()
@click.argument("backend", default="cpu")
@click.option("--concept", "concepts", multiple=True, help="Only this concept (a file stem, see `nnspec list`).")
@click.option("--note", "notes", multiple=True, type=click.IntRange(1, 99), help="Only the concepts of this note.")
@click.option("--level", type=click.Choice(LEVELS), help="What decides the exit code; default core, ours strict.")
@click.option("--all", "run_all", is_flag=True, help="Also what is above the level, of concepts that fail at core.")
@click.option("--dtype", type=click.Choice(DTYPES), help="Only this dtype.")
@click.option(
    "--id", "ids", multiple=True, metavar="ID",
    help="Only this check, as a failure names it, or those that begin so (affine/gradient), or a glob.",
)  # fmt: skip
@click.option("--last-failed", is_flag=True, help="Only what failed when this backend was last checked.")
@click.option("-x", "--exitfirst", is_flag=True, help="Stop at the first failure at the asked level.")
@click.option("--watch", is_flag=True, help="Check again what is concerned whenever the files are saved, until Ctrl-C.")
@click.option("-v", "--verbose", is_flag=True, help="Every cause, with its formula and what its budget is made of.")
@click.option(
    "-n", "workers", type=click.IntRange(0), metavar="WORKERS",
    help="Worker processes; default 1, which is guarded; bundled backends: 0, 2 for many concepts. "
    "0: this process, where breakpoint() works.",
)  # fmt: skip
@click.option("--timeout", type=click.FloatRange(0, min_open=True), help="Seconds a check may take in a worker [30].")
@click.option("--memory", type=click.FloatRange(0, min_open=True), help="GiB that a worker may add [8].")
@click.option("--simulate", is_flag=True, help="Run the kernels of cuda without a GPU, on small inputs.")
@click.option(
    "--known-failures", type=click.Path(dir_okay=False), help="TOML with [[xfail]] entries: id (or a glob), reason."
)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False), callback=writable, help="Write the report as JSON."
)
@click.option("--junit", type=click.Path(dir_okay=False), callback=writable, help="Write the report as JUnit XML.")
@click.pass_context
def check(context, backend, verbose, watch, json_file, timeout, memory, **asked):
    """Check an implementation: a name (reference, cpu, cuda), a module, or a path to a .py file or a package.

    A class in one: file.py:Class. Forms of others: cs231n:FOLDER, torch:mine.py, jax:mine.py.
    """
    with_threads(backend)
    if watch:
        from nnspec import watching
        from nnspec.backends import CannotLoad

        with told_in_one_line(CannotLoad):
            watching.watch(backend, asked["concepts"], _options(context))
        return

    from nnspec import checking, report
    from nnspec.contributing.questions import require_answers

    require_answers(backend, asked["concepts"], asked["notes"], asked["ids"])
    to = report.console()
    limits = {name: value for name, value in (("timeout", timeout), ("memory", memory)) if value is not None}
    shows_progress = to.is_terminal and asked["workers"] != 0  # where a debugger may want the terminal
    if asked["last_failed"] and not checking.failed_last(backend)[0]:
        click.echo("nothing failed when this was last checked: everything is checked", err=True)
    with told_in_one_line(checking.CannotLoad, checking.Unusable), _progress(to, shows_progress) as progress:
        found = checking.check(backend, **asked, **limits, **progress)
    report.show(found, to, verbose=verbose)
    if json_file:
        with open(json_file, "w", encoding="utf-8") as file:
            file.write(found.to_json())
    sys.exit(found.exit_code)


def _options(context) -> list[str]:
    """The options of a command as they were given, but for what `--watch` chooses itself."""
    given = []
    for parameter in context.command.params:
        value = context.params[parameter.name]
        if isinstance(parameter, click.Argument) or parameter.name in ("watch", "concepts"):
            continue
        if parameter.is_flag:
            given += [parameter.opts[-1]] * value
        elif value is not None:
            values = value if parameter.multiple else [value]
            given += [text for entry in values for text in (parameter.opts[-1], str(entry))]
    return given


@main.command(name="list")
@click.option("--note", "notes", multiple=True, type=click.IntRange(1, 99), help="Only the concepts of this note.")
@click.option("--missing", is_flag=True, help="What the course has and no concept covers yet.")
def list_concepts(notes, missing):
    """Show the catalogue: every concept, its rows, and which folders have it."""
    from rich.table import Table

    from nnspec import catalogue, report

    if missing:
        rows = catalogue.missing(notes)
        for row in rows:
            click.echo(f"{row.number}  {row.needed}  {row.title}")
        counted = [row for row in catalogue.inventory() if not notes or row.note in notes]
        musts = sum(row.needed == "must" for row in rows)
        click.echo(f"\n{len(rows)} of {len(counted)} rows are missing, {musts} of them musts")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("note", "concept", *catalogue.FOLDERS, "rows", "title"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "concept")
    for concept in catalogue.select(notes=notes):
        marks = [concept.mark(column).replace("inherited", "(yes)") for column in catalogue.FOLDERS]
        table.add_row(concept.note[1:3], concept.name, *marks, " ".join(concept.rows), concept.title)
    to = report.console()
    to.print(table)
    to.print("\n(yes): inherited from the reference, on the parts that the folder has")


@main.command()
@click.option("--concept", "concepts", multiple=True, help="Only the mistakes of this concept.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False), callback=writable, help="Write all as JSON.")
@click.option("--markdown", type=click.Path(dir_okay=False), callback=writable, help="Write the matrix as Markdown.")
def mistakes(concepts, json_file, markdown):
    """The kill matrix: how many checks of each property reject each classic mistake.

    Exit code 1 if no check rejects one, or only a strict one that is not about a convention.
    """
    import json

    from rich.table import Table

    from nnspec import mistakes as killing
    from nnspec import report
    from nnspec.common import Unusable
    from nnspec.spec_tests._spec import LEVEL_OF

    with told_in_one_line(Unusable):
        rows = list(killing.matrix(concepts))
    if json_file:
        told = [{"concept": r.concept, "part": r.part, "mistake": r.mistake.id, "hint": r.mistake.hint,
                 "rejections": r.rejections, "caught": r.caught} for r in rows]  # fmt: skip
        with open(json_file, "w", encoding="utf-8") as file:
            json.dump(told, file, indent=1)
    if markdown:
        with open(markdown, "w", encoding="utf-8") as file:
            file.write(killing.as_markdown(rows))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("concept", "mistake"):
        table.add_column(heading, no_wrap=True)
    for heading in LEVEL_OF:
        table.add_column(heading[:5], justify="right")
    for row in rows:
        counts = [str(count) if count else "·" for count in row.rejections.values()]
        table.add_row(row.part, row.mistake.id, *counts, style=None if row.caught else "bold red")
    to = report.console()
    to.print(table)
    missed = [row.mistake.id for row in rows if not row.caught]
    to.print(f"\n{len(rows)} mistakes, {len(rows) - len(missed)} rejected" + "".join(f"\nmissed: {m}" for m in missed))
    sys.exit(1 if missed else 0)


@main.command()
@click.option("--concept", "concepts", multiple=True, help="Only the mutants of this concept's reference.")
@click.option("--sample", type=click.IntRange(1), help="Only so many of each concept, drawn with a fixed seed.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False), callback=writable, help="Write all as JSON.")
def mutants(concepts, sample, json_file):
    """Change the reference in small ways, and see the specification reject every change.

    Exit code 1 if one survives that is not explained as equivalent, or one that is falls to a check.
    """
    import json

    from rich.table import Table

    from nnspec import mutants as mutation
    from nnspec import report
    from nnspec.common import Unusable

    to, verdicts = report.console(), []
    with told_in_one_line(Unusable):
        for verdict in mutation.campaign(concepts, sample):
            verdicts.append(verdict)
            if verdict.survived:
                to.print(f"survived: {verdict.mutant.id}", markup=False, soft_wrap=True)
            if verdict.refuted:
                told = f"not equivalent, {verdict.rejected_by} rejects it: {verdict.mutant.id}"
                to.print(told, markup=False, soft_wrap=True)
    if json_file:
        told = [{"id": v.mutant.id, "rejected_by": v.rejected_by, "equivalent": v.equivalent} for v in verdicts]
        with open(json_file, "w", encoding="utf-8") as file:
            json.dump(told, file, indent=1)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("concept", "mutants", "rejected", "equivalent", "survived", "score"):
        table.add_column(heading, justify="left" if heading == "concept" else "right")
    for name in dict.fromkeys(v.mutant.concept for v in verdicts):
        of = [v for v in verdicts if v.mutant.concept == name]
        rejected, equivalent = sum(v.rejected_by is not None for v in of), sum(v.equivalent is not None for v in of)
        score = rejected / max(1, len(of) - equivalent)
        table.add_row(name, *map(str, (len(of), rejected, equivalent, sum(v.survived for v in of))), f"{score:.1%}")
    to.print(table)
    sys.exit(1 if any(v.survived or v.refuted for v in verdicts) else 0)


@main.command()
@click.option("--concept", "concepts", multiple=True, help="Only the kernels that this concept launches.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False), callback=writable, help="Write the table as JSON."
)
def kernels(concepts, json_file):
    """Compile every CUDA kernel for sm_80 and sm_90, without a GPU, and show what it needs.

    Exit code 1 if a float32 kernel computes in float64, if registers spill, or if there are too many of them.
    """
    import json
    from dataclasses import asdict

    from rich.table import Table

    from nnspec import kernels as compiling
    from nnspec import report
    from nnspec.backends import CannotLoad
    from nnspec.common import Unusable

    with told_in_one_line(CannotLoad, Unusable):
        rows = compiling.survey(concepts)
    if json_file:
        with open(json_file, "w", encoding="utf-8") as file:
            json.dump([asdict(row) for row in rows], file, indent=1)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("kernel", "dtype", "variant", *(rows[0].registers if rows else ()), "shared", "float64", "faults"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "kernel")
    for row in rows:
        numbers = [*row.registers.values(), row.shared, row.float64]
        table.add_row(row.kernel, row.dtype, row.variant, *map(str, numbers), "; ".join(row.faults))
    to = report.console()
    to.print(table)
    faulty = [row for row in rows if row.faults]
    to.print(f"\n{len(rows)} kernels, registers a thread by target, {len(faulty)} with faults")
    sys.exit(1 if faulty else 0)


@main.command()
@click.argument("model", type=click.Choice(["knn", "two_layer_net", "three_layer_convnet"]), default="two_layer_net")
@click.option("--data", type=click.Choice(["digits", "mnist"]), default="digits", show_default=True)
@click.option("--backend", default="cpu", show_default=True, help="A name, a module or a path.")
@click.option("--seed", default=0, show_default=True, help="Of the split, the initial weights and the batches.")
@click.option("--epochs", default=None, type=click.IntRange(1), help="Passes over the training data.")
@click.option("-k", "neighbours", default=1, show_default=True, type=click.IntRange(1), help="Neighbours, for knn.")
def train(model, data, backend, seed, epochs, neighbours):
    """Train a model of the course on real data with any backend, and print its test accuracy."""
    from nnspec import report, training
    from nnspec.backends import CannotLoad, NotSupplied

    with told_in_one_line(CannotLoad, NotSupplied, ModuleNotFoundError, ValueError):
        training.run(model, data, backend, seed, epochs, neighbours, report.console())


class _progress:
    """A bar on a terminal, which goes when the run is done; nothing where output is piped.

    It writes to a copy of the terminal's descriptor, because pytest takes over the standard one while a check runs.
    """

    def __init__(self, to, shown: bool):
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        terminal = Console(file=os.fdopen(os.dup(sys.stdout.fileno()), "w")) if shown else to
        self.bar = Progress(*columns, console=terminal, transient=True, disable=not shown)

    def __enter__(self):
        self.bar.start()
        task = self.bar.add_task("loading", total=None)
        return {
            "on_plan": lambda planned: self.bar.update(task, total=planned),
            "on_check": lambda check: self.bar.update(task, advance=1, description=check.concept),
        }

    def __exit__(self, *error):
        self.bar.stop()
