"""The title. [? Whose is it: author year, arXiv number or course note, number of the equation ?]

    [? how what comes out is distributed ?]

[? what the arguments are, none of them an array ?]
"""

import numpy as np

from nnspec.shapes import Between


def the_concept(n: Between[1, None], *, rng: np.random.Generator):
    raise NotImplementedError("[? arguments with what they may be; then what rng draws ?]")
