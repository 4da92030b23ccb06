"""The title. [? Whose is it: author year, arXiv number or course note, number of the equation ?]

    [? scores = …        loss = … ?]

[? the shapes: x (N, D)    W (D, C)    b (C,)    y (N,)    scores (N, C) ?]

A composite: it is written once, and `ops` is the implementation of its parts (None: the reference).
"""

import numpy as np

from nnspec.shapes import Array, Between, Float, Labels, Params


def the_concept_init(
    D: Between[1, None],
    C: Between[1, None],
    *,
    scale: float = 1e-3,
    rng: np.random.Generator,
):
    raise NotImplementedError("[? a dict of first parameters, drawn from rng; biases 0 ?]")


def the_concept_loss(
    params: Params["W: D C", "b: C"],
    x: Float[Array, "N D"],
    y: Labels["N", "C"],
    *,
    reg: float = 0.0,
    ops=None,
):
    """(loss, grads) with grads under the keys of params."""
    if ops is None:
        from nnspec import reference as ops
    raise NotImplementedError("[? ops.affine_forward(x, W, b), …, and back; or as in fc_net.py; return loss, grads ?]")
