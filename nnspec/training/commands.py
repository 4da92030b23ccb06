"""`nnspec train`: the command and its options. Everything heavy is imported where it is used."""

from pathlib import Path

import click

from nnspec.common import told_in_one_line, writable

MODELS = (
    "knn",
    "softmax_classifier",
    "svm",
    "two_layer_net",
    "fc_net",
    "three_layer_convnet",
    "resnet20",
    "vit",
    "char_rnn",
    "char_lstm",
    "gpt",
    "all",
)
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("model", type=click.Choice(MODELS), default="two_layer_net")
@click.option("--data", type=click.Choice(["digits", "mnist", "prose"]), help="Default: digits; of a text, prose.")
@click.option("--backend", default="cpu", show_default=True, help="A name, a module or a path.")
@click.option("--fill", is_flag=True, help="Take from the reference what the backend lacks, and say what.")
@click.option("--seed", default=0, show_default=True, help="Of the split, the initial weights and the batches.")
@click.option("--epochs", default=None, type=click.IntRange(1), help="Passes over the training data.")
@click.option("-k", "neighbours", default=1, show_default=True, type=click.IntRange(1), help="Neighbours, for knn.")
@click.option("--save", type=FILE, callback=writable, help="Keep the training here, after every epoch.")
@click.option("--resume", type=FILE, help="Go on with a training that was kept; same bits as without a pause.")
@click.option("--plot", type=FILE, callback=writable, help="Draw the losses, and what was learned, into this picture.")
@click.option(
    "--beside", type=click.Choice(["torch"]), help="Also PyTorch's own modules: the same steps, their time and result."
)
@click.option("--markdown", is_flag=True, help="Of all models: print the table as Markdown.")
def train(**wanted):
    """Train a model of the course on real data with any backend, and measure it on data that it has not seen.

    `all` trains one after the other, each on the data that suits it, and ends with a table: parameters, epochs, the
    seconds of all steps, the memory that a step needs, accuracy or bits per character.
    """
    from nnspec.backends import CannotLoad, NotSupplied
    from nnspec.terminal import console
    from nnspec.training.run import Wanted, run, run_all

    given = Wanted(**wanted)
    if given.model == "all" and (given.data or given.save or given.resume or given.plot or given.fill):
        raise click.UsageError("all trains every model on its own data: no --data, --save, --resume, --plot, --fill")
    if given.markdown and given.model != "all":
        raise click.UsageError("--markdown is for the table of all models: nnspec train all --markdown")
    if given.beside and given.model == "knn":
        raise click.UsageError("knn is not trained: there is nothing to put --beside it")
    with told_in_one_line(CannotLoad, NotSupplied, ModuleNotFoundError, ValueError):
        (run_all if given.model == "all" else run)(given, console())
