"""Rows are brought to length 1 in parallel, and what is left is a product."""

import numpy as np
from numba import prange

from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._product import product


def cosine_distance(xq, xt):
    (u, _), (v, _) = _direction(xq), _direction(xt)
    d = product(u, v.T)
    _from_cosine[2 * d.size](d.reshape(-1))
    return d


def cosine_distance_backward(dd, xq, xt):
    (u, length_q), (v, length_t) = _direction(xq), _direction(xt)
    return _turned(product(dd, v), u, length_q), _turned(product(dd.T, u), v, length_t)


def _direction(x):
    x = x if x.dtype.kind == "f" else x.astype(np.float64)
    unit, length = np.empty(x.shape, x.dtype), np.empty(len(x), x.dtype)
    _normalize[4 * x.size](*contiguous(x), unit, length)
    return unit, length


def _turned(pull, unit, length):
    _project[4 * pull.size](pull, *contiguous(unit, length))
    return pull


@kernel
def _normalize(x, unit, length):
    zero = x.dtype.type(0)
    for i in prange(len(x)):
        row, out = x[i], unit[i]
        largest, total = zero, zero
        for k in range(x.shape[1]):
            largest = max(largest, abs(row[k]))
        scale = largest if largest > zero else x.dtype.type(1)
        for k in range(x.shape[1]):
            out[k] = row[k] / scale
            total += out[k] * out[k]
        root = np.sqrt(total)
        length[i] = scale * root
        for k in range(x.shape[1]):
            out[k] = out[k] / root if root > zero else zero * row[k]


@kernel
def _from_cosine(d):
    zero, one, two = d.dtype.type(0), d.dtype.type(1), d.dtype.type(2)
    for i in prange(len(d)):
        distance = one - d[i]
        d[i] = zero if distance < zero else (two if distance > two else distance)


@kernel
def _project(pull, unit, length):
    zero = pull.dtype.type(0)
    for i in prange(len(pull)):
        row, u, along = pull[i], unit[i], zero
        for k in range(pull.shape[1]):
            along += row[k] * u[k]
        for k in range(pull.shape[1]):
            row[k] = zero if length[i] == zero else (along * u[k] - row[k]) / length[i]
