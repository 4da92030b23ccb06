"""What a wrong answer has in common with the right one, said in words, so that its author knows where to look.

A pattern explains the whole answer, every entry within its budget, or nothing is said: a wrong hint is worse than none.
The first that fits is told.
"""

import itertools
import math
from dataclasses import dataclass, field

import numpy as np

DIGITS = 6  # of a ratio that is shown
EXACT = 1e-5  # how near a ratio must be to a known number to be called by its name
SEARCHED_UP_TO = 10_000  # entries: beyond that, rearrangements are not looked for
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


def pattern(wrong: Wrong) -> str | None:
    """The first pattern that fits."""
    if wrong.got.size == 0 or not np.isfinite(wrong.want).all():
        return None
    with np.errstate(all="ignore"):
        if not np.isfinite(wrong.got).all():
            return _not_finite(wrong)
        return next(filter(None, (look(wrong) for look in LOOKS)), None)


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
    named = _called(ratio, w.dims)
    return f"got / want is {ratio:.{DIGITS}g} everywhere{named}" if named or telling.sum() > 1 else None


def _called(ratio: float, dims: dict) -> str:
    """' = N' for a ratio of N. Of dimensions of one size, any may be meant."""
    sizes = {name: size for name, size in dims.items() if isinstance(size, int) and size > 1}
    forms = {
        "{}": lambda n: n, "1/{}": lambda n: 1 / n, "sqrt({})": math.sqrt, "1/sqrt({})": lambda n: 1 / math.sqrt(n),
        "{0}/({0} - 1)": lambda n: n / (n - 1), "({0} - 1)/{0}": lambda n: (n - 1) / n,
    }  # fmt: skip
    for form, function in forms.items():
        if fitting := [form.format(name) for name, size in sizes.items() if abs(ratio / function(size) - 1) < EXACT]:
            return f" = {' or '.join(fitting)}"
    for (one, n), (two, m) in itertools.combinations(sizes.items(), 2):
        for form, value in ((f"{one} {two}", n * m), (f"1/({one} {two})", 1 / (n * m))):
            if abs(ratio / value - 1) < EXACT:
                return f" = {form}"
    return next((f" = {name}" for name, value in _SIMPLE.items() if abs(ratio - value) < EXACT), "")


_SIMPLE = {"-1": -1, "1/2": 0.5, "2": 2, "-2": -2, "-1/2": -0.5}


def _difference(w: Wrong):
    """One number between got and want."""
    if w.got.size < 3:
        return None
    offset = float(np.median(w.got - w.want))
    constant = (np.abs(w.got - w.want - offset) <= 2 * w.limit).all() and not w.right.any()
    return f"got - want is {offset:.4g} everywhere" if constant else None


def _along_an_axis(w: Wrong):
    """A factor or a summand for each index of one axis: a scale or a bias that was forgotten, or used twice."""
    for axis, size in enumerate(w.got.shape):
        if size < 2 or w.got.size < 3 * size or w.right.all(axis=_but(axis, w.got.ndim)).any():
            continue
        others, telling = _but(axis, w.got.ndim), np.abs(w.want) > 4 * w.limit
        if telling.any(axis=others).all():
            ratio = np.nanmedian(np.where(telling, w.got / w.want, np.nan), axis=others)
            ratios = _along(ratio, axis, w.got.ndim)
            if (np.abs(w.got - ratios * w.want) <= (1 + np.abs(ratios)) * w.limit).all():
                return f"got / want depends on axis {axis} alone{_known_vector(ratio, w, inverse=np.reciprocal)}"
        offset = np.median(w.got - w.want, axis=others)
        offsets = _along(offset, axis, w.got.ndim)
        if (np.abs(w.got - w.want - offsets) <= 2 * w.limit).all():
            return f"got - want depends on axis {axis} alone{_known_vector(offset, w, inverse=np.negative)}"


def _known_vector(values, w: Wrong, inverse) -> str:
    for name, array in w.inputs.items():
        if array.shape == values.shape:
            sign = "1/" if inverse is np.reciprocal else "-"
            for vector, shown in ((array, name), (inverse(array), f"{sign}{name}")):
                if np.allclose(values, vector, rtol=1e-4, atol=1e-6):
                    return f": it is {shown}"
    return ""


def _rearranged(w: Wrong):
    """The right numbers in other places."""
    if w.got.size > SEARCHED_UP_TO or w.got.size < 2 or w.got.ndim == 0:
        return None
    for told, move in _rearrangements(w.name, w.got.shape):
        if w.is_near(move(w.want), move(w.limit)):
            return told
    got, want = np.sort(w.got, axis=None), np.sort(w.want, axis=None)
    limit = w.limit.max()
    # Sorted, a few numbers within a wide budget may pair up by chance.
    apart = w.got.size > 3 and (np.diff(want) > 4 * limit).all()
    if apart and (np.abs(got - want) <= limit).all():
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
        return f"{float(w.got.flat[0]):.{DIGITS}g} everywhere"
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
    _zero, _other_output, _input, _ratio, _difference, _rearranged, _along_an_axis, _inverted, _in_slices,
    _all_the_same, _zero_entries,
)  # fmt: skip


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
