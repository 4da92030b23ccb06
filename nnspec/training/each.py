"""`nnspec train MODEL --each rule`: one model trained with each update rule, schedule or kind of features, and a table.

Each gets the learning rate that suits it, the one of RATES with which it does best on the validation data: at one
rate for all, what is compared would be the rate.
"""

from dataclasses import dataclass, replace

import numpy as np
from rich.console import Console
from rich.progress import Progress

from nnspec.terminal import show_table
from nnspec.training import features, plots, rules, schedules
from nnspec.training.data import load as load_data
from nnspec.training.features import featured
from nnspec.training.loop import Training
from nnspec.training.models import task_of
from nnspec.training.run import Wanted, beside_it, called, name_of_data

RATES = tuple(round(10 ** (power / 2), 5) for power in range(-8, 1))  # 0.0001, 0.00032, … 1
KINDS = {
    "features": lambda: features.NAMES,
    "rule": rules.names,
    "schedule": lambda: schedules.NAMES,
}


@dataclass(frozen=True)
class Tried:
    """One of the things compared, trained at the rate that suits it; beside: the same steps by another, if any."""

    name: str
    lr: float
    training: Training
    beside: object = None

    @property
    def apart(self) -> float:
        """The largest difference of a loss from the other's, as a part of the first loss."""
        ours, others = np.array(self.training.losses), np.array(self.beside.losses)
        return float(np.abs(ours - others).max() / ours[0])

    def cells(self) -> list[str]:
        trainings = [self.training] + [self.beside] * (self.beside is not None)
        measured = [f"{one.measured('test'):.4f}" for one in trainings]
        apart = [f"{self.apart:.1e}"] if self.beside is not None else []
        told = [f"{self.lr:g}", f"{self.training.mean_losses()[-1]:.4f}", f"{self.training.validated[-1]:.4f}"]
        return [self.name, *told, *measured, *apart]


def run_each(wanted: Wanted, to: Console) -> list[Tried]:
    """Train, tell and draw. Raises what `run` raises."""
    name = name_of_data(wanted)
    data = load_data(name, wanted.seed)
    to.print(f"{wanted.model} on {name}: {data}, backend {wanted.backend}")
    each = [replace(wanted, **{wanted.each: name}) for name in KINDS[wanted.each]()]
    rates = [wanted.lr] if wanted.lr else RATES
    with Progress(console=to, transient=True, disable=not to.is_terminal) as bar:
        shown = bar.add_task(wanted.each, total=len(each) * (len(rates) + bool(wanted.beside)))
        found = [_tried(one, data, rates, lambda: bar.update(shown, advance=1)) for one in each]
    measure = found[0].training.task.measure
    headings = [wanted.each, "rate", "loss", "validation", f"test {measure}"]
    headings += [called(wanted.beside), "apart"] if wanted.beside else []
    cells = [one.cells() for one in found]
    show_table(headings, cells, to, markdown=wanted.markdown, left=1, wraps=False)
    if wanted.plot:
        plots.compare({f"{one.name}, rate {one.lr:g}": one.training for one in found}, wanted.plot)
        to.print(f"drawn: {wanted.plot}", soft_wrap=True)
    return found


def _tried(wanted: Wanted, data, rates, on_training) -> Tried:
    """At the best of several rates, by the validation; of equally good ones, at the one with the lowest last loss."""
    ops = wanted.ops()
    given = featured(data, wanted.features, ops)

    def trained(lr, beside=False):
        task = task_of(wanted.model, given, **(wanted.recipe() | {"lr": lr}))
        training = Training.begin(task, ops, wanted.seed, wanted.epochs)
        other = beside_it(wanted, training) if beside else None
        with np.errstate(all="ignore"):  # at too high a rate a training overflows, and is not taken
            while training.epoch < training.epochs:
                training.run_epoch(beside=other)
        on_training()
        return Tried(getattr(wanted, wanted.each), lr, training, other)

    best = _best([trained(lr) for lr in rates])
    return trained(best.lr, beside=True) if wanted.beside else best


def _best(tried: list[Tried]) -> Tried:
    better = tried[0].training.task.better
    most = better(one.training.validated[-1] for one in tried)
    return min((one for one in tried if one.training.validated[-1] == most), key=_last_loss)


def _last_loss(one: Tried) -> float:
    loss = one.training.mean_losses()[-1]
    return loss if np.isfinite(loss) else np.inf
