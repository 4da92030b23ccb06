"""`nnspec bench`: what each concept costs. Everything heavy is imported by the command that uses it."""

import contextlib
import os
import sys

import click

from nnspec.bench.ladder import ladder
from nnspec.bench.products import products
from nnspec.bench.updates import updates
from nnspec.bench.verdict import THRESHOLD, Verdict
from nnspec.common import DTYPES, PRESETS, Unusable, told_in_one_line, with_pool_of, writable


class _Measuring(click.Group):
    """`nnspec bench cpu` is `nnspec bench run cpu`: what is no command here is a backend or an option."""

    def parse_args(self, context, arguments):
        if not arguments or (arguments[0] not in self.commands and arguments[0] not in ("-h", "--help")):
            arguments = ["run", *arguments]
        return super().parse_args(context, arguments)

    def format_commands(self, context, formatter):
        super().format_commands(context, formatter)
        with formatter.section("Options of run, which may be left out"):
            formatter.write_dl([one.get_help_record(context) for one in run.params if isinstance(one, click.Option)])


def _cases(command):
    """The options that say what is measured."""
    for option in reversed(
        [
            click.option("--concept", "concepts", multiple=True, help="Only this concept (a file stem)."),
            click.option("--note", "notes", multiple=True, type=click.IntRange(1, 99), help="Only this note."),
            click.option(
                "--preset",
                "presets",
                multiple=True,
                type=click.Choice(PRESETS),
                default=("M",),
                show_default=True,
                help="S in cache, M as in the course, L bound by memory or long.",
            ),
            click.option("--dtype", type=click.Choice(DTYPES), default="float32", show_default=True),
            click.option(
                "--threads", type=click.IntRange(1), help="Of every pool of every contestant; default all cores."
            ),
        ]
    ):
        command = option(command)
    return command


_history = click.option("--history", type=click.Path(file_okay=False), help="Its folder; default in the cache.")
_fail_on = click.option(
    "--fail-on",
    type=click.Choice(["regressed", "any"]),
    default="any",
    show_default=True,
    help="Exit with 0 for every verdict but regressed, as continuous integration wants it.",
)
_markdown = click.option("--markdown", is_flag=True, help="Print the table as Markdown, for a comment.")
_threshold = click.option(
    "--threshold",
    type=click.FloatRange(0, min_open=True),
    default=THRESHOLD,
    show_default=True,
    help="Part of the time.",
)


@click.group(cls=_Measuring, invoke_without_command=True)
def bench():
    """Measure what each concept costs: `nnspec bench [BACKEND …]`, which is `nnspec bench run`.

    The reference, the backends, every installed peer and the limit of the machine are timed in turn in one process.

    Exit codes: 0 measured, 5 nothing was measured, 2 it could not run; of `compare` and `ab` also 1 regressed, 3
    improved, 4 noisy, where `--fail-on regressed` makes 3, 4 and 5 to 0.
    """


bench.add_command(ladder)
bench.add_command(products)
bench.add_command(updates)


@bench.command()
@click.argument("backends", nargs=-1)
@_cases
@click.option("--curve", is_flag=True, help="Also cost against size, with the fitted exponent.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False),
    callback=writable,
    help="Write it all, in pytest-benchmark's format.",
)
@click.option("--markdown", is_flag=True, help="Print the table as Markdown.")
def run(backends, curve, json_file, markdown, **cases):
    """Measure, and print a table. Default: cpu; every other installed backend is its peer."""
    from nnspec.backends import CannotLoad
    from nnspec.bench import results, tables
    from nnspec.terminal import console

    with told_in_one_line(CannotLoad, Unusable):
        measured = _measure(backends, curve=curve, **cases)
    to = console()
    if json_file:
        with open(json_file, "w", encoding="utf-8") as file:
            file.write(results.to_json(measured))
    if markdown:
        click.echo(tables.markdown(measured), nl=False)
    else:
        tables.show(measured, to)
    sys.exit(0 if measured.judged() else Verdict.NOTHING.exit_code)


@bench.command()
@click.argument("backends", nargs=-1)
@_cases
@_history
@click.option("--from", "file", type=click.Path(exists=True, dir_okay=False), help="What --json wrote, instead.")
def save(backends, history, file, **cases):
    """Measure, and append to the history of this machine: a row for each commit, case and backend."""
    from nnspec.backends import CannotLoad
    from nnspec.bench import history as past
    from nnspec.bench import results

    with told_in_one_line(CannotLoad, Unusable):
        measured = results.read_json(file) if file else _measure(backends, **cases)
        path, count = past.save(measured, _folder(history))
    click.echo(f"{count} rows of {measured.commit or 'no commit'} appended to {path}")


@bench.command()
@click.argument("old")
@click.argument("new")
@_history
@_threshold
@_fail_on
@_markdown
def compare(old, new, history, threshold, fail_on, markdown):
    """Compare two commits of the history, or two files that --json wrote.

    A verdict needs two runs of NEW: save it twice. Exit codes as for `nnspec bench ab`.
    """
    from nnspec.bench import history as past

    with told_in_one_line(Unusable):
        sides = [_side(name, history) for name in (old, new)]
        judged = past.compare(*sides, threshold)
    _conclude(judged, f"{new} over {old}, times over their limit", fail_on, markdown)


@bench.command()
@click.argument("revision")
@click.argument("other", required=False)
@_cases
@_threshold
@_fail_on
@_markdown
@click.option("--backend", default="cpu", show_default=True, help="Whose functions are timed; yours by its path.")
@click.option("--pairs", type=click.IntRange(3), default=3, show_default=True, help="Fresh processes a side.")
def ab(revision, other, threshold, fail_on, markdown, backend, pairs, concepts, notes, presets, dtype, threads):
    """Compare REVISION with OTHER, or with the working tree as it is, in fresh processes that take turns.

    Of a backend that is a path, these are revisions of the repository in which it lies.

    Exit codes: 0 ok, 1 regressed (the interval beyond the threshold, and confirmed by other processes), 2 it could not
    run, 3 improved, 4 noisy (the interval reaches across the threshold, or it was not confirmed), 5 nothing measured.
    """
    from nnspec.backends import CannotLoad
    from nnspec.bench.ab import Home, compare

    with_pool_of(threads)
    from nnspec.benchmarks import _machine, _measure

    with told_in_one_line(CannotLoad, Unusable), contextlib.ExitStack() as trees:
        cases = _measure.selected(concepts, notes, presets)
        home = Home.of(backend)
        old = trees.enter_context(home.checked_out(revision))
        new = trees.enter_context(home.checked_out(other)) if other else home.as_it_is()
        judged = compare(
            old,
            new,
            cases,
            dtype=dtype,
            threads=threads or _machine.most_threads(),
            threshold=threshold,
            pairs=pairs,
        )
    _conclude(judged, f"{other or 'the working tree'} over {revision}, {backend}, {dtype}", fail_on, markdown)


@bench.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--out",
    default="bench.html",
    show_default=True,
    type=click.Path(dir_okay=False),
    callback=writable,
    help="The HTML file.",
)
@click.option("--backend", "backends", multiple=True, help="Only the rows of this backend.")
@click.option("--markdown", is_flag=True, help="Print the table as Markdown instead.")
@_history
def report(file, out, backends, markdown, history):
    """One HTML file of a run: what --json wrote, or the last run of the history; and the table in the terminal."""
    from nnspec.bench import history as past
    from nnspec.bench import results, tables
    from nnspec.bench.report import html
    from nnspec.terminal import console

    with told_in_one_line(Unusable):
        folder = _folder(history)
        bench = results.read_json(file) if file else past.last(folder)
        if not bench.judged(backends):
            raise Unusable(f"no backend {' or '.join(backends)} was measured there")
    if markdown:
        click.echo(tables.markdown(bench, backends), nl=False)
        return
    with open(out, "w", encoding="utf-8") as page:
        page.write(html(bench, past.all_machines(folder), backends))
    tables.show(bench, console(), backends)
    click.echo(f"written to {out}")


def _side(name: str, history) -> list[list[dict]]:
    """The runs behind a file, or a commit (or whatever git calls so, here or in our repository) of the history."""
    from pathlib import Path

    from nnspec.bench import history as past
    from nnspec.bench import results

    if os.path.isfile(name):
        return [results.read_json(name).judged()]
    changed = "+" if name.endswith("+") else ""  # what was saved with uncommitted changes
    known = (results.commit_id(name.rstrip("+"), folder) for folder in (Path.cwd(), None))
    commit = (next(filter(None, known), "") or name.rstrip("+")) + changed
    for path in past.histories(_folder(history)):
        if runs := past.runs_of(past.read(path)[1], commit):
            return runs
    raise Unusable(f"{name} is no file, and no commit in the history at {_folder(history)}")


def _conclude(judged, what: str, fail_on: str, markdown: bool):
    """The table of a comparison, its verdict, and the exit code."""
    from nnspec.bench.tables import not_measured, of_verdicts
    from nnspec.bench.verdict import overall
    from nnspec.terminal import console, show_table

    verdict = overall(judged)
    headings, filled = of_verdicts(judged)
    show_table(headings, filled, console(), markdown=markdown, left=len(headings))
    click.echo("".join(f"\n{line}\n" for line in not_measured(judged)) + f"\n{what}: {verdict.value}")
    sys.exit(verdict.exit_code if fail_on == "any" or verdict is Verdict.REGRESSED else 0)


def _folder(history):
    from pathlib import Path

    from nnspec.bench import history as past

    return Path(history) if history else past.default_folder()


def _measure(backends, *, concepts, notes, presets, dtype, threads, curve=False):
    """A Measured of the selected cases, with progress on a terminal."""
    from nnspec.bench import results
    from nnspec.terminal import console

    with_pool_of(threads)
    from nnspec.benchmarks import _machine, _measure

    names = _contestants(backends or ("cpu",))
    cases = _measure.selected(concepts, notes, presets)
    if not cases:
        raise Unusable("nothing to measure: no benchmark is selected")
    rows = []
    to = console()
    with to.status("") if to.is_terminal else contextlib.nullcontext() as status:
        for number, (benchmark, size) in enumerate(cases):
            if status:
                status.update(f"{number + 1} of {len(cases)}: {benchmark.spec.concept()} {benchmark.label()} {size}")
            try:
                rows += _measure.measured(benchmark(), size, dtype, names, threads, curve=curve)
            except KeyboardInterrupt:  # what was measured so far is worth keeping
                click.echo(f"nnspec: interrupted, {number} of {len(cases)} cases were measured", err=True)
                break
    machine = _machine.described(threads or _machine.most_threads())
    return results.Measured(rows, machine, results.commit_of(backends), tuple(backends or ("cpu",)))


def _contestants(backends) -> list[str]:
    """The backends that are asked for, which must load, and every other that is installed and does."""
    from nnspec.backends import CannotLoad, installed
    from nnspec.benchmarks._measure import loaded

    found = list(dict.fromkeys([*backends, *installed()]))
    for name in found[:]:
        try:
            loaded(name)
        except CannotLoad:
            if name in backends:
                raise
            found.remove(name)
    return found
