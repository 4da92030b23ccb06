"""Update rules in other forms: gradients kept and weighed anew, roots by powers, corrections in the step size."""

import math

import numpy as np


def nesterov(w, dw, state=None, *, lr=0.01, mu=0.9, lr_in_velocity=True):
    """The look-ahead form: theta and v are kept, and the point theta + mu v, where the next gradient is taken, is w."""
    if not lr_in_velocity:
        buffer = dw if state is None else mu * state + dw
        return w - lr * dw - lr * mu * buffer, buffer
    v = np.zeros_like(w) if state is None else state
    theta = w - mu * v
    v = mu * v - lr * dw
    return (theta + v) + mu * v, v


def adagrad(w, dw, state=None, *, lr=0.01, eps=1e-08):
    """All gradients are kept, and one norm over the steps is taken of them."""
    history = [*(state or ()), dw]
    norm = np.linalg.norm(np.stack(history), axis=0)
    return w - np.divide(lr * dw, norm + eps), history


def rmsprop(w, dw, state=None, *, lr=0.01, rho=0.99, eps=1e-08):
    """The root mean square itself is kept, and squared again."""
    root = 0 if state is None else state
    root = np.hypot(math.sqrt(rho) * root, math.sqrt(1 - rho) * dw)
    return w - lr * (dw / (root + eps)), root


def adadelta(w, dw, state=None, *, lr=1.0, rho=0.9, eps=1e-06):
    """Both averages move towards what is new, and one root is taken of their ratio."""
    s, d = state or (np.zeros_like(w), np.zeros_like(w))
    s = s + (1 - rho) * (dw**2 - s)
    u = dw * ((d + eps) / (s + eps)) ** 0.5
    return w - lr * u, [s, d + (1 - rho) * (u**2 - d)]


def nadam(w, dw, state=None, *, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-08, schedule=None):
    """The product of the momenta is kept, as PyTorch does."""
    state = state or {"m": 0, "v": 0, "t": 0, "product": 1.0}
    t = state["t"] + 1
    mu, following = (beta1 * (1 - 0.5 * math.pow(0.96, (schedule or 0) * at)) for at in (t, t + 1))
    m = state["m"] + (1 - beta1) * (dw - state["m"])
    v = state["v"] + (1 - beta2) * (np.square(dw) - state["v"])
    product = state["product"] * mu
    denominator = np.sqrt(v) / math.sqrt(1 - beta2**t) + eps
    new = {"m": m, "v": v, "t": t, "product": product}
    if schedule is None:
        return w - lr / (1 - beta1**t) * (beta1 * m + (1 - beta1) * dw) / denominator, new
    along = lr * (1 - mu) / (1 - product) * dw + lr * following / (1 - product * following) * m
    return w - along / denominator, new


def amsgrad(w, dw, state=None, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08):
    """The root of the maximum is the maximum of the roots."""
    m, v, root, t = state or (0, 0, 0, 0)
    m, v, t = beta1 * m + (1 - beta1) * dw, beta2 * v + (1 - beta2) * dw * dw, t + 1
    root = np.fmax(root, np.sqrt(v))
    return w - lr / (1 - beta1**t) * (m / (root / math.sqrt(1 - beta2**t) + eps)), (m, v, root, t)


def adamax(w, dw, state=None, *, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-08):
    """All gradients are kept: the largest of them, each faded by its age."""
    m, history = state or (0, [])
    history = [*history, np.abs(dw) + eps]
    m, t = m + (1 - beta1) * (dw - m), len(history)
    faded = [beta2 ** (t - 1 - at) * size for at, size in enumerate(history)]
    return w - lr / (1 - beta1**t) * m / np.max(faded, axis=0), (m, history)


def lion(w, dw, state=None, *, lr=0.0001, beta1=0.9, beta2=0.99, weight_decay=0.0):
    """Up or down, entry by entry, after the decay."""
    m = 0 * w if state is None else state
    direction = np.select([beta1 * m > (beta1 - 1) * dw, beta1 * m < (beta1 - 1) * dw], [1, -1], 0).astype(w.dtype)
    return (w - w.dtype.type(lr * weight_decay) * w) - lr * direction, m + (1 - beta2) * (dw - m)


def ema_update(avg, w, *, decay=0.999, t=None):
    """What weights avg and w, as two numbers that add up to 1."""
    if t is None:
        old, new = decay, 1 - decay
    else:
        ages = [decay**age for age in range(t)]  # of w the age is 0
        old, new = sum(ages[1:]) / sum(ages), 1 / sum(ages)
    return np.add(np.multiply(old, avg), np.multiply(new, w)).astype(w.dtype)


def update_ratio(w, w_new):
    """Norms of flat vectors, with their largest entry taken out."""
    norms = []
    for vector in ((w_new - w).ravel(), w.ravel()):
        largest = np.abs(vector).max(initial=0)
        norms.append(largest * np.linalg.norm(vector / largest) if largest else largest)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(*norms)
