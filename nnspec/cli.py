"""The command line. Each command stands with its subject; here they are gathered."""

import click

from nnspec.bench.commands import bench
from nnspec.checking.commands import check
from nnspec.concepts.commands import list_concepts
from nnspec.explain.commands import explain
from nnspec.selftest.commands import kernels, mistakes, mutants
from nnspec.training.commands import train


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="nnspec")
def main():
    """An executable specification of the concepts of a first deep-learning course.

    Exit codes: 0 everything passed at the asked level, 1 something failed, 2 it could not run.
    """


for command in (check, list_concepts, explain, bench, train, mistakes, mutants, kernels):
    main.add_command(command)
