"""Trainings in a table: what was trained, on what, how long, how well; beside it the same of PyTorch or a backend."""

import ctypes
import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from nnspec.terminal import show_table
from nnspec.training.loop import Training

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, MOST_KEPT = -1, -3, 1 << 30  # of glibc's malloc.h; the last in bytes
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Row:
    """seconds, measures and peaks (MiB that a step needs beside what there was before): ours, and another's."""

    model: str
    data: str
    parameters: int
    epochs: int
    measure: str
    seconds: list[float]
    measures: list[float]
    peaks: list[float | None]

    def cells(self) -> list[str]:
        told = [self.model, self.data, f"{self.parameters:,}", str(self.epochs)]
        told += [f"{seconds:.1f}" for seconds in self.seconds]
        if len(self.seconds) > 1:
            told.append(f"{self.seconds[0] / self.seconds[1]:.2f}")
        told += ["–" if peak is None else f"{peak:.1f}" for peak in self.peaks]
        return (
            told + [f"{measure:.4f}" for measure in self.measures] + [self.measure.replace(" per character", "/char")]
        )


def row_of(model: str, data: str, training: Training, beside=None) -> Row:
    """beside: another's training, if there was one."""
    task, trainings = training.task, [training] + [beside] * (beside is not None)
    measures = [one.measured("test") for one in trainings]
    seconds = [one.clock.seconds for one in trainings]
    batch, _ = next(iter(task.batches(training.rng)))
    stepping = [replace(one, losses=[]) for one in trainings]  # what was learned is measured, and is to stay
    peaks = [peak_of(lambda one=one: one.step(batch, 0.0)) for one in stepping]
    return Row(model, data, training.parameters, training.epochs, task.measure, seconds, measures, peaks)


def keep_freed_memory():
    """What a step has freed stays for the next one. Else glibc gives it back to the system and fetches it again page by
    page: a quarter of the time of a GPT's step. Of this process, whoever computes in it; nothing on other systems."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform.startswith("linux") else None
    if mallopt is not None:
        for option in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
            mallopt(option, MOST_KEPT)


def peak_of(step: Callable[[], object]) -> float | None:
    """MiB of memory that a step needs beside what there was before it; None where the system does not tell."""
    if not sys.platform.startswith("linux"):
        return None
    step()  # what is allocated once is there
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what was freed is given back, so that it counts when it is taken again
    try:
        RESET.write_text("5")
    except OSError:
        return None
    before = _of_status("VmRSS")
    step()
    return (_of_status("VmHWM") - before) / 1024


def _of_status(name: str) -> int:
    """KiB."""
    (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1])


def tell(rows: list[Row], other: str | None, markdown: bool, to: Console):
    """other: whose training there is beside, if any."""
    beside = [other] * (len(rows[0].seconds) > 1)
    headings = ["model", "data", "parameters", "epochs", "s", *beside, *["ratio"] * len(beside)]
    headings += ["MiB a step", *beside, "test", *beside, "measure"]
    cells = [row.cells() for row in rows]
    show_table(headings, cells, to, markdown=markdown, left=2, words=1, wraps=False)
