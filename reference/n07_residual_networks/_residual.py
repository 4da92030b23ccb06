"""What residual blocks have in common: convolutions with a norm, and the branch joined with its shortcut."""

from nnspec.reference._network import Chain

PROJECTION, STATISTICS = ("w", "gamma", "beta"), ("running_mean", "running_var")


def normalized(network, x, name, *, train):
    """x through the batch normalization whose parameters and statistics begin with `name`."""
    statistics = [f"{name}.{statistic}" for statistic in STATISTICS]
    return network("batchnorm2d", x, f"{name}.gamma", f"{name}.beta", states=statistics, train=train)


def joined(op, branch, x, fx, *, stride, train):
    """out = relu(fx + shortcut(x)), the new running, cache. fx is what came out of the branch, which began with x."""
    ops = branch.ops
    skip, shortcut = shortcut_of(op, branch, x, fx.shape, stride=stride, train=train)
    z, add_cache = ops.residual_add_forward(fx, shortcut)  # (N, F, HO, WO)
    out, relu_cache = ops.relu_forward(z)  # (N, F, HO, WO)
    return out, skip.states, (branch, skip, add_cache, relu_cache)


def shortcut_of(op, branch, x, shape, *, stride, train):
    """The chain that brings x past the branch to that shape, and what comes out. Its states are the new running."""
    skip = Chain(branch.ops, branch.params, branch.states)
    if "shortcut.w" in branch.params:
        keys, statistics = ([f"shortcut.{name}" for name in names] for names in (PROJECTION, STATISTICS))
        return skip, skip("projection_shortcut", x, *keys, states=statistics, stride=stride, train=train)
    if shape == x.shape:
        return skip, x
    F, C = shape[1], x.shape[1]
    if F < C:
        raise ValueError(f"{op}: params must hold a projection, 'shortcut.w', from {C} channels to fewer, got {F}")
    return skip, skip("padding_shortcut", x, F=F, stride=stride)


def joined_backward(dout, cache):
    """dx, grads. x goes two ways, so its gradient is the sum of both."""
    branch, skip, add_cache, relu_cache = cache
    dz = branch.ops.relu_backward(dout, relu_cache)  # (N, F, HO, WO)
    dfx, dshortcut = branch.ops.residual_add_backward(dz, add_cache)
    dx, grads = branch.back(dfx)
    dx_skip, more = skip.back(dshortcut)
    grads = grads | more
    return dx + dx_skip, {key: grads[key] for key in branch.params}
