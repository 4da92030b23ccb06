"""What a training showed, as a picture: losses, the validation, and what the model has learned to look at."""

from pathlib import Path

import numpy as np

from nnspec import reference
from nnspec.training.images import ImageTask
from nnspec.training.loop import Training

SMOOTH = 50  # losses that one point of the curve is the mean of, at most
MOST = 64  # filters


def plot(training: Training, path: Path):
    """Raises ModuleNotFoundError without matplotlib."""
    panels = [_losses, _validation]
    if isinstance(training.task, ImageTask):
        panels += [_confusion] + [_filters] * (_first_filters(training) is not None)
    if hasattr(training.task, "attention"):
        panels.append(_attention)
    figure = _figure(4.2 * len(panels), 4)
    for draw, axes in zip(panels, figure.subplots(1, len(panels)), strict=True):
        draw(training, axes)
    figure.savefig(path, dpi=120)


def compare(trainings: dict[str, Training], path: Path):
    """The mean loss of every epoch, of several. Raises ModuleNotFoundError without matplotlib."""
    figure = _figure(8, 4.5)
    axes = figure.subplots()
    for i, (label, training) in enumerate(trainings.items()):
        losses = training.mean_losses()
        axes.plot(range(1, len(losses) + 1), losses, label=label, linestyle=("-", "--")[i // 10])  # ten colours
    axes.set(title="mean loss of each epoch", xlabel="epoch", yscale="log")
    axes.locator_params(axis="x", integer=True)
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=120)


def _figure(width, height):
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ModuleNotFoundError("train: --plot needs matplotlib: pip install 'nnspec[plots]'") from None
    return Figure(figsize=(width, height), layout="constrained")


def _losses(training, axes):
    losses = np.array(training.losses)
    width = max(1, min(SMOOTH, len(losses) // 20))
    axes.plot(losses, color="0.8", linewidth=0.8)
    axes.plot(np.arange(width - 1, len(losses)), np.convolve(losses, np.ones(width) / width, "valid"))
    axes.set(title=f"loss, and its mean over {width} steps", xlabel="step", yscale="log")


def _validation(training, axes):
    axes.plot(np.arange(1, len(training.validated) + 1), training.validated, marker=".")
    axes.set(title=f"validation: {training.task.measure}", xlabel="epoch")


def _confusion(training, axes):
    """Rows are the truth: how many of its test images were taken for what."""
    task = training.task
    predicted = task.predicted(training.ops, training.params, training.states, task.data.x["test"])
    counts = reference.confusion_matrix(predicted, task.data.y["test"], task.data.classes)
    wrong = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    axes.imshow(wrong, cmap="Reds")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "white" if wrong[row, column] > 0.6 * wrong.max() else "black"
            axes.text(column, row, count, ha="center", va="center", fontsize=7, color=color)
    axes.set(title="test images", xlabel="taken for", ylabel="is")


def _first_filters(training) -> np.ndarray | None:
    """Those that look at the image itself: (F, H, W), of several channels their mean."""
    if not training.task.data.are_images:
        return None
    channels, *size = training.task.data.shape
    for w in training.params.values():
        if w.ndim == 4 and w.shape[1] == channels:
            return w.mean(axis=1)[:MOST]
        if w.ndim == 2 and len(w) == channels * np.prod(size):
            return w.T.reshape(-1, channels, *size).mean(axis=1)[:MOST]
    return None


def _filters(training, axes):
    filters = _first_filters(training)
    side = int(np.ceil(np.sqrt(len(filters))))
    H, W = filters.shape[1:]
    canvas = np.full((side * (H + 1), side * (W + 1)), np.nan)
    for i, one in enumerate(filters):
        row, column = divmod(i, side)
        canvas[row * (H + 1) : row * (H + 1) + H, column * (W + 1) : column * (W + 1) + W] = one / np.abs(one).max()
    axes.imshow(canvas, cmap="coolwarm", vmin=-1, vmax=1)
    axes.set(title=f"the first {len(filters)} filters", xticks=[], yticks=[])


def _attention(training, axes):
    """Of the first head of the first layer, on what the test part begins with."""
    weights, labels = training.task.attention(training.ops, training.params, training.states)
    axes.imshow(weights, cmap="viridis")
    axes.set(title="attention: row attends to column", xticks=range(len(labels)), yticks=range(len(labels)))
    axes.set_xticklabels(labels, fontsize=6)
    axes.set_yticklabels(labels, fontsize=6)
