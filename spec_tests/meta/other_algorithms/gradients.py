"""What goes with gradient checks, in other ways: with more digits inside, in order of size."""

import numpy as np


def rel_error(a, b, *, floor=1e-8):
    """In extended precision, and the last one after sorting."""
    if not floor > 0:
        raise ValueError("rel_error: floor must be above 0")
    wide, other = a.astype(np.longdouble).ravel(), b.astype(np.longdouble).ravel()
    size = np.clip(abs(wide) + abs(other), floor, None)
    with np.errstate(invalid="ignore"):
        off = abs(wide / size - other / size)
    off[np.isnan(off)] = np.inf
    return a.dtype.type(np.sort(off)[-1] if off.size else 0)


def circuit_xyz_forward(x, y, z):
    """The other way round."""
    return np.multiply(z, np.add(y, x)), {"x": x, "y": y, "z": z}


def circuit_xyz_backward(dout, cache):
    dsum = cache["z"] * dout
    return dsum, dsum + 0, (cache["x"] + cache["y"]) * dout


def _sigmoid(x):
    """From log(1 + e^-x)."""
    return np.exp(-np.logaddexp(0, -x))


def sigmoid_neuron_forward(w0, x0, w1, x1, w2):
    dot = w2 + w1 * x1 + w0 * x0
    return _sigmoid(dot), ((w0, x0), (w1, x1), dot)


def sigmoid_neuron_backward(dout, cache):
    """sigmoid' = sigmoid(x) sigmoid(-x)."""
    (w0, x0), (w1, x1), dot = cache
    ddot = _sigmoid(dot) * _sigmoid(-dot) * dout
    return x0 * ddot, w0 * ddot, x1 * ddot, w1 * ddot, ddot


def staged_f_forward(x, y):
    den = (x + y) ** 2 + _sigmoid(x)
    return x / den + _sigmoid(y) / den, [x, y]


def staged_f_backward(dout, cache):
    """The quotient rule for the whole."""
    x, y = cache
    num, den = x + _sigmoid(y), _sigmoid(x) + (x + y) ** 2
    of_x, of_y = (_sigmoid(each) * _sigmoid(-each) for each in (x, y))
    scale = dout / den
    return scale * (1 - num / den * (of_x + 2 * (x + y))), scale * (of_y - num / den * (2 * (x + y)))


def vjp_from_jacobian(J, dout):
    """Output by output."""
    dx = np.zeros(J.shape[-1], J.dtype)
    for o in np.ndindex(dout.shape):
        dx += dout[o] * J[o]
    return dx


def jacobian(f, x, *, h=1e-5):
    """Column by column, in one matrix that gets its axes at the end."""
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    columns = [(np.ravel(f(x + step)).copy() - np.ravel(f(x - step))) / 2 / h for step in steps]
    return np.stack(columns, axis=-1).reshape(*np.shape(f(x + 0)), *x.shape)


def polar_features(x):
    """As a complex number."""
    z = x[:, 0] + 1j * x[:, 1]
    return np.array([np.abs(z), np.angle(z)], x.dtype).T.copy()
