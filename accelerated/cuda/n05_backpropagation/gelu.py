"""One pass over the elements; the backward takes erfc and exp anew, which costs less than to keep what the forward had.
1 + erf(x) is erfc(-x), and (1 + tanh u) / 2 is 1 / (1 + exp(-2u)): nothing that cancels far out."""

from math import pi, sqrt

from nnspec.accelerated.cuda._elementwise import elementwise
from nnspec.accelerated.cuda._kernel import inlined
from nnspec.accelerated.cuda._target import like, math

FAR = 40
ROOT_HALF, DENSITY_AT_0, TWICE_ROOT = sqrt(1 / 2), 1 / sqrt(2 * pi), sqrt(8 / pi)
CUBIC = 0.044715


def gelu_forward(x, *, approximate=False):
    return (_tanh_form(x) if approximate else _exact(x)), (x, approximate)


def gelu_backward(dout, cache):
    x, approximate = cache
    return _tanh_form_slope(x, dout) if approximate else _exact_slope(x, dout)


@inlined
def _cdf(x):
    return like(x, 0.5) * math.erfc(x * like(x, -ROOT_HALF))


@inlined
def _twice_u(x):
    return like(x, TWICE_ROOT) * (x + like(x, CUBIC) * x * x * x)


@inlined
def _brought_back(x):
    far = like(x, FAR)
    return far if x > far else (-far if x < -far else x)  # in this order NaN stays NaN


@elementwise
def _exact(x):
    return max(x, like(x, -FAR)) * _cdf(x)


@elementwise
def _exact_slope(x, dout):
    near = _brought_back(x)
    density = like(x, DENSITY_AT_0) * math.exp(near * near * like(x, -0.5))
    return dout * (_cdf(x) + near * density)


@elementwise
def _tanh_form(x):
    one = like(x, 1)
    return max(x, like(x, -FAR)) * (one / (one + math.exp(-_twice_u(_brought_back(x)))))


@elementwise
def _tanh_form_slope(x, dout):
    near, one = _brought_back(x), like(x, 1)
    e = math.exp(-abs(_twice_u(near)))
    larger = one / (one + e)  # of Phi(x) and Phi(-x)
    cdf = larger if near >= like(x, 0) else e * larger
    slope_of_2u = like(x, TWICE_ROOT) * (one + like(x, 3 * CUBIC) * near * near)
    return dout * (cdf + near * (e * larger * larger) * slope_of_2u)
