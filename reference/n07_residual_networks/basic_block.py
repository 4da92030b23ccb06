"""Basic residual block. He et al. 2015, arXiv:1512.03385, eq. 1 and 2, figure 2; section 3.4 for the norms.

    F(x) = bn2(conv2(relu(bn1(conv1(x)))))        out = relu(F(x) + shortcut(x))

x (N, C, H, W)    conv1.w (F, C, 3, 3)    conv2.w (F, F, 3, 3)    out (N, F, ceil(H/stride), ceil(W/stride))
bn1, bn2: gamma, beta, running_mean, running_var (F,)    shortcut.w (F, C, 1, 1) and the same of its norm

Two convolutions with pad 1 and no bias; the first one has the stride. The shortcut is a projection if params holds one;
else the identity, or padding where the shape changes. The last ReLU follows the addition.

A block: it is written once, and `ops` is the implementation of its parts (None: the reference).
"""

from nnspec.reference._network import Chain
from nnspec.reference.n07_residual_networks._residual import joined, joined_backward, normalized
from nnspec.shapes import Array, Between, Float, Params


def basic_block_forward(
    x: Float[Array, "N C H W"],
    params: Params[
        "conv1.w: F C 3 3",
        "bn1.gamma: F",
        "bn1.beta: F",
        "conv2.w: F F 3 3",
        "bn2.gamma: F",
        "bn2.beta: F",
        "shortcut.w: F C 1 1 if 'shortcut.w' in params",
        "shortcut.gamma: F if 'shortcut.w' in params",
        "shortcut.beta: F if 'shortcut.w' in params",
    ],
    running: Params[
        "bn1.running_mean: F",
        "bn1.running_var: F",
        "bn2.running_mean: F",
        "bn2.running_var: F",
        "shortcut.running_mean: F if 'shortcut.w' in params",
        "shortcut.running_var: F if 'shortcut.w' in params",
    ],
    *,
    stride: Between[1, None] = 1,
    train: bool = True,
    ops=None,
):
    """out, the new running, cache."""
    if ops is None:
        from nnspec import reference as ops
    branch = Chain(ops, params, running)
    a = branch("conv2d", x, "conv1.w", stride=stride, pad=1)  # (N, F, HO, WO)
    a = branch("relu", normalized(branch, a, "bn1", train=train))
    a = branch("conv2d", a, "conv2.w", pad=1)
    fx = normalized(branch, a, "bn2", train=train)  # (N, F, HO, WO)
    return joined("basic_block_forward", branch, x, fx, stride=stride, train=train)


def basic_block_backward(dout, cache):
    """dx, grads under the keys of params."""
    return joined_backward(dout, cache)
