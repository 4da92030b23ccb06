"""Residual network. He et al. 2015, arXiv:1512.03385, section 4.2 (CIFAR-10), table 1 (ImageNet).

    a_0 = relu(bn1(conv1(x)))        a_l = block_l(a_{l-1})        l = 1 … L
    scores = mean over the image of a_L  @ fc.W + fc.b
    loss = cross_entropy(softmax(scores), y) + reg/2 (sum |w|^2 + |fc.W|^2)

x (N, C, H, W)    conv1.w (E_0, C, K, K)    block l: E_{l-1} channels in, E_l out, F_l inside    y (N,)
fc.W (E_L, n_classes)    fc.b (n_classes,)    scores (N, n_classes)

params tells the network: a block with conv3.w is a bottleneck, one with shortcut.w has a projection. A block with more
filters F_l than the one before (E_0 of the first) begins a stage: it has stride 2. The stem keeps the size of a small
image; stem="imagenet" halves it twice, by stride 2 and by max pooling of 3 x 3. running: the statistics of all batch
normalizations, in training 0 if not given. Images may have any size, since the mean takes them all.

ResNet-20 has 0.27 million parameters, ResNet-18 11.7, ResNet-34 21.8 and ResNet-50 25.6 (see `resnet_init`). Only
weights are penalized. A composite: `ops` is the implementation of its parts (None: the reference).
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from nnspec.reference._network import Chain, classified
from nnspec.reference.n07_residual_networks._residual import normalized
from nnspec.reference.n08_training.kaiming_normal import kaiming_normal
from nnspec.shapes import Array, Between, Float, Labels, Params


def resnet_init(
    C: Between[1, None],
    n_classes: Between[1, None],
    *,
    blocks: Sequence[int] = (3, 3, 3),
    widths: Sequence[int] = (16, 32, 64),
    block: Literal["basic", "bottleneck"] = "basic",
    shortcut: Literal["padding", "projection"] = "padding",
    K: Between[1, None] = 3,
    rng: np.random.Generator,
):
    """blocks[s] blocks of widths[s] filters in stage s. Weights as Kaiming draws them; biases 0, gamma 1. Float64.

    The default is ResNet-20. ResNet-18: blocks (2, 2, 2, 2), widths (64, 128, 256, 512), projections, K = 7; ResNet-34
    and ResNet-50: blocks (3, 4, 6, 3), for the latter bottlenecks, from which four times as many channels come.
    """
    if not 0 < len(blocks) == len(widths) or min(*blocks, *widths) < 1:
        raise ValueError(f"resnet_init: blocks and widths must have a size for each stage, got {blocks} and {widths}")
    _require_odd("resnet_init", "K", K)
    params = _conv_bn("conv1", "bn1", (widths[0], C, K, K), rng)
    channels = widths[0]
    for l, F in enumerate(np.repeat(widths, blocks), start=1):
        E = 4 * F if block == "bottleneck" else F
        made = _block(channels, F, E, block, rng)
        if shortcut == "projection" and channels != E:
            made |= _projection((E, channels, 1, 1), rng)
        params |= {f"block{l}.{key}": array for key, array in made.items()}
        channels = E
    return params | {"fc.W": kaiming_normal((channels, n_classes), rng=rng), "fc.b": np.zeros(n_classes)}


def resnet_loss(
    params: Params[
        "conv1.w: E0 C K K",
        "bn1.gamma: E0",
        "bn1.beta: E0",
        "block{l}.conv1.w: F{l} E{l-1} 3 3 if 'block{l}.conv3.w' not in params",
        "block{l}.conv1.w: F{l} E{l-1} 1 1 if 'block{l}.conv3.w' in params",
        "block{l}.bn1.gamma: F{l}",
        "block{l}.bn1.beta: F{l}",
        "block{l}.conv2.w: E{l} F{l} 3 3 if 'block{l}.conv3.w' not in params",
        "block{l}.bn2.gamma: E{l} if 'block{l}.conv3.w' not in params",
        "block{l}.bn2.beta: E{l} if 'block{l}.conv3.w' not in params",
        "block{l}.conv2.w: F{l} F{l} 3 3 if 'block{l}.conv3.w' in params",
        "block{l}.bn2.gamma: F{l} if 'block{l}.conv3.w' in params",
        "block{l}.bn2.beta: F{l} if 'block{l}.conv3.w' in params",
        "block{l}.conv3.w: E{l} F{l} 1 1 if 'block{l}.conv3.w' in params",
        "block{l}.bn3.gamma: E{l} if 'block{l}.conv3.w' in params",
        "block{l}.bn3.beta: E{l} if 'block{l}.conv3.w' in params",
        "block{l}.shortcut.w: E{l} E{l-1} 1 1 if 'block{l}.shortcut.w' in params",
        "block{l}.shortcut.gamma: E{l} if 'block{l}.shortcut.w' in params",
        "block{l}.shortcut.beta: E{l} if 'block{l}.shortcut.w' in params",
        "fc.W: E{L} n_classes",
        "fc.b: n_classes",
    ],
    x: Float[Array, "N C H W"],
    y: Labels["N", "n_classes"] | None = None,
    running: Params[
        "bn1.running_mean: E0",
        "bn1.running_var: E0",
        "block{l}.bn1.running_mean: F{l}",
        "block{l}.bn1.running_var: F{l}",
        "block{l}.bn2.running_mean: E{l} if 'block{l}.conv3.w' not in params",
        "block{l}.bn2.running_var: E{l} if 'block{l}.conv3.w' not in params",
        "block{l}.bn2.running_mean: F{l} if 'block{l}.conv3.w' in params",
        "block{l}.bn2.running_var: F{l} if 'block{l}.conv3.w' in params",
        "block{l}.bn3.running_mean: E{l} if 'block{l}.conv3.w' in params",
        "block{l}.bn3.running_var: E{l} if 'block{l}.conv3.w' in params",
        "block{l}.shortcut.running_mean: E{l} if 'block{l}.shortcut.w' in params",
        "block{l}.shortcut.running_var: E{l} if 'block{l}.shortcut.w' in params",
    ]
    | None = None,
    *,
    stem: Literal["cifar", "imagenet"] = "cifar",
    stride_in: Literal["conv1", "conv2"] = "conv2",
    train: bool = True,
    reg: float = 0.0,
    ops=None,
):
    """(loss, grads, the new running), grads under the keys of params; the scores alone if y is None."""
    if ops is None:
        from nnspec import reference as ops
    if running is None:
        running = _first_statistics(params, train)
    network = Chain(ops, params, running)
    a = _stem(network, x, stem, train)  # (N, E_0, …)
    before = len(params["conv1.w"])
    for l in range(1, 1 + sum(key.endswith(".conv1.w") for key in params)):
        F = len(params[f"block{l}.conv1.w"])
        stride, is_bottleneck = 2 if before < F else 1, f"block{l}.conv3.w" in params
        kind, more = ("bottleneck", {"stride_in": stride_in}) if is_bottleneck else ("basic_block", {})
        a = network.block(kind, a, f"block{l}.", stride=stride, train=train, **more)  # (N, E_l, …)
        before = F
    a = network("global_avg_pool", a)  # (N, E_L)
    scores = network("affine", a, "fc.W", "fc.b")  # (N, n_classes)
    if y is None:
        return scores

    loss, grads = classified(network, scores, y, reg, [key for key, w in params.items() if w.ndim > 1])
    return loss, grads, network.states


def _stem(network, x, stem, train):
    K = network.params["conv1.w"].shape[2]
    _require_odd("resnet_loss", "the size of the filters in params['conv1.w']", K)
    a = network("conv2d", x, "conv1.w", stride=2 if stem == "imagenet" else 1, pad=K // 2)
    a = network("relu", normalized(network, a, "bn1", train=train))
    return network("max_pool2d", a, k=3, stride=2, pad=1) if stem == "imagenet" else a


def _first_statistics(params, train):
    """Those that training begins with: 0."""
    if not train:
        raise ValueError("resnet_loss: running must be given with train=False, got None")
    norms = [(key.removesuffix("beta"), np.zeros_like(beta)) for key, beta in params.items() if key.endswith(".beta")]
    return {f"{norm}running_{name}": zeros for norm, zeros in norms for name in ("mean", "var")}


def _block(C, F, E, block, rng):
    """The parameters of its branch, from C channels to E."""
    if block == "basic":
        return _conv_bn("conv1", "bn1", (F, C, 3, 3), rng) | _conv_bn("conv2", "bn2", (F, F, 3, 3), rng)
    return (
        _conv_bn("conv1", "bn1", (F, C, 1, 1), rng)
        | _conv_bn("conv2", "bn2", (F, F, 3, 3), rng)
        | _conv_bn("conv3", "bn3", (E, F, 1, 1), rng)
    )


def _projection(shape, rng):
    return _conv_bn("shortcut", "shortcut", shape, rng)


def _conv_bn(conv, norm, shape, rng):
    F = shape[0]
    return {f"{conv}.w": kaiming_normal(shape, rng=rng), f"{norm}.gamma": np.ones(F), f"{norm}.beta": np.zeros(F)}


def _require_odd(op, argument, K):
    if K % 2 == 0:
        raise ValueError(f"{op}: {argument} must be odd, or no padding keeps the size of the image; got {K}")
