"""Residual blocks in sympy, and their parameters as they are drawn."""

import zlib

import numpy as np

from nnspec.spec_tests._kinds import ParamsBlock
from nnspec.spec_tests._truth import named, sqrt, total, where_positive
from nnspec.spec_tests.n06_convolution._convolved import convolved

EPS, MOMENTUM = 1e-5, 0.9
PARAMETERS, STATISTICS = ("gamma", "beta"), ("running_mean", "running_var")


class ResidualBlock(ParamsBlock):
    """norms: of the branch. projects: whether the shortcut is a projection. F is C where a case says nothing else."""

    norms = ()
    projects = False

    def shapes(self, dims, C, F):
        """Those of the convolutions, by name, and the width of each norm."""
        raise NotImplementedError(f"{type(self).__name__} must say the shapes of its parameters")

    def draw(self, case, dims, dtype):
        inputs, C = super().draw(case, dims, dtype), dims["C"]
        rng = np.random.default_rng(zlib.crc32(f"{self.op}/{case.drawn_as or case.name}/params".encode()))
        convolutions, widths = self.shapes(dims, C, F := dims.get("F", C))
        if self.projects:
            convolutions, widths = convolutions | {"shortcut": (F, C, 1, 1)}, widths | {"shortcut": F}
        params, running = drawn(case, dtype, rng, convolutions, widths)
        return inputs | {"params": params, "running": running}

    def cases_of_scale(self):
        return [self.many_samples]


class IdentityBlock(ResidualBlock):
    def law_last_norm_of_zero(self, run, problem):
        """A branch that ends in zeros, gamma = beta = 0, leaves the shortcut: out = relu(x), dx = dout [x > 0]."""
        x, params = problem.inputs["x"], problem.inputs["params"]
        answer = run(**{key: 0 * params[key] for part in PARAMETERS if (key := f"{self.norms[-1]}.{part}")})
        return np.append(answer["out"], answer["dx"]), np.append(np.maximum(x, 0), problem.douts[0] * (x > 0))


def drawn(case, dtype, rng, convolutions, widths):
    """params, running. Weights over the root of their fan-in; no variance is a negative number."""

    def draw(key, shape, scale=1.0):
        given = case.inputs.get(key)
        return (scale * rng.standard_normal(shape) if given is None else given(rng, shape)).astype(dtype)

    params = {f"{name}.w": draw(f"{name}.w", s, np.prod(s[1:]) ** -0.5) for name, s in convolutions.items()}
    params |= {f"{name}.{part}": draw(f"{name}.{part}", n) for name, n in widths.items() for part in PARAMETERS}
    running = {f"{name}.{part}": draw(f"{name}.{part}", n) for name, n in widths.items() for part in STATISTICS}
    return params, {key: abs(one) if key.endswith("var") else one for key, one in running.items()}


def normalized(a, gamma, beta, running_mean, running_var, train):
    """z, the new running_mean and running_var: each channel by its mean and variance over the batch and the image."""
    mean, var = running_mean, running_var
    if train:
        channels = [a[:, f].ravel() for f in range(a.shape[1])]
        mean = np.array([named(total(one) / len(one)) for one in channels])
        var = np.array([named(total((one - m) ** 2) / len(one)) for one, m in zip(channels, mean, strict=True)])
        running_mean = MOMENTUM * running_mean + (1 - MOMENTUM) * mean
        running_var = MOMENTUM * running_var + (1 - MOMENTUM) * var
    std = np.array([named(sqrt(v + EPS)) for v in var])
    across = (slice(None), None, None)
    z = named(gamma[across] * (a - mean[across]) / std[across] + beta[across])
    return z, running_mean, running_var


def conv_bn(x, arrays, conv, norm, running, train, **options):
    """bn(conv(x)); the statistics of the norm in `running` are then the new ones."""
    a = convolved(x, arrays[f"{conv}.w"], **options)
    z, *new = normalized(a, *(arrays[f"{norm}.{part}"] for part in (*PARAMETERS, *STATISTICS)), train)
    running |= dict(zip((f"{norm}.{part}" for part in STATISTICS), new, strict=True))
    return z


def relu(x):
    return named(where_positive(x, x))


def with_shortcut(x, fx, arrays, running, stride, train):
    """relu(fx + shortcut(x)): the projection where there is one, else every stride-th pixel and channels of zeros."""
    if "shortcut.w" in arrays:
        return relu(named(fx + conv_bn(x, arrays, "shortcut", "shortcut", running, train, stride=stride)))
    met = x[:, :, ::stride, ::stride]
    z = fx.copy()
    z[:, : x.shape[1]] = z[:, : x.shape[1]] + met
    return relu(named(z))


def states_of(*norms):
    return tuple(f"{norm}.{part}" for norm in norms for part in STATISTICS)


def block(x, arrays, running, stride, stride_in, train):
    """A block of either kind: the convolutions that there are, a ReLU between them, and what joins them with x."""
    names = [name for name in ("conv1", "conv2", "conv3") if f"{name}.w" in arrays]
    strided = stride_in if "conv3" in names else "conv1"
    a = x
    for name in names:
        a = a if name == names[0] else relu(a)
        K, s = arrays[f"{name}.w"].shape[2], stride if name == strided else 1
        a = conv_bn(a, arrays, name, name.replace("conv", "bn"), running, train, stride=s, pad=K // 2)
    return with_shortcut(x, a, arrays, running, stride, train)
