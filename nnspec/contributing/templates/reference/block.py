"""The title. [? Whose is it: author year, arXiv number or course note, number of the equation ?]

    [? out = …        the gradients, last part first: da = …        dx = … ?]

[? the shapes: x (N, d1, …, dk)    w (D, M)    b (M,)    out (N, M) ?]

A block: it is written once, and `ops` is the implementation of its parts (None: the reference).
"""

from nnspec.shapes import Array, Float


def the_concept_forward(
    x: Float[Array, "N *d"],
    w: Float[Array, "prod(d) M"],
    b: Float[Array, "M"],
    *,
    ops=None,
):
    if ops is None:
        from nnspec import reference as ops
    raise NotImplementedError("[? ops.PART_forward in turn; return out, (ops, the cache of each part) ?]")


def the_concept_backward(dout, cache):
    raise NotImplementedError("[? ops, *caches = cache; ops.PART_backward in reverse; return the gradients ?]")
