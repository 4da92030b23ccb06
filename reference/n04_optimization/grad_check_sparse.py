"""A gradient check of some entries of every parameter. CS231n assignment 1, `grad_check_sparse`; notes "Neural
networks", part 3, gradient checks.

    of num entries of each parameter, drawn without replacement:
        (f(w + h e_i) - f(w - h e_i)) / 2h    against grads_i, by the relative error

f: a function of params that gives the loss    params, grads: dicts of the same keys and shapes    e_i: 1 at entry i
trace: a function of params that tells on which side of each kink f is, such as x > 0 of a ReLU; see `crosses_kink`

Every entry costs two evaluations of the whole loss, so only some are looked at. The draw is made for each parameter: of
all entries together most would be of the largest matrix, and a wrong bias would not be seen. Across a kink the quotient
is neither slope; with a trace, entries whose step goes across one are passed over and others drawn.
"""

from collections.abc import Callable

import numpy as np

from nnspec.reference.n04_optimization._differences import moved, number
from nnspec.reference.n04_optimization.crosses_kink import crosses_kink
from nnspec.reference.n04_optimization.rel_error import rel_error
from nnspec.shapes import Between, Params


def grad_check_sparse(
    f: Callable,
    params: Params["W: D M", ...],
    grads: Params["W: D M", ...],
    *,
    num: Between[1, None] = 10,
    h: float = 1e-5,
    trace: Callable | None = None,
    rng: np.random.Generator,
):
    """The largest relative error of each parameter, by its key."""
    shapes = [{key: array.shape for key, array in held.items()} for held in (params, grads)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"grad_check_sparse: grads must be of the shapes of params, {shapes[0]}, got {shapes[1]}")
    worst = {}
    for key, w in params.items():
        at = _places(key, params, num, h, trace, rng)
        slopes = [_slope(f, params, key, i, h) for i in at]
        worst[key] = rel_error(np.array([grads[key][i] for i in at], w.dtype), np.array(slopes, w.dtype))
    return worst


def _places(key, params, num, h, trace, rng):
    """At most num indices of one parameter, of those that lie on no kink."""
    w, found = params[key], []
    for place in rng.permutation(w.size):
        i = tuple(map(int, np.unravel_index(place, w.shape)))
        if trace is None or not crosses_kink(lambda there: trace(_with(params, key, there)), w, i, h=h):
            found.append(i)
        if len(found) == num:
            break
    if w.size and not found:
        raise ValueError(f"grad_check_sparse: h must be smaller: every entry of {key} is within {h} of a kink")
    return found


def _slope(f, params, key, i, h):
    """The difference quotient of the loss along entry i of one parameter."""
    ahead, behind = (f(_with(params, key, moved("grad_check_sparse", params[key], i, step))) for step in (h, -h))
    return (number("grad_check_sparse", ahead) - number("grad_check_sparse", behind)) / (2 * h)


def _with(params, key, w):
    """Copies, whatever f does to them."""
    return {name: array.copy() for name, array in params.items()} | {key: w}
