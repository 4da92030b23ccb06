"""The command line. Each command stands with its subject; here they are gathered."""

import click

from nnspec.bench.commands import bench
from nnspec.checking.commands import check
from nnspec.common import Unusable, told_in_one_line
from nnspec.concepts.commands import list_concepts
from nnspec.contributing.commands import new_concept, next_mistake
from nnspec.demos.commands import demo
from nnspec.explain.commands import explain
from nnspec.selftest.commands import kernels, mistakes, mutants
from nnspec.training.commands import train


class _Told(click.Group):
    """What is the user's to mend is told in one line, whichever command finds it."""

    def invoke(self, context):
        with told_in_one_line(Unusable):
            return super().invoke(context)


@click.group(cls=_Told, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="nnspec")
def main():
    """An executable specification of the concepts of a first deep-learning course.

    Exit codes: 0 everything passed at the asked level, 1 something failed, 2 it could not run.
    """


COMMANDS = (
    *(check, list_concepts, explain, demo, bench, train),
    *(new_concept, next_mistake, mistakes, mutants, kernels),
)
for command in COMMANDS:
    main.add_command(command)
