"""Convolution and ReLU in one, also with batch normalization or max pooling. CS231n, assignment 2, `layer_utils.py`.

    conv_relu         out = max(0, conv(x, w, b))
    conv_bn_relu      out = max(0, batchnorm(conv(x, w, b)))
    conv_relu_pool    out = maxpool(max(0, conv(x, w, b)))

x (N, C, H, W)    w (F, C, KH, KW)    b, gamma, beta, running_mean, running_var (F,)    out (N, F, HO, WO)

Blocks: each is written once, and `ops` is the implementation of its parts (None: the reference). Gradients go back in
the reverse order of the layers, each through the cache of its own. stride and pad are those of the convolution, k and
pool_stride (k, if not given) those of the pool. A bias in front of a norm has no effect, and its gradient is 0 but for
rounding.
"""

from nnspec.shapes import Array, Between, Float


def conv_relu_forward(
    x: Float[Array, "N C H W"],
    w: Float[Array, "F C KH KW"],
    b: Float[Array, "F"] | None = None,
    *,
    stride: Between[1, None] = 1,
    pad: Between[0, None] = 0,
    ops=None,
):
    if ops is None:
        from nnspec import reference as ops
    a, conv_cache = ops.conv2d_forward(*_given(x, w, b), stride=stride, pad=pad)  # (N, F, HO, WO)
    out, relu_cache = ops.relu_forward(a)  # (N, F, HO, WO)
    return out, (ops, conv_cache, relu_cache)


def conv_relu_backward(dout, cache):
    ops, conv_cache, relu_cache = cache
    da = ops.relu_backward(dout, relu_cache)  # (N, F, HO, WO)
    return ops.conv2d_backward(da, conv_cache)


def conv_bn_relu_forward(
    x: Float[Array, "N C H W"],
    w: Float[Array, "F C KH KW"],
    b: Float[Array, "F"],
    gamma: Float[Array, "F"],
    beta: Float[Array, "F"],
    running_mean: Float[Array, "F"],
    running_var: Float[Array, "F"],
    *,
    stride: Between[1, None] = 1,
    pad: Between[0, None] = 0,
    train: bool = True,
    ops=None,
):
    """out, the new running_mean and running_var, cache."""
    if ops is None:
        from nnspec import reference as ops
    a, conv_cache = ops.conv2d_forward(x, w, b, stride=stride, pad=pad)  # (N, F, HO, WO)
    z, running_mean, running_var, bn_cache = ops.batchnorm2d_forward(
        a, gamma, beta, running_mean, running_var, train=train
    )  # z (N, F, HO, WO)
    out, relu_cache = ops.relu_forward(z)  # (N, F, HO, WO)
    return out, running_mean, running_var, (ops, conv_cache, bn_cache, relu_cache)


def conv_bn_relu_backward(dout, cache):
    ops, conv_cache, bn_cache, relu_cache = cache
    dz = ops.relu_backward(dout, relu_cache)  # (N, F, HO, WO)
    da, dgamma, dbeta = ops.batchnorm2d_backward(dz, bn_cache)  # da (N, F, HO, WO)
    dx, dw, db = ops.conv2d_backward(da, conv_cache)
    return dx, dw, db, dgamma, dbeta


def conv_relu_pool_forward(
    x: Float[Array, "N C H W"],
    w: Float[Array, "F C KH KW"],
    b: Float[Array, "F"] | None = None,
    *,
    stride: Between[1, None] = 1,
    pad: Between[0, None] = 0,
    k: Between[1, None] = 2,
    pool_stride: Between[1, None] | None = None,
    ops=None,
):
    if ops is None:
        from nnspec import reference as ops
    a, conv_cache = ops.conv2d_forward(*_given(x, w, b), stride=stride, pad=pad)
    active, relu_cache = ops.relu_forward(a)
    out, pool_cache = ops.max_pool2d_forward(active, k=k, stride=k if pool_stride is None else pool_stride)
    return out, (ops, conv_cache, relu_cache, pool_cache)


def conv_relu_pool_backward(dout, cache):
    ops, conv_cache, relu_cache, pool_cache = cache
    dactive = ops.max_pool2d_backward(dout, pool_cache)
    da = ops.relu_backward(dactive, relu_cache)
    return ops.conv2d_backward(da, conv_cache)


def _given(x, w, b):
    """Without b where there is none: not every convolution takes None for it."""
    return (x, w) if b is None else (x, w, b)
