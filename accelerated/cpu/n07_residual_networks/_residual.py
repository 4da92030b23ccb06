"""Residual blocks whose norms, sums and ReLUs are one pass, which reads and writes the maps half as often: large maps
wait for the memory, not for the arithmetic. What stands where is as in the reference."""

from nnspec.accelerated.cpu.n07_residual_networks.batchnorm import _normalized_maps, _normalized_maps_backward
from nnspec.reference._network import Chain
from nnspec.reference.n07_residual_networks._residual import STATISTICS, shortcut_of


class _Parts:
    """`ops` of a block: the parts of this backend, and a norm with the ReLU behind it as one more."""

    def __init__(self):
        from nnspec.accelerated import cpu

        self._parts = cpu

    def __getattr__(self, name):
        return getattr(self._parts, name)

    def norm_relu_forward(self, x, *given, train):
        return _normalized_maps(x, *given, train=train, relu=True)

    def norm_relu_backward(self, dout, cache):
        return _normalized_maps_backward(dout, cache)[:3]


def block(op, x, params, running, geometry, stride, train):
    """out, the new running, cache. geometry: stride and padding of each convolution of the branch."""
    branch, a = Chain(_Parts(), params, running), x
    for i, (step, pad) in enumerate(geometry, 1):
        if i > 1:
            scales, statistics = _keys(i - 1)
            a = branch("norm_relu", a, *scales, states=statistics, train=train)
        a = branch("conv2d", a, f"conv{i}.w", stride=step, pad=pad)
    skip, shortcut = shortcut_of(op, branch, x, a.shape, stride=stride, train=train)
    scales, statistics = _keys(len(geometry))
    given = [params[key] for key in scales] + [running[key] for key in statistics]
    out, *new, of_sum = _normalized_maps(a, *given, train=train, relu=True, plus=shortcut)
    return out, skip.states | dict(zip(statistics, new, strict=True)), (branch, skip, scales, of_sum)


def block_backward(dout, cache):
    """dx, grads. x goes two ways, so its gradient is the sum of both."""
    branch, skip, scales, of_sum = cache
    dbranch, *of_scales, dshortcut = _normalized_maps_backward(dout, of_sum)
    dx, grads = branch.back(dbranch)
    dx_skip, more = skip.back(dshortcut)
    grads |= more | dict(zip(scales, of_scales, strict=True))
    dx, _ = branch.ops.residual_add_forward(dx, dx_skip)
    return dx, {key: grads[key] for key in branch.params}


def _keys(i):
    """How scale and shift of the i-th norm are called, and its statistics."""
    return [f"bn{i}.gamma", f"bn{i}.beta"], [f"bn{i}.{statistic}" for statistic in STATISTICS]
