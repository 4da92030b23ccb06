"""One pass for the errors and one for the largest of them, in two stages."""

from nnspec.accelerated.cuda._formula import elementwise, inlined, like
from nnspec.accelerated.cuda._reduce import largest
from nnspec.accelerated.cuda._target import math


def rel_error(a, b, *, floor=1e-8):
    if not floor > 0:
        raise ValueError(f"rel_error: floor must be above 0, got {floor}")
    if a.size == 0:
        return a.dtype.type(0)
    off = _off(a, b, floor / 2)
    return largest(off.reshape(off.size), (0,))[0].reshape(())


@inlined
def _error(a, b, floor):
    off = abs(a - b) / max(floor, abs(a) + abs(b))
    return off if off == off else like(a, math.inf)


@elementwise
def _off(a, b, floor):
    return _error(a * like(a, 0.5), b * like(b, 0.5), floor)
