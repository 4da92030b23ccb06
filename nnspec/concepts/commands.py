"""`nnspec list`: the command and its options. Everything heavy is imported where it is used."""

import click


@click.command(name="list")
@click.option("--note", "notes", multiple=True, type=click.IntRange(1, 99), help="Only the concepts of this note.")
@click.option("--missing", is_flag=True, help="What the course has and no concept covers yet.")
def list_concepts(notes, missing):
    """Show the catalogue: every concept, its rows, and which folders have it."""
    from rich.table import Table

    from nnspec.concepts import catalogue
    from nnspec.terminal import console

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
    to = console()
    to.print(table)
    to.print("\n(yes): inherited from the reference, on the parts that the folder has")
