"""Residual blocks whose norms, sums and ReLUs are one pass, which reads and writes the maps half as often: large maps
wait for the memory, not for the arithmetic."""

from nnspec.accelerated.cpu.n06_convolution.conv2d import conv2d_backward, conv2d_forward
from nnspec.accelerated.cpu.n07_residual_networks.batchnorm import _normalized_maps, _normalized_maps_backward
from nnspec.accelerated.cpu.n07_residual_networks.residual_add import residual_add_forward
from nnspec.accelerated.cpu.n07_residual_networks.shortcut import padding_shortcut_backward, padding_shortcut_forward


def block(op, x, params, running, geometry, stride, train):
    """out, the new running, cache. geometry: stride and padding of each convolution of the branch."""
    skip, of_skip, new = _shortcut(op, x, params, running, len(geometry), stride, train)
    a, layers = x, []
    for i, (step, pad) in enumerate(geometry, 1):
        a, of_conv = conv2d_forward(a, params[f"conv{i}.w"], stride=step, pad=pad)
        plus = skip if i == len(geometry) else None
        a, statistics, of_norm = _normalized(a, params, running, f"bn{i}", train, relu=True, plus=plus)
        new |= statistics
        layers.append((f"conv{i}.w", f"bn{i}", of_conv, of_norm))
    return a, {key: new[key] for key in running}, (layers, of_skip, list(params))


def block_backward(dout, cache):
    """dx, grads."""
    layers, of_skip, keys = cache
    dx, grads, dskip = dout, {}, None
    for w, norm, of_conv, of_norm in reversed(layers):
        da, grads[f"{norm}.gamma"], grads[f"{norm}.beta"], dsum = _normalized_maps_backward(dx, of_norm)
        dskip = dsum if dskip is None else dskip
        dx, grads[w], _ = conv2d_backward(da, of_conv)
    kind, *caches = of_skip
    if kind == "padding":
        dskip = padding_shortcut_backward(dskip, *caches)
    elif kind == "projection":
        of_conv, of_norm = caches
        da, grads["shortcut.gamma"], grads["shortcut.beta"], _ = _normalized_maps_backward(dskip, of_norm)
        dskip, grads["shortcut.w"], _ = conv2d_backward(da, of_conv)
    dx, _ = residual_add_forward(dx, dskip)
    return dx, {key: grads[key] for key in keys}


def _shortcut(op, x, params, running, convolutions, stride, train):
    """x in the shape of what comes out of the branch, how it came to be so, and new statistics."""
    F, C = len(params[f"conv{convolutions}.w"]), x.shape[1]
    if "shortcut.w" in params:
        a, of_conv = conv2d_forward(x, params["shortcut.w"], stride=stride)
        skip, statistics, of_norm = _normalized(a, params, running, "shortcut", train)
        return skip, ("projection", of_conv, of_norm), statistics
    if F == C and stride == 1:
        return x, ("identity",), {}
    if F < C:
        raise ValueError(f"{op}: params must hold a projection, 'shortcut.w', from {C} channels to fewer, got {F}")
    skip, of_padding = padding_shortcut_forward(x, F=F, stride=stride)
    return skip, ("padding", of_padding), {}


def _normalized(x, params, running, name, train, **options):
    given = params[f"{name}.gamma"], params[f"{name}.beta"]
    keys = f"{name}.running_mean", f"{name}.running_var"
    out, *statistics, cache = _normalized_maps(x, *given, *(running[key] for key in keys), train=train, **options)
    return out, dict(zip(keys, statistics, strict=True)), cache
