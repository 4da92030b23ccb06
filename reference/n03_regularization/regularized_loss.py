"""The objective of a network: the loss of the data and the penalty of its weights. CS231n, assignment 2,
`FullyConnectedNet.loss`; notes "Linear classification", regularization.

    loss = data_loss + sum_k R(w_k)        dw_k = dw_k of the data + R'(w_k)        over the weights k alone

R(w) = reg/2 sum w^2, or reg sum w^2 with half=False. params, grads: arrays under the same keys    data_loss: a number

Which are weights is said by the last part of the name: it begins with W or w, as in `W1` or `block1.conv1.w`. Biases
only move a function up and down and the scale and shift of a normalization say nothing of how complicated it is, so
that neither is penalized. include(key) decides otherwise.

A composite: the penalty is `l2_penalty` of `ops` (None: the reference). Gradients come out in new arrays, also where
nothing is added to them.
"""

from collections.abc import Callable

from nnspec.shapes import Params


def regularized_loss(
    data_loss: float,
    params: Params["W: D H", "b: H", ...],
    grads: Params["W: D H", "b: H", ...],
    reg: float,
    *,
    half: bool = True,
    include: Callable | None = None,
    ops=None,
):
    """(loss, grads) with grads under the keys of params."""
    if ops is None:
        from nnspec import reference as ops
    shapes, found = ({(key, array.shape) for key, array in arrays.items()} for arrays in (params, grads))
    if odd := shapes ^ found:
        raise ValueError(
            "regularized_loss: grads must have the keys and shapes of params, and differ at "
            + ", ".join(sorted({str(key) for key, _ in odd}))
        )
    loss, total = data_loss, {}
    for key, w in params.items():
        if (include or _is_weight)(key):
            penalty, decay = ops.l2_penalty(w, reg, half=half)
            loss, total[key] = loss + penalty, grads[key] + decay
        else:
            total[key] = grads[key].copy()
    return loss, total


def _is_weight(key):
    return key.rpartition(".")[2].startswith(("W", "w"))
