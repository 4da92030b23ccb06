"""The title. [? Whose is it: author year, arXiv number or course note, number of the equation ?]

    [? v = …        w = … ?]

[? the shapes, and what the state is before the first step: w, dw, v: one shape, entry by entry; v is 0 ?]

[? conventions: where eps and lr stand, how steps are counted; without this paragraph where there are none ?]
"""

from nnspec.shapes import Array, Float, State


def the_concept(
    w: Float[Array, "*shape"],
    dw: Float[Array, "*shape"],
    state: State["*shape"] | None = None,
    *,
    lr: float = 1e-2,
):
    raise NotImplementedError("[? the options, and what the state holds; return w, state, both new ?]")
