"""exp and tanh as polynomials that the compiler can vectorise; `math.exp` is a call to libm for every element.

exp: x = n ln2 + r with |r| <= ln2 / 2 (Cody and Waite 1980), expm1(r) = r + r^2 q(r), exp(x) = 2^n (1 + expm1(r)).
tanh: x + x^3 t(x^2) where |x| < 0.625, else 1 - 2 / (exp(2|x|) + 1) with the sign of x.

q and t interpolate at Chebyshev points (computed with 250 bits). NaN stays NaN, overflow gives infinity, underflow is
gradual.
"""

import math

import numpy as np
from numba import types
from numba.extending import overload

from nnspec.accelerated.cpu._intrinsics import fma, power_of_two, rint

_f = np.float32
_LOG2E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # n * _LN2_HIGH is exact
_LN2_HIGH32, _LN2_LOW32 = _f(0.693145751953125), _f(1.42860682030941723212e-6)


def exp(x):
    raise TypeError("only for compiled code")


def tanh(x):
    raise TypeError("only for compiled code")


@overload(exp)
def _exp(x):
    return {types.float32: exp32, types.float64: exp64}.get(x)


@overload(tanh)
def _tanh(x):
    return {types.float32: tanh32, types.float64: tanh64}.get(x)


def exp32(x):
    x = _f(89) if x > _f(89) else (_f(-104) if x < _f(-104) else x)
    n = rint(x * _f(_LOG2E))
    r = fma(n, -_LN2_LOW32, fma(n, -_LN2_HIGH32, x))
    q = fma(_f(0.001392632562), r, _f(0.008363292753))
    q = fma(q, r, _f(0.04166655376))
    q = fma(q, r, _f(0.1666657631))
    q = fma(q, r, _f(0.5))
    p = fma(q * r, r, r) + _f(1)
    half = rint(n * _f(0.5))  # 2^n in two factors, so that neither leaves the normal numbers
    return p * power_of_two(half) * power_of_two(n - half)


def exp64(x):
    x = 710.0 if x > 710.0 else (-746.0 if x < -746.0 else x)
    n = rint(x * _LOG2E)
    r = fma(n, -_LN2_LOW, fma(n, -_LN2_HIGH, x))
    q = fma(2.091483135138041056e-9, r, 2.510541919201633643e-8)
    q = fma(q, r, 2.755727329553972434e-7)
    q = fma(q, r, 2.755725491348670202e-6)
    q = fma(q, r, 2.480158732582228205e-5)
    q = fma(q, r, 1.984126987520507685e-4)
    q = fma(q, r, 1.388888888888366963e-3)
    q = fma(q, r, 8.333333333326024951e-3)
    q = fma(q, r, 4.166666666666666981e-2)
    q = fma(q, r, 1.666666666666667107e-1)
    q = fma(q, r, 0.5)
    p = fma(q * r, r, r) + 1.0
    half = rint(n * 0.5)
    return p * power_of_two(half) * power_of_two(n - half)


def tanh32(x):
    z = x * x
    t = fma(_f(-0.006045165006071329), z, _f(0.020961329340934753))
    t = fma(t, z, _f(-0.053843263536691666))
    t = fma(t, z, _f(0.1333271861076355))
    t = fma(t, z, _f(-0.333333283662796))
    size = abs(x)
    near = fma(t * z, size, size)
    far = _f(1) - _f(2) / (exp(size + size) + _f(1))
    return math.copysign(near if size < _f(0.625) else far, x)


def tanh64(x):
    z = x * x
    t = fma(6.354340814859719e-06, z, -3.092912547386467e-05)
    t = fma(t, z, 9.23274970808537e-05)
    t = fma(t, z, -0.0002374675659822325)
    t = fma(t, z, 0.000589622148687206)
    t = fma(t, z, -0.0014557676940659455)
    t = fma(t, z, 0.003592120760870841)
    t = fma(t, z, -0.008863235024306106)
    t = fma(t, z, 0.021869488515352347)
    t = fma(t, z, -0.05396825396781054)
    t = fma(t, z, 0.1333333333333296)
    t = fma(t, z, -0.3333333333333333)
    size = abs(x)
    near = fma(t * z, size, size)
    far = 1.0 - 2.0 / (exp(size + size) + 1.0)
    return math.copysign(near if size < 0.625 else far, x)
