"""What there is to see, as data: neither renderer computes, and no demonstration draws."""

from dataclasses import dataclass, field

import numpy as np

Extent = tuple[float, float, float, float]  # x from, to; y from, to


@dataclass(frozen=True)
class Curves:
    """Named curves (T,) over x, or over the number of the entry."""

    title: str
    curves: dict[str, np.ndarray]
    x: np.ndarray | None = None
    xlabel: str = ""
    ylabel: str = ""
    log: str = ""  # the axes that are logarithmic: "", "x", "y" or "xy"

    def __post_init__(self):
        lengths = {len(curve) for curve in self.curves.values()} | ({len(self.x)} if self.x is not None else set())
        if len(lengths) != 1:
            raise ValueError(f"Curves {self.title!r}: curves and x must be equally long, got lengths {sorted(lengths)}")

    @property
    def at(self) -> np.ndarray:
        return np.arange(len(next(iter(self.curves.values())))) if self.x is None else self.x


@dataclass(frozen=True)
class Regions:
    """The class of each place of a plane, and the points that it comes from. Row 0 is the lowest y."""

    title: str
    labels: np.ndarray  # (Gy, Gx) integers from 0
    extent: Extent
    points: np.ndarray | None = None  # (N, 2)
    y: np.ndarray | None = None  # (N,)
    open: np.ndarray | None = None  # (Gy, Gx) where the label is a tie
    xlabel: str = ""
    ylabel: str = ""


@dataclass(frozen=True)
class Surface:
    """A function of the plane, and the ways that were gone on it. Row 0 is the lowest y."""

    title: str
    values: np.ndarray  # (Gy, Gx)
    extent: Extent
    paths: dict[str, np.ndarray] = field(default_factory=dict)  # (T, 2) each
    log: bool = False  # the levels are powers of ten
    xlabel: str = ""
    ylabel: str = ""


@dataclass(frozen=True)
class Images:
    """Small images side by side, each under its name."""

    title: str
    images: np.ndarray  # (K, H, W, 3) or (K, H, W, 1), uint8
    names: tuple[str, ...]


@dataclass(frozen=True)
class Node:
    """A value of a circuit, and the gradient of the output with respect to it."""

    name: str
    value: float
    gradient: float
    of: tuple[int, ...] = ()  # the nodes that it is computed from, by their place


@dataclass(frozen=True)
class Circuit:
    """A computation as a graph, in an order in which it can be computed; the last node is the output."""

    title: str
    nodes: tuple[Node, ...]

    def __post_init__(self):
        late = [node.name for i, node in enumerate(self.nodes) if any(j >= i for j in node.of)]
        if late:
            raise ValueError(f"Circuit {self.title!r}: computed from what comes later: {', '.join(late)}")

    def depths(self) -> list[int]:
        """How many operations lie between each node and the inputs, at most."""
        depths = []
        for node in self.nodes:
            depths.append(1 + max((depths[i] for i in node.of), default=-1))
        return depths


Panel = Curves | Regions | Surface | Images | Circuit
