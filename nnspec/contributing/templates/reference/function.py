"""The title. [? Whose is it: author year, arXiv number or course note, number of the equation ?]

    [? out = … ?]

[? the shapes: x (N, D)    out (N,) ?]

[? conventions: ties, nothing at all; without this paragraph where there are none ?]
"""

from nnspec.shapes import Array, Float


def the_concept(x: Float[Array, "*shape"]):
    raise NotImplementedError("[? arguments with their shapes; then return out, its symbols named ?]")
