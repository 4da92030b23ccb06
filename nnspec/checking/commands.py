"""`nnspec check`: the command and its options. Everything heavy is imported where it is used."""

import os
import sys

import click

from nnspec.common import DTYPES, LEVELS, Unusable, told_in_one_line, with_threads, writable


@click.command()
@click.argument("backend", default="cpu")
@click.option("--concept", "concepts", multiple=True, help="Only this concept (a file stem, see `nnspec list`).")
@click.option("--note", "notes", multiple=True, type=click.IntRange(1, 99), help="Only the concepts of this note.")
@click.option("--level", type=click.Choice(LEVELS), help="What decides the exit code; default core, ours strict.")
@click.option("--all", "run_all", is_flag=True, help="Also what is above the level, of concepts that fail at core.")
@click.option("--dtype", type=click.Choice(DTYPES), help="Only this dtype.")
@click.option(
    "--id",
    "ids",
    multiple=True,
    metavar="ID",
    help="Only this check, as a failure names it, or those that begin so (affine/gradient), or a glob.",
)
@click.option("--last-failed", is_flag=True, help="Only what failed when this backend was last checked.")
@click.option("-x", "--exitfirst", is_flag=True, help="Stop at the first failure at the asked level.")
@click.option("--watch", is_flag=True, help="Check again what is concerned whenever the files are saved, until Ctrl-C.")
@click.option("-v", "--verbose", is_flag=True, help="Every cause, with its formula and what its budget is made of.")
@click.option(
    "-n",
    "workers",
    type=click.IntRange(0),
    metavar="WORKERS",
    help="Worker processes; default 1, which is guarded; bundled backends: 0, 2 for many concepts. "
    "0: this process, where breakpoint() works.",
)
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
    from nnspec.concepts import catalogue

    catalogue.select(asked["concepts"], asked["notes"])  # what cannot be parsed is told before it is imported

    from nnspec.backends import Name

    name = Name.read(backend)
    with_threads(name.kind)
    if watch:
        from nnspec.backends import CannotLoad
        from nnspec.checking import watching

        with told_in_one_line(CannotLoad):
            watching.watch(name, asked["concepts"], _options(context))
        return

    from nnspec.backends import CannotLoad
    from nnspec.checking import report, run
    from nnspec.checking.remembered import failed_last
    from nnspec.terminal import console

    to = console()
    limits = {limit: value for limit, value in (("timeout", timeout), ("memory", memory)) if value is not None}
    shows_progress = to.is_terminal and asked["workers"] != 0  # where a debugger may want the terminal
    if asked["last_failed"] and not failed_last(name)[0]:
        click.echo("nothing failed when this was last checked: everything is checked", err=True)
    with told_in_one_line(CannotLoad, Unusable), _progress(to, shows_progress) as progress:
        found = run.check(name, **asked, **limits, **progress)
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
