"""What the shared formulas (`accelerated/formulas/`) are written with, on this target.

exp, log, log1p, tanh and sigmoid are polynomials that vectorise; of `math`, erf and erfc are a call for every element.
"""

from math import erf, erfc, sqrt

from nnspec.accelerated.cpu._elementwise import elementwise, inlined
from nnspec.accelerated.cpu._intrinsics import like
from nnspec.accelerated.cpu._math import exp, log, log1p, sigmoid, tanh
from nnspec.accelerated.cpu._random import drawn_below, drawn_normal
from nnspec.accelerated.cpu._summed import number, summed

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
