"""The check of a gradient, and what it says."""

import math
import warnings
from dataclasses import dataclass, field, replace

import numpy as np

from nnspec.gradients.points import Point, as_numpy
from nnspec.reference import complex_step

NOISE = 16  # roundings that the value of f may be off by
SHRUNK = 4  # times a step is made ten times smaller where there is a kink within it
TOLERATED = 1e-7  # of the largest entry, where the numerical gradient is as good as exact


@dataclass(frozen=True)
class Entry:
    """One entry of a gradient: as it is claimed, as it was found, and how far that may be off."""

    name: str
    index: tuple[int, ...]
    analytic: float
    numerical: float
    uncertain: float
    kink: bool = False

    @property
    def relative(self) -> float:
        """|a - n| / max(|a|, |n|); 0 where both are less than the numerical one is uncertain by."""
        off, size = abs(self.analytic - self.numerical), max(abs(self.analytic), abs(self.numerical))
        if not math.isfinite(off):
            return math.inf
        return off / size if off > self.uncertain else 0.0

    def __str__(self):
        index = "".join(f"[{i}]" for i in self.index)
        return f"{self.name}{index}: {self.analytic:.8g}, and {self.numerical:.8g} was found"


@dataclass(frozen=True)
class GradientReport:
    """What was found. Its truth value is whether the gradient is right; `right` is None where that cannot be told."""

    right: bool | None
    relative_error: float  # of the worst entry that has no kink
    worst: Entry | None
    kinks: list[Entry]  # entries that have no derivative at x
    slope: float | None  # of the remainder; None where it is all rounding, as that of a linear f is
    by: str  # complex steps or central differences
    checked: int  # entries
    size: int
    notes: list[str] = field(default_factory=list)

    def __bool__(self):
        return self.right is True

    def __str__(self):
        verdict = {True: "the gradient is right", False: "the gradient is wrong", None: "it cannot be told"}[self.right]
        entries = f"{self.checked} of {self.size} entries" if self.checked < self.size else f"all {self.size} entries"
        lines = [f"{verdict}: relative error {self.relative_error:.2g} by {self.by}, {entries}"]
        if self.worst is not None and self.right is False:
            lines.append(f"worst at {self.worst}")
        if self.slope is None:
            lines.append("remainder: nothing but rounding, as of a linear function")
        else:
            lines.append(f"remainder: falls like h^{self.slope:.2f}, where a gradient gives h^2 and anything else h^1")
        return "\n".join(lines + self.notes)


def gradient_check(f, x, analytic, *, dout=None, entries: int = 200, seed: int = 0) -> GradientReport:
    """Compare `analytic` with what f itself says about its gradient at x.

    f       a function of x that gives a number, or with `dout` an array of its shape: then of sum(f(x) * dout)
    x       an array of floats, or a dict, list or tuple of such; NumPy's, PyTorch's or JAX's. It is not written to.
    analytic    the gradient to be checked, in the form of x
    entries     at most so many are looked at one by one, drawn by `seed`; the remainder looks at all of them

    Raises TypeError for arrays of integers, and ValueError where f gives no number or analytic has other shapes than x.
    """
    point, claimed = Point(x), Point(analytic, "analytic")
    _require_alike(point, claimed)
    value = _Value(f, point, dout)
    notes = value.what_spoils_it()
    if notes:
        return GradientReport(None, math.nan, None, [], None, "nothing", 0, point.vector.size, notes)
    rng = np.random.default_rng(seed)
    chosen = _chosen(point, entries, rng)
    found = [_differences(value, i, float(claimed.vector[i])) for i in chosen]
    exact = _by_complex_steps(value, chosen, found)
    found = found if exact is None else exact
    kinks, smooth = [entry for entry in found if entry.kink], [entry for entry in found if not entry.kink]
    worst = max(smooth, key=lambda entry: entry.relative, default=None)
    slope, remains = _remainder(value, claimed.vector, rng)
    right, notes = _judged(smooth, slope, remains, value, kinks)
    notes += _pattern(smooth) if right is False else []
    relative = worst.relative if worst else 0.0
    by = "central differences" if exact is None else "complex steps"
    return GradientReport(right, relative, worst, kinks, slope, by, len(found), point.vector.size, notes)


def _require_alike(point: Point, claimed: Point):
    shapes = [[(leaf.name.partition("[")[2], leaf.values.shape) for leaf in each.leaves] for each in (point, claimed)]
    if shapes[0] != shapes[1]:
        told = [", ".join(f"{leaf.name} {leaf.values.shape}" for leaf in each.leaves) for each in (claimed, point)]
        raise ValueError(f"gradient_check: analytic must have the shapes of x; got {told[0]} for {told[1]}")


class _Value:
    """f as a function of one vector, and how far its values are off by rounding."""

    def __init__(self, f, point: Point, dout):
        self.f, self.point = f, point
        self.dout = None if dout is None else as_numpy(dout).astype(float)
        self.start = self(point.vector)
        self.noise = NOISE * point.eps * max(abs(self.start), np.finfo(float).tiny)
        for seed in range(3):  # what rounding does to f: it may be a difference of large numbers
            signs = np.random.default_rng(seed).choice([-1.0, 1.0], point.vector.size)
            beside = self(point.rounded(point.vector * (1 + point.eps * signs)))
            self.noise = max(self.noise, NOISE / 4 * abs(beside - self.start))

    def __call__(self, vector: np.ndarray) -> float:
        return _number(self.f(self.point.at(vector)), self.dout).real

    def what_spoils_it(self) -> list[str]:
        """Why nothing can be told: f is not finite, draws, or writes to what it is given."""
        if not math.isfinite(self.start):
            return [f"f is {self.start} at x"]
        given = self.point.at(self.point.vector)
        again = _number(self.f(given), self.dout).real
        if not np.array_equal(Point(given).vector, self.point.rounded(self.point.vector), equal_nan=True):
            return ["f writes to x: let it work on a copy"]
        if again != self.start:
            return [f"f draws: it gave {self.start:.8g} and {again:.8g} for the same x; fix its masks or its seed"]
        return []


def _number(result, dout) -> complex:
    array = as_numpy(result)
    if dout is None:
        if array.size != 1:
            raise ValueError(f"gradient_check: f must give a number, or dout be given; got shape {array.shape}")
        return complex(array.reshape(()))
    if array.shape != dout.shape:
        raise ValueError(f"gradient_check: dout must have the shape of f(x), {array.shape}, got {dout.shape}")
    return complex((array * dout).sum())


def _chosen(point: Point, entries: int, rng) -> np.ndarray:
    """Entries to look at, some of every array."""
    size = point.vector.size
    if size <= entries:
        return np.arange(size)
    first, chosen = 0, []
    for leaf in point.leaves:
        number = min(leaf.values.size, max(1, entries // len(point.leaves)))
        chosen.append(first + rng.choice(leaf.values.size, number, replace=False))
        first += leaf.values.size
    return np.concatenate(chosen)


def _differences(value: _Value, i: int, analytic: float) -> Entry:
    """An entry by central differences. Where a kink lies within the step, a smaller step is tried."""
    point = value.point
    name, index = point.place(i)
    h = point.eps ** (1 / 3) * max(1.0, abs(point.vector[i]))
    for _ in range(SHRUNK):
        wide, gap = _slopes(value, i, h)
        narrow, gap_of_half = _slopes(value, i, h / 2)
        rounding = 4 * value.noise / h
        bent = gap > 4 * rounding and not 0.25 * gap < gap_of_half < 0.75 * gap
        if not bent:
            best = (4 * narrow - wide) / 3  # what is left of the error falls like h^4
            return Entry(name, index, analytic, best, 2 * abs(narrow - wide) + rounding)
        h /= 10
    return Entry(name, index, analytic, narrow, gap, kink=True)


def _slopes(value: _Value, i: int, h: float) -> tuple[float, float]:
    """The central difference, and how far the one-sided ones are apart: that falls with h unless there is a kink."""
    point = value.point
    ahead, behind = point.vector.copy(), point.vector.copy()
    ahead[i] += h
    behind[i] -= h
    right, left = point.rounded(ahead)[i] - point.vector[i], point.vector[i] - point.rounded(behind)[i]
    if right <= 0 or left <= 0:  # the step is lost beside x
        return math.nan, 0.0
    up, down = (value(ahead) - value.start) / right, (value.start - value(behind)) / left
    return (up * right + down * left) / (right + left), abs(up - down)


def _by_complex_steps(value: _Value, chosen, found: list[Entry]) -> list[Entry] | None:
    """The entries found by Im f(x + ih) / h, where f takes complex numbers and that agrees with the differences."""
    point = value.point
    if not point.only_numpy or any(entry.kink for entry in found):
        return None
    largest = max((abs(entry.numerical) for entry in found), default=0.0)
    if any(entry.uncertain > 0.01 * largest for entry in found):  # anything would agree with them
        return None

    def of_the_chosen(values):
        moved = point.vector.astype(complex)
        moved[chosen] = values
        return _number(value.f(point.at(moved)), value.dout)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            exact = complex_step(of_the_chosen, point.vector[chosen])
    except Exception:  # of whatever kind: f was not written for complex numbers
        return None
    if not all(abs(slope - entry.numerical) <= entry.uncertain for entry, slope in zip(found, exact, strict=True)):
        return None
    # The claimed gradient has the digits of x.
    sure = float(1e3 * point.eps * max((abs(slope) for slope in exact), default=0.0))
    return [replace(entry, numerical=slope, uncertain=sure) for entry, slope in zip(found, exact, strict=True)]


def _remainder(value: _Value, claimed: np.ndarray, rng) -> tuple[float | None, bool]:
    """(slope of the remainder over the step, whether even the smallest steps leave a part of f's change over).

    A kink that only the larger steps cross makes the slope any number, and leaves nothing at the smaller ones.
    """
    point = value.point
    direction = rng.standard_normal(point.vector.size) * np.maximum(1.0, np.abs(point.vector))
    direction /= max(np.linalg.norm(direction), np.finfo(float).tiny)
    steps, left, remains = [], [], False
    for k in range(16):
        there = point.rounded(point.vector + 0.1 * 0.5**k * direction)
        change, foretold = value(there) - value.start, claimed @ (there - point.vector)
        rest = abs(change - foretold)
        if math.isnan(rest):
            return math.nan, True
        if max(abs(change), abs(foretold)) > 1000 * value.noise:  # what is told by the last such step counts
            remains = rest > 0.01 * max(abs(change), abs(foretold))
        if rest > 8 * value.noise:
            steps.append(0.1 * 0.5**k)
            left.append(rest)
    if len(left) < 4:
        return None, False
    last = slice(-8, None)  # the smallest steps that are more than rounding
    return float(np.polyfit(np.log(steps[last]), np.log(left[last]), 1)[0]), remains


def _judged(smooth, slope, remains, value: _Value, kinks) -> tuple[bool | None, list[str]]:
    notes = []
    if kinks:
        notes.append(f"{len(kinks)} entries lie on a kink and were left out, the first at {kinks[0]}")
    largest = max((abs(entry.numerical) for entry in smooth), default=0.0)
    wrong = [e for e in smooth if not abs(e.analytic - e.numerical) <= e.uncertain + TOLERATED * largest]
    hidden = [entry for entry in smooth if entry.uncertain > 0.1 * largest]
    if wrong:
        return False, notes
    if value.point.eps > np.finfo(float).eps and smooth and len(hidden) == len(smooth):
        return None, [*notes, "f rounds away what the steps change: hand in x in double precision"]
    if slope is not None and not slope > 1.5 and remains and not kinks:
        return False, [*notes, "every entry that was looked at is right, and the gradient as a whole is not"]
    if not smooth:
        return None, [*notes, "there is no entry with a derivative"]
    return True, notes


def _pattern(smooth: list[Entry]) -> list[str]:
    """What the wrong entries have in common."""
    pairs = np.array([(e.analytic, e.numerical) for e in smooth if abs(e.numerical) > 10 * e.uncertain])
    if len(pairs) < 2 or not np.isfinite(pairs).all():
        return []
    ratios = pairs[:, 0] / pairs[:, 1]
    if np.ptp(ratios) <= 1e-3 * abs(ratios).max():
        return [f"analytic is {ratios.mean():.6g} times what it should be, in every entry"]
    offsets = pairs[:, 0] - pairs[:, 1]
    wrong = np.abs(offsets) > 1e-4 * np.abs(pairs).max()
    return [f"{wrong.sum()} of {len(pairs)} entries are wrong, the others right"] if not wrong.all() else []
