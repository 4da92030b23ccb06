"""Products, softmax, labels, steps and clipping in other forms: by einsum and other axes, pairwise logarithms of sums,
tables that are looked up, norms of one long vector."""

import numpy as np


def matmul_forward(a, b):
    """Every pair of factors at once: an outer product, summed over what they share."""
    return (a[..., :, :, None] * b[..., None, :, :]).sum(axis=-2), [a, b]


def matmul_backward(dout, cache):
    a, b = cache
    da = np.einsum("...nm,...km->...nk", dout, b)
    db = np.einsum("...nk,...nm->...km", a, dout)
    return _folded(da, a.shape), _folded(db, b.shape)


def _folded(gradient, shape):
    """One axis after the other, from the front."""
    while gradient.ndim > len(shape):
        gradient = np.add.reduce(gradient)
    for axis, size in enumerate(shape):
        if size == 1:
            gradient = np.add.reduce(gradient, axis=axis, keepdims=True)
    return gradient


def softmax_forward(x, *, axis=-1):
    """1 over the sum of the exponentials of differences: nothing is shifted by a maximum but by every score."""
    moved = np.moveaxis(x, axis, -1)
    p = np.exp(moved - np.logaddexp.reduce(moved, axis=-1)[..., None])
    return np.moveaxis(p, -1, axis).copy(), {"p": p, "axis": axis}


def softmax_backward(dout, cache):
    p, upstream = cache["p"], np.moveaxis(dout, cache["axis"], -1)
    jacobian = p[..., :, None] * (np.eye(p.shape[-1], dtype=p.dtype) - p[..., None, :])
    return np.moveaxis((jacobian @ upstream[..., None])[..., 0], -1, cache["axis"]).copy()


def log_softmax_forward(x, *, axis=-1):
    """x less a running logarithm of a sum."""
    logp = x - np.expand_dims(np.logaddexp.reduce(x, axis=axis), axis)
    return logp, {"logp": logp, "axis": axis}


def log_softmax_backward(dout, cache):
    total = np.expand_dims(np.add.reduce(dout, axis=cache["axis"]), cache["axis"])
    return dout - total * np.exp(cache["logp"])


def logsumexp_forward(x, *, axis=-1, keepdims=False):
    """A running logarithm of a sum."""
    out = np.logaddexp.reduce(x, axis=axis)
    kept = np.expand_dims(out, axis)
    return kept if keepdims else out, {"x": x.copy(), "out": kept.copy(), "axis": axis}


def logsumexp_backward(dout, cache):
    return np.exp(cache["x"] - cache["out"]) * dout.reshape(cache["out"].shape)


def one_hot(y, n_classes, *, dtype="float64"):
    """A table of unit vectors, looked up."""
    return np.eye(n_classes, dtype=dtype).take(y, axis=0)


def accuracy(pred, y):
    """1 less the share of errors."""
    return 1 - np.count_nonzero(np.subtract(pred, y)) / y.size


def confusion_matrix(pred, y, n_classes):
    """The product of what is asked of each sample: is it this class, was it taken for that one?"""
    classes = np.arange(n_classes)[:, None]
    return (classes == y).astype(np.int64) @ (classes == pred).T.astype(np.int64)


def per_class_accuracy(confusion):
    """1 over 1 and the errors for each hit; where nothing is right, 0 of what there is."""
    hits = np.diag(confusion).astype(np.float64)
    errors = np.tril(confusion, -1).sum(axis=1) + np.triu(confusion, 1).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(hits > 0, 1 / (1 + errors / hits), np.where(errors > 0, 0, np.nan))


def append_ones(x):
    return np.pad(x, ((0, 0), (0, 1)), constant_values=1)


def append_ones_backward(dout, x):
    return np.delete(dout, -1, axis=1)


def fold_bias(w, b):
    return np.vstack((w, b))


def sgd(w, dw, state=None, *, lr=0.01):
    """A state that counts, though nobody asks for it."""
    return np.subtract(w, np.multiply(w.dtype.type(lr), dw)), (state or 0) + 1


def adamw(w, dw, state=None, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08, weight_decay=0.01):
    """One step of all that moves w: the decay beside Adam's direction."""
    m, v, t = state or (0, 0, 0)
    t, m, v = t + 1, beta1 * m + (1 - beta1) * dw, beta2 * v + (1 - beta2) * np.square(dw)
    direction = m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return w - lr * (direction + weight_decay * w), (m, v, t)


def clip_by_global_norm(grads, max_norm, *, eps=1e-06):
    """The norm of one long vector."""
    norm = np.linalg.norm(np.concatenate([np.ravel(g) for g in grads.values()]))
    return {key: g * np.minimum(max_norm / (norm + eps), 1).astype(g.dtype) for key, g in grads.items()}, norm


def clip_by_value(grads, limit):
    return {key: np.minimum(np.maximum(g, -limit), limit) for key, g in grads.items()}
