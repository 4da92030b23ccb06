"""`nnspec train`: the command and its options. Everything heavy is imported where it is used."""

import click

from nnspec.common import told_in_one_line

NAMES = ["knn", "two_layer_net", "three_layer_convnet", "resnet20"]


@click.command()
@click.argument("model", type=click.Choice(NAMES), default="two_layer_net")
@click.option("--data", type=click.Choice(["digits", "mnist"]), default="digits", show_default=True)
@click.option("--backend", default="cpu", show_default=True, help="A name, a module or a path.")
@click.option("--seed", default=0, show_default=True, help="Of the split, the initial weights and the batches.")
@click.option("--epochs", default=None, type=click.IntRange(1), help="Passes over the training data.")
@click.option("-k", "neighbours", default=1, show_default=True, type=click.IntRange(1), help="Neighbours, for knn.")
def train(model, data, backend, seed, epochs, neighbours):
    """Train a model of the course on real data with any backend, and print its test accuracy."""
    from nnspec.backends import CannotLoad, NotSupplied
    from nnspec.terminal import console
    from nnspec.training import models as training

    with told_in_one_line(CannotLoad, NotSupplied, ModuleNotFoundError, ValueError):
        training.run(model, data, backend, seed, epochs, neighbours, console())
