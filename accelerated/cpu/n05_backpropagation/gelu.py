"""One pass over the elements. The backward takes Phi anew, as one polynomial together with x phi: that is cheaper than
to keep what the forward had. (1 + tanh u) / 2 is sigmoid(2u), which needs no branch for small u."""

from math import pi, sqrt

from numba.extending import register_jitable

from nnspec.accelerated.cpu._elementwise import elementwise
from nnspec.accelerated.cpu._intrinsics import fma
from nnspec.accelerated.cpu._math import flushed_exp, normal_cdf, normal_slope, sigmoid

FAR = 40


def gelu_forward(x, *, approximate=False):
    return (_tanh_form(x) if approximate else _exact(x)), (x, approximate)


def gelu_backward(dout, cache):
    x, approximate = cache
    return _tanh_form_slope(x, dout) if approximate else _exact_slope(x, dout)


@elementwise
def _exact(x):
    return max(x, type(x)(-FAR)) * normal_cdf(x)


@elementwise
def _exact_slope(x, dout):
    return dout * normal_slope(x)


@elementwise
def _tanh_form(x):
    near = _brought_back(x)
    return max(x, type(x)(-FAR)) * sigmoid(near * _twice_u_over(near))


@elementwise
def _tanh_form_slope(x, dout):
    near, one = _brought_back(x), type(x)(1)
    e = flushed_exp(-abs(near * _twice_u_over(near)))
    larger = one / (one + e)  # of Phi(x) and Phi(-x)
    smaller = e * larger
    slope_of_2u = fma(near * near, type(x)(sqrt(8 / pi) * 3 * 0.044715), type(x)(sqrt(8 / pi)))
    return dout * fma(near * slope_of_2u, smaller * larger, larger if near >= 0 else smaller)


@register_jitable
def _twice_u_over(x):
    return fma(x * x, type(x)(sqrt(8 / pi) * 0.044715), type(x)(sqrt(8 / pi)))


@register_jitable
def _brought_back(x):
    far = type(x)(FAR)
    return far if x > far else (-far if x < -far else x)  # in this order NaN stays NaN
