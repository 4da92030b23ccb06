"""The tolerance of a check, derived from the problem instead of chosen.

    budget = SPREADS * (spread + u |y| + floor)

spread   how far the reference, run in the tested dtype on NEIGHBOURS inputs one rounding away, strays from the truth;
         what its forwards hand to its backwards moves by a rounding too, since an honest forward is off by that much
u |y|    the rounding of the answer itself        floor   what gradual underflow and flushing to zero may cost

It knows about cancellation, the length of sums and saturation, because the reference suffers from them too.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nnspec.shapes import Cache

SPREADS = 32  # everything correct that was tried stayed below 25
NEIGHBOURS = 16
TELLING = 0.05  # of the largest entry: a budget beyond that tells nothing, on inputs that are not extreme
VANISHING = 1e-15  # of the largest answer: below that, an answer is 0 but for the rounding of its truth


class VacuousBudget(Exception):
    """The suite's own fault, never the backend's."""


@dataclass(frozen=True)
class Budget:
    """What an output may be off by, entry by entry, and what it is made of."""

    spread: np.ndarray
    rounding: np.ndarray
    floor: float

    @property
    def limit(self):
        return SPREADS * (self.spread + self.rounding + self.floor)

    def explain(self, index) -> str:
        return (
            f"{SPREADS} x ({self.spread[index]:.1e} spread over {NEIGHBOURS} neighbouring inputs"
            f" + {self.rounding[index]:.1e} rounding of the answer + {self.floor:.0e} underflow)"
        )


def derive_budget(
    run: Callable[[dict], dict], inputs: dict, want: dict, dtype, neighbours: int = NEIGHBOURS
) -> dict[str, Budget]:
    """A budget for each output of `run`, the reference as a function of its floating inputs (by name)."""
    rng = np.random.default_rng(0)
    info = np.finfo(dtype)
    spacing = {name: _spacing(array) for name, array in inputs.items()}
    spread = {name: _Spread(value) for name, value in want.items()}
    for _ in range(neighbours):
        outputs = run({name: _neighbour(array, rng, spacing[name]) for name, array in inputs.items()})
        for name, strayed in spread.items():
            strayed.meet(outputs[name])
    largest = max((np.abs(array).max(initial=0) for array in inputs.values()), default=0)
    floor = float(info.tiny) * max(1.0, float(largest))
    return {name: Budget(spread[name].widest, rounding_of(value, dtype), floor) for name, value in want.items()}


class _Spread:
    """How far answers stray from the wanted one, at most. In doubles, since extended ones take fifteen times as long:
    what is wanted is the sum of two, and of near numbers a difference is exact."""

    def __init__(self, want):
        with np.errstate(over="ignore", invalid="ignore"):
            self.near = np.asarray(want, float)
            self.rest = np.asarray(want - self.near, float)
        self.finite = np.isfinite(want)
        self.widest = np.where(self.finite & ~np.isfinite(self.near), np.inf, 0.0)  # no double, no answer is right

    def meet(self, got):
        with np.errstate(invalid="ignore"):
            off = np.asarray(np.subtract(got, self.near, dtype=float))
            off -= self.rest
            np.fmax(self.widest, np.abs(off, out=off), out=self.widest, where=self.finite)


def rounding_of(want, dtype) -> np.ndarray:
    """What an answer is off by when it is written in `dtype`."""
    half_ulp = np.longdouble(np.finfo(dtype).eps) / 2
    return np.where(np.isfinite(want), half_ulp * np.abs(want), 0)


def require_telling(want: dict, budgets: dict[str, Budget]):
    """Raise VacuousBudget where a budget reaches the size of the answer: it would accept zeros.

    Since spread is measured from the truth, this is also what a reference that is wrong looks like.
    """
    sizes = {name: np.where(np.isfinite(value), np.abs(value), 0) for name, value in want.items()}
    vanishing = VANISHING * max(size.max(initial=0) for size in sizes.values())
    for name, size in sizes.items():
        largest = np.unravel_index(np.argmax(size), size.shape) if size.size else None
        if largest is None or size[largest] <= vanishing:
            continue
        if budgets[name].limit[largest] > TELLING * size[largest]:
            raise VacuousBudget(
                f"the budget of {name} is {float(budgets[name].limit[largest] / size[largest]):.2g} of its largest "
                "entry: either the reference is wrong, or the case cannot tell right from wrong"
            )


def jittered(functions: dict) -> dict:
    """The functions of the reference, with every backward given a cache that is one rounding off."""
    rng = np.random.default_rng(1)

    def wrap(backward):
        def call(*args):
            *douts, cache = args
            return backward(*douts, _moved(cache, rng))

        return call

    return {name: wrap(function) if _takes_a_cache(function) else function for name, function in functions.items()}


@functools.cache
def _takes_a_cache(function) -> bool:
    return list(inspect.signature(function).parameters)[-1:] == ["cache"]


def _moved(entry, rng):
    """The floating arrays in it, one rounding off, however deep they are nested: in the caches of parts, too."""
    if isinstance(entry, (tuple, list)):
        again = type(entry)(_moved(inner, rng) for inner in entry)
        if isinstance(entry, Cache):
            vars(again).update(vars(entry))
        return again
    return _neighbour(entry, rng) if isinstance(entry, np.ndarray) and entry.dtype.kind == "f" else entry


_STEPS = np.resize(np.array([-1, 0, 1], np.int8), 256)  # of each random byte


def _neighbour(array: np.ndarray, rng, spacing=None) -> np.ndarray:
    """Each entry moved to the next floating number above or below, or left; zeros stay."""
    steps = _STEPS[np.frombuffer(rng.bytes(array.size), np.uint8)].reshape(array.shape)
    return np.asarray(array + steps * (_spacing(array) if spacing is None else spacing))  # a number is an array, too


def _spacing(array: np.ndarray) -> np.ndarray:
    """How far the next floating number is from each entry; of a zero none is."""
    return np.where(array == 0, array, np.spacing(array))
