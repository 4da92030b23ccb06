"""One pass over the elements. The backward takes Phi anew, as one polynomial together with x phi: that is cheaper than
to keep what the forward had. These polynomials are right to the last places of 1; the tail in which that is no digit is
rare, and taken one by one. (1 + tanh u) / 2 is sigmoid(2u), which needs no branch for small u."""

import math
from math import pi, sqrt

import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu._elementwise import elementwise
from nnspec.accelerated.cpu._fold import fold_below
from nnspec.accelerated.cpu._intrinsics import fma, like
from nnspec.accelerated.cpu._jit import flat, kernel
from nnspec.accelerated.cpu._math import flushed_exp, normal_cdf, normal_slope, sigmoid

FAR = 40
TAIL = -4  # below it is one number of 30,000, of those that are drawn normally
BLOCK = 1024  # numbers among which a tail is looked for


def gelu_forward(x, *, approximate=False):
    return (_tanh_form(x) if approximate else _exactly(_exact, x)), (x, approximate)


def gelu_backward(dout, cache):
    x, approximate = cache
    return _tanh_form_slope(x, dout) if approximate else _exactly(_exact_slope, x, dout)


def _exactly(apply, *arrays):
    out = np.empty(arrays[0].shape, arrays[0].dtype)
    apply[out.size](*flat(*arrays), out.reshape(-1))
    return out


@kernel
def _exact(x, out):
    tail = x.dtype.type(TAIL)
    for block in prange((x.size + BLOCK - 1) // BLOCK):
        start, size = block * BLOCK, min(BLOCK, x.size - block * BLOCK)
        numbers, here = x[start : start + size], out[start : start + size]
        for i in range(size):
            here[i] = max(numbers[i], x.dtype.type(-FAR)) * normal_cdf(numbers[i])
        if fold_below(x, start, size, tail) > 0:
            for i in range(size):
                if numbers[i] < tail:
                    near = max(numbers[i], x.dtype.type(-FAR))
                    here[i] = near * _cdf_of_tail(near)


@kernel
def _exact_slope(x, dout, out):
    tail = x.dtype.type(TAIL)
    for block in prange((x.size + BLOCK - 1) // BLOCK):
        start, size = block * BLOCK, min(BLOCK, x.size - block * BLOCK)
        numbers, upstream, here = x[start : start + size], dout[start : start + size], out[start : start + size]
        for i in range(size):
            here[i] = upstream[i] * normal_slope(numbers[i])
        if fold_below(x, start, size, tail) > 0:
            for i in range(size):
                if numbers[i] < tail:
                    near = max(numbers[i], x.dtype.type(-FAR))
                    density = math.exp(near * near * x.dtype.type(-0.5)) * x.dtype.type(1 / sqrt(2 * pi))
                    here[i] = upstream[i] * (_cdf_of_tail(near) + near * density)


@register_jitable
def _cdf_of_tail(x):
    return math.erfc(x * like(x, -sqrt(0.5))) * like(x, 0.5)


@elementwise
def _tanh_form(x):
    near = _brought_back(x)
    return max(x, like(x, -FAR)) * sigmoid(near * _twice_u_over(near))


@elementwise
def _tanh_form_slope(x, dout):
    near, one = _brought_back(x), like(x, 1)
    e = flushed_exp(-abs(near * _twice_u_over(near)))
    larger = one / (one + e)  # of Phi(x) and Phi(-x)
    smaller = e * larger
    slope_of_2u = fma(near * near, like(x, sqrt(8 / pi) * 3 * 0.044715), like(x, sqrt(8 / pi)))
    return dout * fma(near * slope_of_2u, smaller * larger, larger if near >= 0 else smaller)


@register_jitable
def _twice_u_over(x):
    return fma(x * x, like(x, sqrt(8 / pi) * 0.044715), like(x, sqrt(8 / pi)))


@register_jitable
def _brought_back(x):
    far = like(x, FAR)
    return far if x > far else (-far if x < -far else x)  # in this order NaN stays NaN
