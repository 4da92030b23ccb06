"""Panels as a picture, side by side, with matplotlib."""

from functools import singledispatch
from pathlib import Path

import numpy as np

from nnspec.demos.panels import Circuit, Curves, Images, Panel, Regions, Surface

LEVELS = 16  # contours of a surface
BESIDE = 3  # panels in a row
CLASSES = "tab10"
ARROW = {"arrowstyle": "->", "color": "0.6", "shrinkA": 14, "shrinkB": 14}


def draw(panels: list[Panel], path: Path):
    """Raises ModuleNotFoundError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ModuleNotFoundError("demo: --out needs matplotlib: pip install 'nnspec[plots]'") from None
    columns = min(BESIDE, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(5 * columns, 4.2 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel, ax in zip(panels, axes, strict=False):
        on_axes(panel, ax)
        ax.set_title(panel.title)
    for ax in axes[len(panels) :]:
        ax.set_axis_off()
    figure.savefig(path, dpi=110)


@singledispatch
def on_axes(panel, ax):
    raise TypeError(f"no such panel: {type(panel).__name__}")


@on_axes.register
def _curves(panel: Curves, ax):
    for name, curve in panel.curves.items():
        ax.plot(panel.at, curve, label=name)
    ax.set(xlabel=panel.xlabel, ylabel=panel.ylabel)
    if "x" in panel.log:
        ax.set_xscale("log")
    if "y" in panel.log:
        ax.set_yscale("log")
    if len(panel.curves) > 1:
        ax.legend(fontsize=8)


@on_axes.register
def _regions(panel: Regions, ax):
    """Ties are white."""
    count = max(10, panel.labels.max() + 1)
    seen = panel.labels if panel.open is None else np.ma.masked_array(panel.labels, panel.open)
    of_class = {"cmap": CLASSES, "vmin": -0.5, "vmax": count - 0.5}
    ax.imshow(seen, origin="lower", extent=panel.extent, alpha=0.4, aspect="auto", interpolation="nearest", **of_class)
    if panel.points is not None:
        ax.scatter(*panel.points.T, c=panel.y, s=14, edgecolors="k", linewidths=0.4, **of_class)
    ax.set(xlabel=panel.xlabel, ylabel=panel.ylabel, xlim=panel.extent[:2], ylim=panel.extent[2:])


@on_axes.register
def _surface(panel: Surface, ax):
    Gy, Gx = panel.values.shape
    x, y = np.linspace(*panel.extent[:2], Gx), np.linspace(*panel.extent[2:], Gy)
    values = np.log10(np.maximum(panel.values, np.finfo(float).tiny)) if panel.log else panel.values
    filled = ax.contourf(x, y, values, levels=LEVELS, cmap="Greys", alpha=0.8)
    ax.figure.colorbar(filled, ax=ax, label="log10" if panel.log else None)
    for name, path in panel.paths.items():
        ax.plot(*path.T, marker=".", markersize=3, linewidth=1, label=name)
    ax.set(xlabel=panel.xlabel, ylabel=panel.ylabel, xlim=panel.extent[:2], ylim=panel.extent[2:])
    if panel.paths:
        ax.legend(fontsize=8)


@on_axes.register
def _images(panel: Images, ax):
    """Five in a row, on one canvas."""
    K, H, W, channels = panel.images.shape
    columns = min(5, K)
    rows = -(-K // columns)
    step = int(np.ceil(0.35 * H))  # room for a name
    canvas = np.full((rows * (H + step), columns * (W + 1), channels), 255, np.uint8)
    for i, (image, name) in enumerate(zip(panel.images, panel.names, strict=True)):
        top, left = i // columns * (H + step) + step, i % columns * (W + 1)
        canvas[top : top + H, left : left + W] = image
        ax.text(left + W / 2, top - 0.15 * step - 0.5, name, ha="center", va="bottom", fontsize=8)
    ax.imshow(canvas if channels == 3 else canvas[..., 0], cmap="gray", vmin=0, vmax=255)
    ax.set_axis_off()


@on_axes.register
def _circuit(panel: Circuit, ax):
    """As in the course's notes: values above (green), gradients below (red)."""
    depths = np.array(panel.depths())
    places = np.zeros((len(depths), 2))
    for depth in range(depths.max() + 1):
        here = np.flatnonzero(depths == depth)
        places[here, 0] = depth
        places[here, 1] = -(np.arange(len(here)) - (len(here) - 1) / 2)
    for node, place in zip(panel.nodes, places, strict=True):
        for parent in node.of:
            ax.annotate(
                "", place, places[parent], arrowprops={"arrowstyle": "->", "color": "0.6", "shrinkA": 14, "shrinkB": 14}
            )
        ax.text(*place, node.name, ha="center", va="center", bbox={"boxstyle": "round", "fc": "white", "ec": "0.4"})
        ax.text(place[0], place[1] + 0.22, f"{node.value:.2f}", ha="center", va="bottom", color="green", fontsize=9)
        ax.text(place[0], place[1] - 0.22, f"{node.gradient:.2f}", ha="center", va="top", color="red", fontsize=9)
    ax.set(xlim=(-0.5, depths.max() + 0.5), ylim=(places[:, 1].min() - 0.7, places[:, 1].max() + 0.7))
    ax.set_axis_off()
