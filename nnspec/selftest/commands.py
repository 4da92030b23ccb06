"""`nnspec mistakes`, `mutants` and `kernels`: commands and options. Everything heavy is imported where it is used."""

import sys
from pathlib import Path

import click

from nnspec.common import Unusable, told_in_one_line, writable


@click.command()
@click.option("--concept", "concepts", multiple=True, help="Only the mistakes of this concept.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False), callback=writable, help="Write all as JSON.")
@click.option(
    "--markdown",
    type=click.Path(dir_okay=False),
    callback=writable,
    help="Write the matrix; with --concept only its lines anew.",
)
def mistakes(concepts, json_file, markdown):
    """The kill matrix: how many checks of each property reject each classic mistake.

    Exit code 1 if no check rejects one, or only a strict one that is not about a convention.
    """
    import json

    from rich.table import Table

    from nnspec.selftest import mistakes as killing
    from nnspec.spec_tests._levels import LEVEL_OF
    from nnspec.terminal import console

    with told_in_one_line(Unusable):
        rows = list(killing.matrix(concepts))
    if json_file:
        told = [
            {
                "concept": r.concept,
                "part": r.part,
                "mistake": r.mistake.id,
                "hint": r.mistake.hint,
                "rejections": r.rejections,
                "caught": r.caught,
            }
            for r in rows
        ]
        with open(json_file, "w", encoding="utf-8") as file:
            json.dump(told, file, indent=1)
    if markdown:
        killing.write(rows, Path(markdown), anew=not concepts)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("concept", "mistake"):
        table.add_column(heading, no_wrap=True)
    for heading in LEVEL_OF:
        table.add_column(heading[:5], justify="right")
    for row in rows:
        counts = [str(count) if count else "·" for count in row.rejections.values()]
        table.add_row(row.part, row.mistake.id, *counts, style=None if row.caught else "bold red")
    to = console()
    to.print(table)
    missed = [row.mistake.id for row in rows if not row.caught]
    to.print(f"\n{len(rows)} mistakes, {len(rows) - len(missed)} rejected" + "".join(f"\nmissed: {m}" for m in missed))
    sys.exit(1 if missed else 0)


@click.command()
@click.option("--concept", "concepts", multiple=True, help="Only the mutants of this concept's reference.")
@click.option("--sample", type=click.IntRange(1), help="Only so many of each concept, drawn with a fixed seed.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False), callback=writable, help="Write all as JSON.")
def mutants(concepts, sample, json_file):
    """Change the reference in small ways, and see the specification reject every change.

    Exit code 1 if one survives that is not explained as equivalent, or one that is falls to a check.
    """
    import json

    from rich.table import Table

    from nnspec.selftest import mutants as mutation
    from nnspec.terminal import console

    to, verdicts = console(), []
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


@click.command()
@click.option("--concept", "concepts", multiple=True, help="Only the kernels that this concept launches.")
@click.option("--target", "targets", multiple=True, type=click.Choice(["sm_80", "sm_90"]), help="Default: both.")
@click.option("--quick", is_flag=True, help="Scalar formulas in float32 alone.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False), callback=writable, help="Write the table as JSON."
)
def kernels(concepts, targets, quick, json_file):
    """Compile every CUDA kernel for sm_80 and sm_90, without a GPU, and show what it needs.

    Exit code 1 if a float32 kernel computes in float64, if registers spill, or if there are too many of them.
    """
    import json
    from dataclasses import asdict

    from rich.table import Table

    from nnspec.backends import CannotLoad
    from nnspec.selftest import kernels as compiling
    from nnspec.terminal import console

    with told_in_one_line(CannotLoad, Unusable):
        rows = compiling.survey(concepts, targets, quick)
    if json_file:
        with open(json_file, "w", encoding="utf-8") as file:
            json.dump([asdict(row) for row in rows], file, indent=1)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("kernel", "dtype", "variant", *(rows[0].registers if rows else ()), "shared", "float64", "faults"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "kernel")
    for row in rows:
        numbers = [*row.registers.values(), row.shared, row.float64]
        table.add_row(row.kernel, row.dtype, row.variant, *map(str, numbers), "; ".join(row.faults))
    to = console()
    to.print(table)
    faulty = [row for row in rows if row.faults]
    to.print(f"\n{len(rows)} kernels, registers a thread by target, {len(faulty)} with faults")
    sys.exit(1 if faulty else 0)
