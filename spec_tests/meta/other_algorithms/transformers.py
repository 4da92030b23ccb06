"""Parts of transformers in other forms: masks by comparison, norms by vectors of length one, gates by exp alone."""

import numpy as np


def causal_mask(Tq, Tk=None):
    Tk = Tq if Tk is None else Tk
    return np.arange(Tk)[None, :] - (Tk - Tq) <= np.arange(Tq)[:, None]


def padding_mask(lengths, Tk):
    if ((lengths < 0) | (lengths > Tk)).any():
        raise ValueError("padding_mask: lengths must be from 0 to Tk")
    return np.array([[[[k < length for k in range(Tk)]]] for length in lengths], bool).reshape(len(lengths), 1, 1, Tk)


def combine_masks(mask, other):
    return ~(~mask | ~other)


def rmsnorm_forward(x, gamma, *, eps=1e-6):
    """A row over its length, which is the root of D times its root mean square."""
    D = x.shape[-1]
    length = np.sqrt(np.einsum("...d,...d->...", x, x) + D * eps)[..., None]
    unit = x / length
    return x.dtype.type(D**0.5) * unit * gamma, {"unit": unit, "length": length, "gamma": gamma.copy()}


def rmsnorm_backward(dout, cache):
    unit, root = cache["unit"], dout.dtype.type(dout.shape[-1] ** 0.5)
    upstream = root * dout * cache["gamma"]
    dx = (upstream - unit * np.einsum("...d,...d->...", upstream, unit)[..., None]) / cache["length"]
    return dx, root * (dout * unit).reshape(-1, dout.shape[-1]).sum(axis=0)


def swiglu_forward(a, g):
    """The sigmoid by one exponential, its slope by the same one."""
    e = np.exp(-np.abs(g))
    s = np.where(g < 0, e, 1) / (1 + e)
    return g * s * a, [a.copy(), g.copy(), s]


def swiglu_backward(dout, cache):
    a, g, s = cache
    e = np.exp(-np.abs(g))
    slope = e / (1 + e) ** 2
    return g * s * dout, (s + g * slope) * a * dout
