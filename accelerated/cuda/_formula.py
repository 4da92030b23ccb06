"""What the shared formulas (`accelerated/formulas/`) are written with, on this target."""

from nnspec.accelerated.cuda._elementwise import elementwise
from nnspec.accelerated.cuda._kernel import inlined
from nnspec.accelerated.cuda._math import sigmoid
from nnspec.accelerated.cuda._random import drawn_below, drawn_normal
from nnspec.accelerated.cuda._summed import number, summed
from nnspec.accelerated.cuda._target import like, math

erf, erfc, exp, log, log1p, sqrt, tanh = math.erf, math.erfc, math.exp, math.log, math.log1p, math.sqrt, math.tanh

__all__ = [
    "drawn_below",
    "drawn_normal",
    "elementwise",
    "erf",
    "erfc",
    "exp",
    "inlined",
    "like",
    "log",
    "log1p",
    "number",
    "sigmoid",
    "sqrt",
    "summed",
    "tanh",
]
