"""`nnspec explain`: the command and its options. Everything heavy is imported where it is used."""

import click

from nnspec.common import Unusable, told_in_one_line


@click.command()
@click.argument("concept", metavar="WORD")
@click.option(
    "--example", "part", flag_value="example", help="A worked example with numbers, which is Python to paste."
)
@click.option("--stub", "part", flag_value="stub", help="A file with the functions to write: --stub > mine.py")
@click.option("--code", "part", flag_value="code", help="The reference: where it is, and its source.")
@click.option(
    "--pitfalls", "part", flag_value="pitfalls", help="Every classic mistake, with the function it is made in."
)
def explain(concept, part):
    """Teach a concept: equation, shapes, the gradient line by line as sympy derives it, and what goes wrong.

    WORD is a concept or one of its functions; any other word shows the concepts that have it in them.
    """
    from nnspec.explain import finding

    with told_in_one_line(Unusable):
        if part:
            click.echo(_PARTS[part](finding.the_one(concept)), nl=False)
            return
        called, spoken = finding.found(concept)
    if len(called) == 1:
        _show(called[0])
    else:
        _list(concept, called, spoken)


def _show(concept):
    from rich.text import Text

    from nnspec.explain.page import page
    from nnspec.terminal import console

    made, to = page(concept), console()
    for i, line in enumerate(made.text):
        to.print(Text(line, style="bold" if i in made.headings else ""), soft_wrap=True)


def _list(word, called, spoken):
    width = max(len(name) for name in [*(concept.name for concept in called), *spoken])
    lines = [f"{concept.name:<{width}}  {concept.title}" for concept in called]
    if spoken:
        lines += [""] * bool(lines) + [f"{word} stands in the text of"]
        lines += [f"{name:<{width}}  {line}" for name, line in spoken.items()]
    click.echo("\n".join([*lines, "", "nnspec explain NAME explains one of them"]))


def _example(concept) -> str:
    from nnspec.concepts import catalogue
    from nnspec.explain.example import example

    return "\n".join(example(concept, catalogue.specs_of(concept))) + "\n"


def _stub(concept) -> str:
    from nnspec.concepts import catalogue
    from nnspec.explain.words import stub

    return stub(concept, catalogue.specs_of(concept))


def _code(concept) -> str:
    from nnspec.explain.page import where

    return f"# {where(concept)}\n\n{concept.files['reference'].read_text(encoding='utf-8')}"


def _pitfalls(concept) -> str:
    from nnspec.concepts import catalogue
    from nnspec.explain.page import pitfalls

    lines = pitfalls(catalogue.specs_of(concept), full=True)
    return "\n".join(line.strip() for line in lines) + "\n" if lines else "none is known\n"


_PARTS = {"example": _example, "stub": _stub, "code": _code, "pitfalls": _pitfalls}
