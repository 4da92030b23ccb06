"""A block of its own, because norm, sum and ReLU are one pass."""

from nnspec.accelerated.cpu.n07_residual_networks._residual import block, block_backward


def bottleneck_forward(x, params, running, *, stride=1, stride_in="conv2", train=True):
    first, second = (stride, 1) if stride_in == "conv1" else (1, stride)
    return block("bottleneck_forward", x, params, running, [(first, 0), (second, 1), (1, 0)], stride, train)


def bottleneck_backward(dout, cache):
    return block_backward(dout, cache)
