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
    "five_layer_net",
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
@click.option(
    "--data",
    help="digits, mnist, prose, or the folder of CIFAR-10's python version. Default: digits, or prose.",
)
@click.option(
    "--features", default="raw", show_default=True, help="raw, standardized, or hog: with the hues, and standardized."
)
@click.option("--backend", default="cpu", show_default=True, help="A name, a module or a path.")
@click.option("--fill", is_flag=True, help="Take from the reference what the backend lacks, and say what.")
@click.option("--seed", default=0, show_default=True, help="Of the split, the initial weights and the batches.")
@click.option("--epochs", default=None, type=click.IntRange(1), help="Passes over the training data.")
@click.option("--rule", help="An update rule: adam, lion, nesterov, … Default: the model's own.")
@click.option("--schedule", help="Of the learning rate: constant, cosine, one_cycle, … Default: cosine, warmed up.")
@click.option("--lr", type=click.FloatRange(0, min_open=True), help="The learning rate. Default: the model's own.")
@click.option(
    "--each",
    type=click.Choice(["features", "rule", "schedule"]),
    help="Train with each of them, at the rate that suits it by the validation, and tell in a table.",
)
@click.option("-k", "neighbours", default=1, show_default=True, type=click.IntRange(1), help="Neighbours, for knn.")
@click.option("--save", type=FILE, callback=writable, help="Keep the training here, after every epoch.")
@click.option("--resume", type=FILE, help="Go on with a training that was kept; same bits as without a pause.")
@click.option("--plot", type=FILE, callback=writable, help="Draw the losses, and what was learned, into this picture.")
@click.option(
    "--beside", help="The same steps also by PyTorch's own modules (torch) or by another backend: its time and result."
)
@click.option("--markdown", is_flag=True, help="Print a table as Markdown.")
def train(**wanted):
    """Train a model of the course on real data with any backend, and measure it on data that it has not seen.

    `all` trains one after the other, each on the data that suits it, and ends with a table: parameters, epochs, the
    seconds of all steps, the memory that a step needs, accuracy or bits per character.
    """
    from nnspec.backends import CannotLoad, NotSupplied
    from nnspec.terminal import console
    from nnspec.training.each import run_each
    from nnspec.training.run import Wanted, run, run_all
    from nnspec.training.table import keep_freed_memory

    given = Wanted(**wanted)
    _require_sense(given)
    keep_freed_memory()
    way = run_all if given.model == "all" else run_each if given.each else run
    with told_in_one_line(CannotLoad, NotSupplied, ModuleNotFoundError, ValueError):
        way(given, console())


def _require_sense(given):
    """An option that would do nothing is refused."""
    alone = [f"--{name}" for name in ("save", "resume") if getattr(given, name)]
    if given.model == "all":
        alone += [f"--{name}" for name in ("data", "plot", "fill", "each") if getattr(given, name)]
        alone += ["--features"] * (given.features != "raw")
        if alone:
            raise click.UsageError(f"all trains every model on its own data: no {', '.join(alone)}")
    elif given.each:
        if alone:
            raise click.UsageError(f"--each trains many times: no {', '.join(alone)}")
        if getattr(given, given.each) not in (None, "raw"):
            raise click.UsageError(f"--each {given.each} takes one after the other: no --{given.each}")
    elif given.markdown:
        raise click.UsageError("--markdown is for a table: nnspec train all --markdown, or with --each")
    if given.model == "knn":
        asked = [f"--{name}" for name in ("beside", "each", "rule", "schedule", "lr", "epochs") if getattr(given, name)]
        if asked:
            raise click.UsageError(f"knn is not trained: no {', '.join(asked)}")
