"""What a wrong answer has in common with the right one, said in words, so that its author knows where to look.

A pattern explains the whole answer, every entry within its budget, or nothing is said: a wrong hint is worse than none.
The first that fits is taken; it is told once it fits a case of other sizes too, in the words that hold in both.
"""

import itertools
import math
import re
from dataclasses import dataclass, field

import numpy as np

DIGITS = 6  # of a ratio that is shown
EXACT = 1e-5  # how near a ratio must be to a known number to be called by its name
SEARCHED_UP_TO = 10_000  # entries: beyond that, rearrangements are not looked for
VARIES = 1e-3  # what differs less along an axis is called constant
BLOCKS = (2, 3, 4)  # into which an axis may be cut: two halves, three or four gates


@dataclass(frozen=True)
class Wrong:
    """One output that is wrong, and what it may be compared with."""

    name: str
    got: np.ndarray
    want: np.ndarray
    limit: np.ndarray  # of each entry
    dims: dict = field(default_factory=dict)  # of the problem, by name
    inputs: dict = field(default_factory=dict)  # arrays by name: the inputs and the upstream gradients
    others: dict = field(default_factory=dict)  # what is wanted of the other outputs, by name

    def is_near(self, other, limit=None) -> bool:
        """Whether got is `other`, as far as the budget can tell."""
        limit = self.limit if limit is None else np.maximum(limit, self.limit)
        return other.shape == self.got.shape and bool((np.abs(self.got - other) <= limit).all())

    @property
    def right(self) -> np.ndarray:
        return np.abs(self.got - self.want) <= self.limit


@dataclass(frozen=True)
class Found:
    """A pattern in one case: what is said, and the names that its number or vector has there."""

    says: str
    names: tuple[str, ...] = ()  # each would do: " = N" and " = 2" where N is 2
    number: float | None = None  # that is part of what is said
    is_a_fact: bool = False  # of this case, which no other has to show

    def __str__(self):
        return self.says + (self.names[0] if self.names else "")

    def as_in(self, other: "Found | None") -> str | None:
        """The words that hold in another case as well. None: it was a coincidence of the first."""
        if other is None or _without_numbers(self.says) != _without_numbers(other.says):
            return None
        if common := [name for name in self.names if name in other.names]:
            return self.says + common[0]
        if self.number is None:
            return None if self.names or other.names else self.says
        constant = other.number is not None and abs(self.number - other.number) <= EXACT * abs(self.number)
        return self.says if constant else None


def _without_numbers(text: str) -> str:
    """Without the numbers that differ from case to case: a factor, a count of entries. Axes and orders stay."""
    return re.sub(r"[-+.e\d]+ everywhere|\d+ of \d+ entries|\d+ entries", "#", text)


def pattern(wrong: Wrong) -> Found | None:
    """The first pattern that fits."""
    if wrong.got.size == 0 or not np.isfinite(wrong.want).all():
        return None
    with np.errstate(all="ignore"):
        if not np.isfinite(wrong.got).all():
            return Found(_not_finite(wrong), is_a_fact=True)
        found = next(filter(None, (look(wrong) for look in LOOKS)), None)
        return Found(found) if isinstance(found, str) else found


def _not_finite(w: Wrong) -> str:
    for what, where in (("NaN", np.isnan(w.got)), ("infinite", np.isinf(w.got))):
        if where.all():
            return f"{what} everywhere"
        if where.any():
            return f"{what} in {int(where.sum())} of {w.got.size} entries{_which(where, w.want == 0, 'wanted is 0')}"


def _which(where: np.ndarray, zero: np.ndarray, zero_is: str) -> str:
    """Where these entries are, if a few words tell it."""
    if zero.any() and (where == zero).all():
        return f", just where what is {zero_is}"
    for axis, slices in _slices(where):
        if slices.any() and (where == _along(slices, axis, where.ndim)).all():
            return f", all those at {_indices(slices)} of axis {axis}"
    return ""


# -- what the answer may be, from the most to the least telling --------------------------------------------------------


def _zero(w: Wrong):
    return None if w.got.any() or not w.want.any() else "zero everywhere"


def _other_output(w: Wrong):
    for name, other in w.others.items():
        if np.any(other) and w.is_near(other):
            return f"got is what is wanted of {name}: are they returned in the wrong order?"


def _input(w: Wrong):
    for name, array in w.inputs.items():
        if array.any() and array.shape == w.got.shape and (w.got == array).all():
            return f"got is {name}, unchanged"


def _ratio(w: Wrong):
    """One factor between got and want. A scalar has always one: there it must be a number with a name."""
    telling = np.abs(w.want) > 4 * w.limit
    if not telling.any() or telling.sum() < min(2, w.want.size):
        return None
    ratio = float(np.median(w.got[telling] / w.want[telling]))
    if abs(ratio - 1) < 1e-4 or not (np.abs(w.got - ratio * w.want) <= (1 + abs(ratio)) * w.limit).all():
        return None
    names = _called(ratio, w.dims)
    said = f"got / want is {ratio:.{DIGITS}g} everywhere"
    return Found(said, names, ratio) if names or telling.sum() > 1 else None


def _called(ratio: float, dims: dict) -> tuple[str, ...]:
    """(' = N', ' = 2') for a ratio of 2: every name that the number has here, the most telling first."""
    sizes = {name: size for name, size in dims.items() if isinstance(size, int) and size > 1}
    forms = {
        "{}": lambda n: n,
        "1/{}": lambda n: 1 / n,
        "sqrt({})": math.sqrt,
        "1/sqrt({})": lambda n: 1 / math.sqrt(n),
        "{0}/({0} - 1)": lambda n: n / (n - 1),
        "({0} - 1)/{0}": lambda n: (n - 1) / n,
    }
    values = {form.format(name): function(size) for form, function in forms.items() for name, size in sizes.items()}
    for (one, n), (two, m) in itertools.combinations(sizes.items(), 2):
        values |= {f"{one} {two}": n * m, f"1/({one} {two})": 1 / (n * m)}
    return tuple(f" = {name}" for name, value in (values | _SIMPLE).items() if abs(ratio / value - 1) < EXACT)


_SIMPLE = {"-1": -1, "1/2": 0.5, "2": 2, "-2": -2, "-1/2": -0.5}


def _difference(w: Wrong):
    """One number between got and want."""
    if w.got.size < 3:
        return None
    offset = float(np.median(w.got - w.want))
    constant = (np.abs(w.got - w.want - offset) <= 2 * w.limit).all() and not w.right.any()
    return Found(f"got - want is {offset:.4g} everywhere", (), offset) if constant else None


def _along_an_axis(w: Wrong):
    """A factor or a summand for each index of one axis: a scale or a bias that was forgotten, or used twice."""
    for axis, size in enumerate(w.got.shape):
        if size < 2 or w.got.size < 3 * size or w.right.all(axis=_but(axis, w.got.ndim)).any():
            continue
        others, telling = _but(axis, w.got.ndim), np.abs(w.want) > 4 * w.limit
        if telling.any(axis=others).all():
            ratio = np.nanmedian(np.where(telling, w.got / w.want, np.nan), axis=others)
            ratios = _along(ratio, axis, w.got.ndim)
            fits = (np.abs(w.got - ratios * w.want) <= (1 + np.abs(ratios)) * w.limit).all()
            if fits and np.ptp(ratio) > VARIES * np.abs(ratio).max():
                return Found(f"got / want depends on axis {axis} alone", _known_vector(ratio, w, np.reciprocal))
        offset = np.median(w.got - w.want, axis=others)
        offsets = _along(offset, axis, w.got.ndim)
        fits = (np.abs(w.got - w.want - offsets) <= 2 * w.limit).all()
        if fits and np.ptp(offset) > VARIES * np.abs(w.want).max():
            return Found(f"got - want depends on axis {axis} alone", _known_vector(offset, w, np.negative))


def _known_vector(values, w: Wrong, inverse) -> tuple[str, ...]:
    found = []
    for name, array in w.inputs.items():
        if array.shape == values.shape:
            sign = "1/" if inverse is np.reciprocal else "-"
            for vector, shown in ((array, name), (inverse(array), f"{sign}{name}")):
                if np.allclose(values, vector, rtol=1e-4, atol=1e-6):
                    found.append(f": it is {shown}")
    return tuple(found)


def _rearranged(w: Wrong):
    """The right numbers in other places."""
    if w.got.size > SEARCHED_UP_TO or w.got.size < 2 or w.got.ndim == 0:
        return None
    for told, move in _rearrangements(w.name, w.got.shape):
        if w.is_near(move(w.want), move(w.limit)):
            return told
    order = np.argsort(w.got, axis=None), np.argsort(w.want, axis=None)
    got, want, limit = w.got.ravel()[order[0]], w.want.ravel()[order[1]], w.limit.ravel()[order[1]]
    # Sorted, a few numbers within a wide budget may pair up by chance, and one that is off moves nothing.
    apart = w.got.size > 3 and (np.diff(want) > 4 * w.limit.max()).all()
    moved = (order[0] != order[1]).sum() > 1 and (~w.right).sum() > 1
    if apart and moved and (np.abs(got - want) <= limit).all():
        return "the right numbers in other places"


def _rearrangements(name: str, shape: tuple):
    """(what is said, how the wanted array is moved) of each."""
    dims = range(len(shape))
    for axes in itertools.permutations(dims) if len(shape) <= 4 else ():
        if axes == tuple(dims):
            continue
        if tuple(shape[a] for a in axes) == shape:
            turned = "the transpose" if len(shape) == 2 else f"transposed to axes {axes}"
            yield f"got is {turned} of the wanted {name}", lambda x, axes=axes: x.transpose(axes)
        yield (
            f"got has the right numbers, laid out in the order of axes {axes}: a reshape where a transpose is needed?",
            lambda x, axes=axes: np.ascontiguousarray(x.transpose(axes)).reshape(x.shape),
        )
    for axis, size in enumerate(shape):
        if size > 1:
            yield f"got is reversed along axis {axis}", lambda x, axis=axis: np.flip(x, axis)
        for by in range(1, size) if size <= 64 else ():
            steps = by if by <= size // 2 else by - size
            yield f"got is shifted by {steps} along axis {axis}", lambda x, a=axis, by=by: np.roll(x, by, a)
        for count in BLOCKS:
            if size % count == 0 and size >= count:
                yield from _block_orders(axis, count)


def _block_orders(axis: int, count: int):
    for order in itertools.permutations(range(count)):
        if order != tuple(range(count)):
            yield (
                f"got has the {count} blocks of axis {axis} in another order: {', '.join(map(str, order))}",
                lambda x, order=order: np.concatenate([np.split(x, count, axis)[i] for i in order], axis),
            )


def _inverted(w: Wrong):
    zero, wanted_zero = w.got == 0, w.want == 0
    if wanted_zero.any() and not wanted_zero.all() and (zero != wanted_zero).all():
        return "zero just where it should not be: is a mask inverted?"


def _in_slices(w: Wrong):
    """Wrong, or right, in one slice of an axis alone."""
    for axis, slices in _slices(~w.right):
        if len(slices) > 2 and slices.sum() == 1:
            return f"only {_indices(slices)} of axis {axis} is wrong"
    for axis, slices in _slices(~w.right, every=True):
        if len(slices) > 2 and (~slices).sum() == 1 and w.right.sum() == w.right.size // len(slices):
            return f"only {_indices(~slices)} of axis {axis} is right"


def _all_the_same(w: Wrong):
    """One slice repeated, where the wanted ones differ."""
    if w.got.size > 2 and (w.got == w.got.flat[0]).all():
        value = float(w.got.flat[0])
        return Found(f"{value:.{DIGITS}g} everywhere", (), value)
    for axis, size in enumerate(w.got.shape):
        if size > 1 and (w.got == w.got.take([0], axis)).all():
            return f"all slices along axis {axis} are the same"


def _zero_entries(w: Wrong):
    """Wrong just where it is 0, or just where it should be."""
    wrong = ~w.right
    if 0 < wrong.sum() < wrong.size:
        if ((w.got == 0) & (w.want != 0) == wrong).all():
            return f"right but for {int(wrong.sum())} entries that are 0"
        if ((w.want == 0) == wrong).all():
            return "wrong just where 0 is wanted"


LOOKS = (
    _zero,
    _other_output,
    _input,
    _ratio,
    _difference,
    _rearranged,
    _along_an_axis,
    _inverted,
    _in_slices,
    _all_the_same,
    _zero_entries,
)


def _but(axis: int, ndim: int) -> tuple[int, ...]:
    return tuple(other for other in range(ndim) if other != axis)


def _along(values, axis: int, ndim: int):
    """A vector as an array that broadcasts along one axis."""
    return np.reshape(values, [-1 if other == axis else 1 for other in range(ndim)])


def _slices(where, every=False):
    """(axis, for each of its indices whether the slice has such an entry; or `every` of its entries)."""
    for axis in range(where.ndim):
        yield axis, (where.all if every else where.any)(axis=_but(axis, where.ndim))


def _indices(slices) -> str:
    """'the first index', 'the last index', 'index 3', 'indices 1, 2'."""
    found = np.flatnonzero(slices)
    if len(found) == 1:
        ends = {0: "the first index", len(slices) - 1: "the last index"}
        return ends.get(int(found[0]), f"index {found[0]}")
    return f"indices {', '.join(map(str, found))}"
