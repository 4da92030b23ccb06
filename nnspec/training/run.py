"""`nnspec train`: a training from its first step to what it shows at the end, told as it goes."""

import functools
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from nnspec import reference
from nnspec.backends import Backend, load
from nnspec.training import checkpoint, plots, rules
from nnspec.training.data import TEXTS, Images
from nnspec.training.data import load as load_data
from nnspec.training.features import featured
from nnspec.training.loop import Training
from nnspec.training.models import OF_TEXTS, SHOWN, task_of
from nnspec.training.ops import Filled, OnNumpy
from nnspec.training.table import row_of, tell

QUERIES = 100  # of kNN at a time, between two steps of the progress bar
TOLD = 10  # losses of so many steps are averaged in what is shown
SAMPLE = 300  # characters


loaded = functools.cache(load)  # many trainings in a row are of one backend


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for."""

    model: str
    data: str | None
    backend: str
    seed: int
    epochs: int | None
    neighbours: int
    fill: bool
    save: Path | None
    resume: Path | None
    plot: Path | None
    beside: str | None
    markdown: bool = False
    features: str = "raw"
    each: str | None = None
    rule: str | None = None
    schedule: str | None = None
    lr: float | None = None

    def recipe(self) -> dict:
        """What of a model's recipe is to be another. Raises ValueError for a rule that is none."""
        if self.rule:
            rules.require(self.rule)
        asked = {"rule": self.rule, "schedule": self.schedule, "lr": self.lr}
        return {name: value for name, value in asked.items() if value is not None}

    def ops(self) -> OnNumpy:
        return (Filled if self.fill else OnNumpy)(loaded(self.backend), in_place=True)


def run(wanted: Wanted, to: Console) -> Training | float:
    """Train and tell.

    Raises ModuleNotFoundError, CannotLoad, NotSupplied or ValueError with one line for the user.
    """
    name, ops = name_of_data(wanted), wanted.ops()
    data = featured(load_data(name, wanted.seed), wanted.features, ops)
    to.print(f"{wanted.model} on {name}: {data}, backend {wanted.backend}")
    if wanted.model == "knn":
        return _classify(loaded(wanted.backend), data, wanted.neighbours, to)
    training = Training.begin(task_of(wanted.model, data, **wanted.recipe()), ops, wanted.seed, wanted.epochs)
    beside = beside_it(wanted, training)
    if wanted.resume:
        checkpoint.restore(training, wanted.resume)
        to.print(f"resumed after epoch {training.epoch} of {training.epochs}")
    train(training, to, wanted.save, beside)
    if wanted.fill:
        to.print(f"from the reference: {', '.join(sorted(ops.lacking)) or 'nothing'}", soft_wrap=True)
    _tell_at_the_end(training, to)
    if beside:
        measure = f"test {training.task.measure} {beside.measured('test'):.4f}"
        to.print(f"{called(wanted.beside)}: {beside.clock.seconds:.1f} s, {measure}")
    if wanted.plot:
        plots.plot(training, wanted.plot)
        to.print(f"drawn: {wanted.plot}", soft_wrap=True)
    return training


def run_all(wanted: Wanted, to: Console):
    """Every model on data that shows what it can, and a table of all. Raises what `run` raises."""
    rows = []
    for model, (name, epochs) in SHOWN.items():
        task = task_of(model, load_data(name, wanted.seed), **wanted.recipe())
        training = Training.begin(task, wanted.ops(), wanted.seed, wanted.epochs or epochs)
        to.print(f"{model} on {name}")
        beside = beside_it(replace(wanted, model=model), training)
        train(training, to, None, beside)
        rows.append(row_of(model, name, training, beside))
    tell(rows, called(wanted.beside), wanted.markdown, to)


def name_of_data(wanted: Wanted) -> str:
    return wanted.data or (TEXTS[0] if wanted.model in OF_TEXTS else "digits")


def called(beside: str | None) -> str | None:
    return "PyTorch" if beside == "torch" else beside


def beside_it(wanted: Wanted, training: Training):
    """The training of the same model from the same start, by PyTorch's own modules or another backend, if any."""
    if wanted.beside is None:
        return None
    if wanted.resume:
        raise ValueError("train: a training that is resumed has nothing beside it: leave out --beside")
    if wanted.beside != "torch":
        return Training.begin(
            training.task, OnNumpy(loaded(wanted.beside), in_place=True), wanted.seed, training.epochs
        )
    try:
        from nnspec.training.beside import TorchTraining
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ModuleNotFoundError("train: --beside torch needs PyTorch: pip install 'nnspec[peers]'") from None
    return TorchTraining.begin(wanted.model, training)


def train(training: Training, to: Console, save: Path | None = None, beside=None):
    """The epochs that are left, each told in a line and saved."""
    task, steps = training.task, training.task.steps_of_an_epoch()
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=to, transient=True, disable=not to.is_terminal) as bar:
        total = steps * training.epochs * (2 if beside else 1)
        shown = bar.add_task("the first step: kernels are compiled", total=total)
        bar.update(shown, completed=total * training.epoch // training.epochs)

        def on_step(now):
            loss = np.mean(now.losses[-TOLD:])
            bar.update(shown, advance=1, description=f"loss {loss:.4f}  {now.clock.speed:,.0f} {task.unit}/s")

        while training.epoch < training.epochs:
            training.run_epoch(on_step, beside)
            if save:
                checkpoint.save(training, save)
            if training.epoch in {1, training.epochs} or training.epoch % 5 == 0 or steps > 100:
                loss, measure = np.mean(training.losses[-steps:]), training.validated[-1]
                to.print(
                    f"epoch {training.epoch:3d}  mean loss {loss:.4f}  validation {task.measure} {measure:.4f}"
                    f"  {training.clock.speed:,.0f} {task.unit}/s"
                )


def _tell_at_the_end(training: Training, to: Console):
    task = training.task
    measure = training.measured("test")
    to.print(f"{training.parameters:,} parameters, {len(training.losses)} steps in {training.clock.seconds:.1f} s")
    to.print(f"test {task.measure} {measure:.4f}")
    if hasattr(task, "sample"):
        text = task.sample(training.ops, training.params, "The ", SAMPLE, np.random.default_rng(0))
        to.print(f"\nThe {text}", markup=False)


def _classify(backend: Backend, data: Images, k: int, to: Console) -> float:
    if not isinstance(data, Images):
        raise ValueError("train: knn takes images, got a text")
    with Progress(console=to, transient=True, disable=not to.is_terminal) as bar:
        accuracy = classify_by_neighbours(backend, data, k, bar)
    to.print(f"test accuracy {accuracy:.4f}")
    return accuracy


def classify_by_neighbours(backend: Backend, data: Images, k: int, bar: Progress) -> float:
    """Accuracy on the test part. There is nothing to validate: both other parts are neighbours."""
    x, y = ({part: rows.reshape(len(rows), -1) for part, rows in data.x.items()}, data.y)
    known = np.concatenate([x["train"], x["validation"]]), np.concatenate([y["train"], y["validation"]])
    predicted = []
    for start in bar.track(range(0, len(x["test"]), QUERIES), description=f"{k} nearest"):
        predicted.append(backend.inward(backend("knn_predict", *known, x["test"][start : start + QUERIES], k=k)))
    return float(reference.accuracy(np.concatenate(predicted), y["test"]))
