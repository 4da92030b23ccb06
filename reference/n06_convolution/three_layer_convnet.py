"""Three-layer convolutional network. CS231n, assignment 2, `ThreeLayerConvNet`.

    conv - relu - 2x2 max pool - affine - relu - affine - softmax        loss + reg/2 (|W1|^2 + |W2|^2 + |W3|^2)

x (N, C, H, W)    W1 (F, C, K, K)    b1 (F,)    W2 (F H/2 W/2, M)    b2 (M,)    W3 (M, n_classes)    b3 (n_classes,)

K is the size of a filter. It is odd, so that (K - 1) / 2 rows and columns of zeros keep the size of the image; of an
odd image the pool drops the last row or column. Biases are not penalized.
"""

import numpy as np

from nnspec.reference._network import Chain, classified
from nnspec.shapes import Array, Between, Float, Labels, Params


def three_layer_convnet_init(
    C: Between[1, None],
    H: Between[2, None],
    W: Between[2, None],
    F: Between[1, None],
    K: Between[1, None],
    M: Between[1, None],
    n_classes: Between[1, None],
    *,
    scale: float = 1e-3,
    rng: np.random.Generator,
):
    """Weights scale * N(0, 1); biases 0. Float64."""
    _require_odd("three_layer_convnet_init", "K", K)
    return {
        "W1": scale * rng.standard_normal((F, C, K, K)),
        "b1": np.zeros(F),
        "W2": scale * rng.standard_normal((F * (H // 2) * (W // 2), M)),
        "b2": np.zeros(M),
        "W3": scale * rng.standard_normal((M, n_classes)),
        "b3": np.zeros(n_classes),
    }


def three_layer_convnet_loss(
    params: Params["W1: F C K K", "b1: F", "W2: F*(H//2)*(W//2) M", "b2: M", "W3: M n_classes", "b3: n_classes"],
    x: Float[Array, "N C H W"],
    y: Labels["N", "n_classes"] | None = None,
    *,
    reg: float = 0.0,
    ops=None,
):
    """(loss, grads) with grads under the keys of params; the scores if y is None."""
    if ops is None:
        from nnspec import reference as ops
    *_, K = params["W1"].shape
    _require_odd("three_layer_convnet_loss", "the size of the filters in params['W1']", K)
    network = Chain(ops, params)
    a = network("conv2d", x, "W1", "b1", pad=K // 2)  # (N, F, H, W)
    a = network("relu", a)
    a = network("max_pool2d", a, k=2)  # (N, F, H/2, W/2)
    a = network("affine", a, "W2", "b2")  # (N, M)
    a = network("relu", a)
    scores = network("affine", a, "W3", "b3")  # (N, n_classes)
    if y is None:
        return scores
    return classified(network, scores, y, reg, ["W1", "W2", "W3"])


def _require_odd(op, argument, K):
    if K % 2 == 0:
        raise ValueError(f"{op}: {argument} must be odd, or no padding keeps the size of the image; got {K}")
