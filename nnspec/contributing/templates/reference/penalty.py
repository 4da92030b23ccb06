"""The title. [? Whose is it: author year, arXiv number or course note, number of the equation ?]

    [? r = …            dw = … ?]

[? the shapes: w, dw: any shape, entry by entry    r: a scalar ?]

[? conventions: a half in front or not, what is not penalized; without this paragraph where there are none ?]
"""

from nnspec.shapes import Array, Float


def the_concept(w: Float[Array, "*shape"], lam: float):
    raise NotImplementedError("[? return r, dw ?]")
