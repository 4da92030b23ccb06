"""Panels in a terminal, without colours: they may go into a file or a mail."""

from functools import singledispatch

import numpy as np

from nnspec.demos.panels import Circuit, Curves, Images, Regions, Surface

WIDTH, HEIGHT = 72, 20  # characters of one panel
MARKERS = "o+x*#@%&"
SHADES = " .:-=+*#%@"  # from the smallest to the largest
BESIDE = 3  # images in a row


@singledispatch
def as_text(panel) -> str:
    raise TypeError(f"no such panel: {type(panel).__name__}")


@as_text.register
def _curves(panel: Curves) -> str:
    chart = _chart(panel)
    for marker, (name, curve) in zip(_markers(panel.curves), panel.curves.items(), strict=True):
        seen = np.isfinite(curve)
        chart.plot(panel.at[seen].tolist(), np.asarray(curve)[seen].tolist(), label=name, marker=marker)
    if "x" in panel.log:
        chart.xscale("log")
    if "y" in panel.log:
        chart.yscale("log")
    return _built(chart)


@as_text.register
def _regions(panel: Regions) -> str:
    """A letter for the class of a place, its capital where a point lies; a dot for a tie."""
    letters = np.array([chr(ord("a") + label) for label in range(panel.labels.max() + 1)])
    rows, columns = _sampled(panel.labels.shape)
    drawn = letters[panel.labels[rows][:, columns]]
    if panel.open is not None:
        drawn = np.where(panel.open[rows][:, columns], ".", drawn)
    if panel.points is not None:
        capitals = np.array([chr(ord("A") + label) for label in panel.y])
        rows, columns, inside = _cells(panel.points, panel.extent, drawn.shape)
        drawn[rows, columns] = capitals[inside]
    return _framed(panel, drawn)


@as_text.register
def _surface(panel: Surface) -> str:
    """In shades; the ways are drawn over it, by their number."""
    rows, columns = _sampled(panel.values.shape)
    values = panel.values[rows][:, columns]
    values = np.log10(np.maximum(values, np.finfo(float).tiny)) if panel.log else values
    low, high = np.nanmin(values), np.nanmax(values)
    share = (values - low) / (high - low if high > low else 1)
    drawn = np.array(list(SHADES))[np.rint(np.nan_to_num(share, nan=1) * (len(SHADES) - 1)).astype(int)]
    legend = ""
    for number, (name, path) in enumerate(panel.paths.items(), 1):
        rows, columns, _ = _cells(path[np.isfinite(path).all(axis=1)], panel.extent, drawn.shape)
        drawn[rows, columns] = str(number)
        legend += f"  {number} {name}"
    return _framed(panel, drawn) + (f"\n{legend}" if legend else "")


@as_text.register
def _images(panel: Images) -> str:
    """The mean over the channels, in shades, two characters a pixel: they are twice as high as wide."""
    blocks = []
    for name, image in zip(panel.names, panel.images, strict=True):
        grey = image.astype(float).mean(axis=-1) / 255
        rows, columns = _sampled(grey.shape, height=14, width=11)
        shades = np.array(list(SHADES))[np.rint(grey[rows[::-1]][:, columns] * (len(SHADES) - 1)).astype(int)]
        lines = ["".join(line) for line in shades.repeat(2, axis=1)]
        blocks.append([name[: len(lines[0])].ljust(len(lines[0])), *lines])
    rows = [blocks[i : i + BESIDE] for i in range(0, len(blocks), BESIDE)]
    return "\n\n".join([panel.title, *("\n".join("   ".join(line) for line in zip(*row, strict=True)) for row in rows)])


@as_text.register
def _circuit(panel: Circuit) -> str:
    width = max(len(node.name) for node in panel.nodes)
    lines = [panel.title, f"{'':{width}}  {'value':>10}  {'gradient':>10}  computed from"]
    for node in panel.nodes:
        parts = ", ".join(panel.nodes[i].name for i in node.of)
        lines.append(f"{node.name:{width}}  {node.value:10.4f}  {node.gradient:10.4f}  {parts}")
    return "\n".join(line.rstrip() for line in lines)


def _chart(panel):
    import plotext

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(WIDTH, HEIGHT)
    plotext.title(panel.title)
    plotext.xlabel(panel.xlabel)
    plotext.ylabel(panel.ylabel)
    return plotext


def _built(chart) -> str:
    return "\n".join(line.rstrip() for line in chart.uncolorize(chart.build()).splitlines())


def _markers(curves):
    return (MARKERS * (1 + len(curves) // len(MARKERS)))[: len(curves)]


def _sampled(shape, height=HEIGHT, width=WIDTH):
    """Which rows, from the highest y down, and which columns of a grid are shown."""
    Gy, Gx = shape
    rows = np.linspace(Gy - 1, 0, min(Gy, height)).round().astype(int)
    return rows, np.linspace(0, Gx - 1, min(Gx, width)).round().astype(int)


def _cells(points, extent, shape):
    """Rows and columns of the characters that points of the plane fall on, and which points do."""
    x0, x1, y0, y1 = extent
    column = np.rint((points[:, 0] - x0) / (x1 - x0) * (shape[1] - 1)).astype(int)
    row = np.rint((y1 - points[:, 1]) / (y1 - y0) * (shape[0] - 1)).astype(int)
    inside = (column >= 0) & (column < shape[1]) & (row >= 0) & (row < shape[0])
    return row[inside], column[inside], inside


def _framed(panel, drawn) -> str:
    x0, x1, y0, y1 = panel.extent
    lines = ["".join(line) for line in drawn]
    rule = "+" + "-" * len(lines[0]) + "+"
    axes = f"{panel.xlabel or 'x'} from {x0:g} to {x1:g}, {panel.ylabel or 'y'} from {y0:g} (below) to {y1:g} (above)"
    return "\n".join([panel.title, rule, *(f"|{line}|" for line in lines), rule, axes])
