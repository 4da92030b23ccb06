"""`nnspec new-concept` and `nnspec next-mistake`. Everything heavy is imported by the command that uses it."""

import click

from nnspec.common import Unusable, told_in_one_line
from nnspec.contributing.kinds import FORMULAS, KINDS


@click.command(name="new-concept")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What kind of thing it is, see CONTRIBUTING.md.")
@click.option("--note", type=click.IntRange(1, 99), help="The note of the course; default that of its row.")
@click.option("--row", "rows", multiple=True, metavar="NN.NN", help="What it covers, see `nnspec list --missing`.")
@click.option("--title", default="", help="Its name in words; default that of its first row.")
@click.option("--formula", is_flag=True, help=f"One scalar formula for the CPU and CUDA ({', '.join(FORMULAS)}).")
@click.option("--note-title", default="", metavar="small_letters", help="Of a note that has no folder yet.")
def new_concept(name, **asked):
    """Write the files that a new concept is obliged to, with a question wherever something is to be written.

    They run, and `nnspec check` tells what to write next until no question is left. It never overwrites a file.
    """
    from nnspec.concepts import catalogue
    from nnspec.contributing import questions, writing

    with told_in_one_line(Unusable):
        new = writing.planned(name, **asked)
    for path in writing.write(new):
        click.echo(questions.shown(path))
    left = len(questions.of_concept(catalogue.concepts()[name]))
    click.echo(f"\n{left} questions are left in them, `[? … ?]`. The next one: nnspec check reference --concept {name}")


@click.command(name="next-mistake")
@click.option("-n", "count", type=click.IntRange(1), default=1, help="How many are needed.")
def next_mistake(count):
    """The next free number of a mistake of our own, for @mistake("N…"). Those with M are the course's."""
    from nnspec.contributing.numbers import next_numbers

    click.echo("\n".join(next_numbers(count)))
