"""The title. [? Whose is it: author year, arXiv number or course note, number of the equation ?]

    [? out = …        dout/dx = … ?]

[? the shapes: x, out: any shape, entry by entry; or x (N, D)    w (D, M)    out (N, M) ?]

[? conventions: where eps stands, what holds at a kink; without this paragraph where there are none ?]
"""

from nnspec.shapes import Array, Float


def the_concept_forward(x: Float[Array, "*shape"]):
    raise NotImplementedError("[? arguments with their shapes; then return out, (what the backward needs,) ?]")


def the_concept_backward(dout, cache):
    raise NotImplementedError("[? unpack the cache; return the gradients in the order of the arguments ?]")
