"""Three-layer convolutional network. CS231n, assignment 2, `ThreeLayerConvNet`.

    conv - relu - 2x2 max pool - affine - relu - affine - softmax        loss + reg/2 (|W1|^2 + |W2|^2 + |W3|^2)

x (N, C, H, W)    W1 (F, C, K, K)    b1 (F,)    W2 (F H/2 W/2, M)    b2 (M,)    W3 (M, n_classes)    b3 (n_classes,)

K is the size of a filter. It is odd, so that (K - 1) / 2 rows and columns of zeros keep the size of the image; of an
odd image the pool drops the last row or column. Biases are not penalized.
"""

import numpy as np

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
    W1, W2, W3 = params["W1"], params["W2"], params["W3"]
    *_, K = W1.shape
    _require_odd("three_layer_convnet_loss", "the size of the filters in params['W1']", K)
    maps, conv = ops.conv2d_forward(x, W1, params["b1"], pad=K // 2)  # (N, F, H, W)
    active1, relu1 = ops.relu_forward(maps)  # (N, F, H, W)
    pooled, pool = ops.max_pool2d_forward(active1, k=2)  # (N, F, H/2, W/2)
    hidden, affine2 = ops.affine_forward(pooled, W2, params["b2"])  # (N, M)
    active2, relu2 = ops.relu_forward(hidden)  # (N, M)
    scores, affine3 = ops.affine_forward(active2, W3, params["b3"])  # (N, n_classes)
    if y is None:
        return scores
    loss, softmax = ops.softmax_cross_entropy_forward(scores, y)
    (r1, decay1), (r2, decay2), (r3, decay3) = (ops.l2_penalty(w, reg, half=True) for w in (W1, W2, W3))

    dscores = ops.softmax_cross_entropy_backward(1.0, softmax)  # (N, n_classes)
    dactive2, dW3, db3 = ops.affine_backward(dscores, affine3)
    dhidden = ops.relu_backward(dactive2, relu2)  # (N, M)
    dpooled, dW2, db2 = ops.affine_backward(dhidden, affine2)
    dactive1 = ops.max_pool2d_backward(dpooled, pool)  # (N, F, H, W)
    dmaps = ops.relu_backward(dactive1, relu1)  # (N, F, H, W)
    _, dW1, db1 = ops.conv2d_backward(dmaps, conv)
    grads = {"W1": dW1 + decay1, "b1": db1, "W2": dW2 + decay2, "b2": db2, "W3": dW3 + decay3, "b3": db3}
    return loss + r1 + r2 + r3, grads


def _require_odd(op, argument, K):
    if K % 2 == 0:
        raise ValueError(f"{op}: {argument} must be odd, or no padding keeps the size of the image; got {K}")
