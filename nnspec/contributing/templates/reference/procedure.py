"""The title. [? Whose is it: author year, arXiv number or course note, number of the equation ?]

    [? what comes out, as an equation ?]

[? what the arguments are, none of them an array ?]
"""

from nnspec.shapes import Between


def the_concept(n: Between[1, None]):
    raise NotImplementedError("[? arguments with what they may be; then what comes out ?]")
