"""One pass over the elements with an erf and an exp that vectorise. The backward takes them anew: that is cheaper than
to keep what the forward had. (1 + tanh u) / 2 is sigmoid(2u), which needs no branch for small u."""

from math import pi, sqrt

from numba.extending import register_jitable

from nnspec.accelerated.cpu._elementwise import elementwise
from nnspec.accelerated.cpu._math import erf, exp, sigmoid

FAR = 40


def gelu_forward(x, *, approximate=False):
    return (_tanh_form(x) if approximate else _exact(x)), (x, approximate)


def gelu_backward(dout, cache):
    x, approximate = cache
    return _tanh_form_slope(x, dout) if approximate else _exact_slope(x, dout)


@elementwise
def _exact(x):
    return max(x, type(x)(-FAR)) * _cdf(x)


@elementwise
def _exact_slope(x, dout):
    near = _brought_back(x)
    density = type(x)(1 / sqrt(2 * pi)) * exp(near * near * type(x)(-0.5))
    return dout * (_cdf(x) + near * density)


@elementwise
def _tanh_form(x):
    near = _brought_back(x)
    return max(x, type(x)(-FAR)) * sigmoid(near * _twice_u_over(near))


@elementwise
def _tanh_form_slope(x, dout):
    near, one = _brought_back(x), type(x)(1)
    e = exp(-abs(near * _twice_u_over(near)))
    larger = one / (one + e)  # of Phi(x) and Phi(-x)
    cdf = larger if near >= 0 else e * larger
    slope_of_2u = type(x)(sqrt(8 / pi)) * (one + type(x)(3 * 0.044715) * near * near)
    return dout * (cdf + near * (e * larger * larger) * slope_of_2u)


@register_jitable
def _cdf(x):
    return type(x)(0.5) * (type(x)(1) + erf(x * type(x)(sqrt(0.5))))


@register_jitable
def _twice_u_over(x):
    return type(x)(sqrt(8 / pi)) * (type(x)(1) + type(x)(0.044715) * x * x)


@register_jitable
def _brought_back(x):
    far = type(x)(FAR)
    return far if x > far else (-far if x < -far else x)  # in this order NaN stays NaN
