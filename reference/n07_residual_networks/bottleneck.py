"""Bottleneck block. He et al. 2015, arXiv:1512.03385, figure 5, right; eq. 1 and 2.

    F(x) = bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x))))))))        out = relu(F(x) + shortcut(x))

x (N, C, H, W)    conv1.w (M, C, 1, 1)    conv2.w (M, M, 3, 3)    conv3.w (F, M, 1, 1)    out (N, F, ceil(H/stride), …)
bn1, bn2 (M,), bn3 (F,): gamma, beta, running_mean, running_var    shortcut.w (F, C, 1, 1) and the same of its norm

The 1 x 1 convolutions go down to M filters and up again, to F = 4 M in the paper, and the 3 x 3 between them is cheap.
The stride is that of the 3 x 3 convolution, as in torchvision ("ResNet v1.5"); stride_in="conv1" is the paper's. The
shortcut is a projection if params holds one; else the identity, or padding where the shape changes. No bias; the last
ReLU follows the addition.

A block: it is written once, and `ops` is the implementation of its parts (None: the reference).
"""

from typing import Literal

from nnspec.reference._network import Chain
from nnspec.reference.n07_residual_networks._residual import joined, joined_backward, normalized
from nnspec.shapes import Array, Between, Float, Params


def bottleneck_forward(
    x: Float[Array, "N C H W"],
    params: Params[
        "conv1.w: M C 1 1",
        "bn1.gamma: M",
        "bn1.beta: M",
        "conv2.w: M M 3 3",
        "bn2.gamma: M",
        "bn2.beta: M",
        "conv3.w: F M 1 1",
        "bn3.gamma: F",
        "bn3.beta: F",
        "shortcut.w: F C 1 1 if 'shortcut.w' in params",
        "shortcut.gamma: F if 'shortcut.w' in params",
        "shortcut.beta: F if 'shortcut.w' in params",
    ],
    running: Params[
        "bn1.running_mean: M",
        "bn1.running_var: M",
        "bn2.running_mean: M",
        "bn2.running_var: M",
        "bn3.running_mean: F",
        "bn3.running_var: F",
        "shortcut.running_mean: F if 'shortcut.w' in params",
        "shortcut.running_var: F if 'shortcut.w' in params",
    ],
    *,
    stride: Between[1, None] = 1,
    stride_in: Literal["conv1", "conv2"] = "conv2",
    train: bool = True,
    ops=None,
):
    """out, the new running, cache."""
    if ops is None:
        from nnspec import reference as ops
    first, second = (stride, 1) if stride_in == "conv1" else (1, stride)
    branch = Chain(ops, params, running)
    a = branch("conv2d", x, "conv1.w", stride=first)
    a = branch("relu", normalized(branch, a, "bn1", train=train))
    a = branch("conv2d", a, "conv2.w", stride=second, pad=1)
    a = branch("relu", normalized(branch, a, "bn2", train=train))  # (N, M, HO, WO)
    a = branch("conv2d", a, "conv3.w")
    fx = normalized(branch, a, "bn3", train=train)  # (N, F, HO, WO)
    return joined("bottleneck_forward", branch, x, fx, stride=stride, train=train)


def bottleneck_backward(dout, cache):
    """dx, grads under the keys of params."""
    return joined_backward(dout, cache)
