"""What a benchmark says of itself: what is run, at which sizes, and what it cannot do without."""

import re
from collections.abc import Callable
from typing import ClassVar

from nnspec.spec_tests._cases import Case
from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._spec import Spec

FACTORS = (1, 2, 4, 8, 16)  # of a scaling curve


class Described:
    """spec: the class of the specification that knows how to run the concept. sizes: its dimensions, by name.

    S fits the caches, M is what the course trains, L is bound by memory or long; the rest of a name is the case's own.

    peers: functions that are no backend, by the name of their library. peer(problem) imports it and returns the call to
    be timed, whose answer is a dict of outputs; a library that is missing is a blank. If making the dict costs what its
    users do not pay, the call has an `answer` that makes it, and its own result is not looked at.
    scaled: the dimensions that grow together in the scaling curve, from size S on (default: the first one); of one that
    stands for several axes the first grows. exponent: what the cost may grow like in them.
    states: how many arrays, as large as the largest output, must be made beside the outputs.
    """

    spec: ClassVar[type[Spec]]
    sizes: ClassVar[dict[str, dict]]
    options: ClassVar[dict] = {}
    inputs: ClassVar[dict] = {}
    peers: ClassVar[dict[str, Callable]] = {}
    scaled: ClassVar[tuple[str, ...]] = ()
    exponent: ClassVar[float] = 1
    states: ClassVar[int] = 0

    def flops(self, **dims) -> float:
        """Floating-point operations that the definition cannot do without; 0: they are not what binds it."""
        return 0

    def traffic(self, **dims) -> float:
        """Numbers that must be read or written: each input and output once. 0: memory is not what binds it."""
        return 0

    @classmethod
    def label(cls) -> str:
        """Which of its concept's benchmarks this is: `BenchCausalSdpa` is causal_sdpa."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__.removeprefix("Bench")).lower()

    @classmethod
    def growing(cls) -> tuple[str, ...]:
        return cls.scaled or tuple(next(iter(cls.sizes.values())))[:1]

    def problem(self, size: str, dtype: str, factor: int = 1) -> Problem:
        growing = self.growing()
        dims = {name: _times(value, factor if name in growing else 1) for name, value in self.sizes[size].items()}
        return Problem(self.spec(), Case(size, dims, self.options, self.inputs), dtype)


def _times(size, factor: int):
    """An axis, or of several the first; none stay none."""
    if not isinstance(size, tuple):
        return size * factor
    return (size[0] * factor, *size[1:]) if size else ()
