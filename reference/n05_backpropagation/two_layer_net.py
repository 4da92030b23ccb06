"""Two-layer network. CS231n, assignment 1, `TwoLayerNet`; notes "Neural networks", part 1.

    scores = relu(flat(x) W1 + b1) W2 + b2        loss = cross_entropy(softmax(scores), y) + reg/2 (|W1|^2 + |W2|^2)

x (N, d1, …, dk)    W1 (D, H)    b1 (H,)    W2 (H, C)    b2 (C,)    y (N,)    scores (N, C)

A composite: it is written once, and `ops` is the implementation of its parts (None: the reference). Biases are not
penalized. No ReLU follows the last layer, because scores may be negative.
"""

import numpy as np

from nnspec.shapes import Array, Between, Float, Labels, Params


def two_layer_init(
    D: Between[1, None], H: Between[1, None], C: Between[1, None], *, scale: float = 1e-3, rng: np.random.Generator
):
    """Weights scale * N(0, 1), which tells the hidden units apart; biases 0. Float64."""
    return {
        "W1": scale * rng.standard_normal((D, H)),
        "b1": np.zeros(H),
        "W2": scale * rng.standard_normal((H, C)),
        "b2": np.zeros(C),
    }


def two_layer_loss(
    params: Params["W1: prod(d) H", "b1: H", "W2: H C", "b2: C"],
    x: Float[Array, "N *d"],
    y: Labels["N", "C"] | None = None,
    *,
    reg: float = 0.0,
    ops=None,
):
    """(loss, grads) with grads under the keys of params; the scores if y is None."""
    if ops is None:
        from nnspec import reference as ops
    W1, W2 = params["W1"], params["W2"]
    hidden, affine1_cache = ops.affine_forward(x, W1, params["b1"])  # (N, H)
    active, relu_cache = ops.relu_forward(hidden)  # (N, H)
    scores, affine2_cache = ops.affine_forward(active, W2, params["b2"])  # (N, C)
    if y is None:
        return scores
    loss, softmax_cache = ops.softmax_cross_entropy_forward(scores, y)
    penalty1, decay1 = ops.l2_penalty(W1, reg, half=True)
    penalty2, decay2 = ops.l2_penalty(W2, reg, half=True)

    dscores = ops.softmax_cross_entropy_backward(1.0, softmax_cache)  # (N, C)
    dactive, dW2, db2 = ops.affine_backward(dscores, affine2_cache)
    dhidden = ops.relu_backward(dactive, relu_cache)  # (N, H)
    _, dW1, db1 = ops.affine_backward(dhidden, affine1_cache)
    grads = {"W1": dW1 + decay1, "b1": db1, "W2": dW2 + decay2, "b2": db2}
    return loss + penalty1 + penalty2, grads
