"""What the shared formulas (`accelerated/formulas/`) are written with, on this target.

exp, tanh and sigmoid are polynomials that vectorise; the others of `math` are a call for every element, but for sqrt.
"""

from math import erf, erfc, log, log1p, sqrt

from nnspec.accelerated.cpu._elementwise import elementwise, inlined
from nnspec.accelerated.cpu._intrinsics import like
from nnspec.accelerated.cpu._math import exp, sigmoid, tanh
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
