"""`nnspec bench`: what each concept costs. Everything heavy is imported by the command that uses it."""

import contextlib
import os
import sys

import click

from nnspec.common import DTYPES, Unusable

PRESETS = ("S", "M", "L")


class _Measuring(click.Group):
    """`nnspec bench cpu` is `nnspec bench run cpu`: what is no command here is a backend or an option."""

    def parse_args(self, context, arguments):
        if not arguments or (arguments[0] not in self.commands and arguments[0] not in ("-h", "--help")):
            arguments = ["run", *arguments]
        return super().parse_args(context, arguments)


def _cases(command):
    """The options that say what is measured."""
    for option in reversed([
        click.option("--concept", "concepts", multiple=True, help="Only this concept (a file stem)."),
        click.option("--note", "notes", multiple=True, type=click.IntRange(1, 99), help="Only this note."),
        click.option("--preset", "presets", multiple=True, type=click.Choice(PRESETS), default=("M",),
                     show_default=True, help="S in cache, M as in the course, L bound by memory or long."),
        click.option("--dtype", type=click.Choice(DTYPES), default="float32", show_default=True),
        click.option("--threads", type=click.IntRange(1), help="Of every pool of every contestant; default all cores."),
    ]):  # fmt: skip
        command = option(command)
    return command


@click.group(cls=_Measuring, invoke_without_command=True)
def bench():
    """Measure what each concept costs: `nnspec bench [BACKEND …]`, which is `nnspec bench run`.

    The reference, the backends, every installed peer and the limit of the machine are timed in turn in one process.
    """


@bench.command()
@click.argument("backends", nargs=-1)
@_cases
@click.option("--curve", is_flag=True, help="Also cost against size, with the fitted exponent.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False), help="Write it all, as pytest-benchmark does.")
@click.option("--markdown", is_flag=True, help="Print the table as Markdown.")
def run(backends, curve, json_file, markdown, **cases):
    """Measure, and print a table. Default: cpu; every other installed backend is its peer."""
    from nnspec import bench_results, report

    with _told():
        measured = _measure(backends, curve=curve, **cases)
    to = report.console()
    if json_file:
        with open(json_file, "w") as file:
            file.write(bench_results.to_json(measured))
    if markdown:
        click.echo(bench_results.markdown(measured, backends or ("cpu",)), nl=False)
    else:
        bench_results.show(measured, to, backends or ("cpu",))
    sys.exit(0 if measured.judged(backends or ("cpu",)) else NOTHING)


def _measure(backends, *, concepts, notes, presets, dtype, threads, curve=False):
    """A Bench of the selected cases, with progress on a terminal."""
    from nnspec import bench_results, report

    _prepare(threads)
    from nnspec.benchmarks import _machine, _measure

    names, refused = _contestants(backends or ("cpu",))
    cases = _measure.selected(concepts, notes, presets)
    if not cases:
        raise Unusable("nothing to measure: no benchmark is selected")
    rows = []
    to = report.console()
    with to.status("") if to.is_terminal else contextlib.nullcontext() as status:
        for number, (benchmark, size) in enumerate(cases):
            if status:
                status.update(f"{number + 1} of {len(cases)}: {benchmark.spec.concept()} {benchmark.label()} {size}")
            rows += _measure.measured(benchmark(), size, dtype, names, threads, curve=curve)
    for name, why in refused.items():
        click.echo(f"nnspec: no column for {name}: {why}", err=True)
    machine = _machine.described(threads or _machine.cores())
    return bench_results.Bench(rows, machine, bench_results.commit_of())


def _prepare(threads):
    """Before numba is imported, whose pool cannot grow later."""
    if threads:
        os.environ.setdefault("NUMBA_NUM_THREADS", str(max(threads, os.cpu_count() or 1)))


def _contestants(backends) -> tuple[list[str], dict[str, str]]:
    """The backends that are asked for, which must load, and every other that is installed and does."""
    from nnspec.backends import CannotLoad, names
    from nnspec.benchmarks._measure import loaded

    for name in backends:
        loaded(name)
    found, refused = list(backends), {}
    for name in names():
        if name not in found:
            try:
                loaded(name)
                found.append(name)
            except CannotLoad as error:
                refused[name] = str(error)
    return found, refused


@contextlib.contextmanager
def _told():
    """Errors that are the user's to mend: one line, exit code 2."""
    from nnspec.backends import CannotLoad

    try:
        yield
    except (CannotLoad, Unusable) as error:
        click.echo(f"nnspec: {error}", err=True)
        sys.exit(2)


NOTHING = 5
