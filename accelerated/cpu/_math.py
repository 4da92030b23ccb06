"""exp, tanh, sigmoid and erf as polynomials, which the compiler can vectorise; `math.exp` is a call to libm an element.

exp: x = n ln2 + r with |r| <= ln2 / 2 (Cody and Waite 1980), expm1(r) = r + r^2 q(r), exp(x) = 2^n (1 + expm1(r)).
tanh: x + x^3 t(x^2) where |x| < 0.625, else 1 - 2 / (exp(2|x|) + 1) with the sign of x.
sigmoid: 1 / (1 + exp(-x)), both sides times exp(x) where x < 0, so that exp is of -|x| and cannot overflow.
erf: x + x n(x^2) where |x| < a, else f(|x|), and 1 from where erf rounds to it, with the sign of x. a is 1.5 in single
     and 2 in double precision. n and f are written about the middles of their intervals, where powers stay small.

q, t, n and f interpolate at Chebyshev points (computed with 200 bits and more). NaN stays NaN, overflow gives infinity,
underflow is gradual.
"""

import math

import numpy as np
from numba import types
from numba.extending import overload, register_jitable

from nnspec.accelerated.cpu._intrinsics import fma, power_of_two, rint

_f = np.float32
_LOG2E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # n * _LN2_HIGH is exact
_LN2_HIGH32, _LN2_LOW32 = _f(0.693145751953125), _f(1.42860682030941723212e-6)


def exp(x):
    raise TypeError("only for compiled code")


def flushed_exp(x):
    """exp of what is not positive, with 0 for what would be no normal number: a third faster, enough for a softmax."""
    raise TypeError("only for compiled code")


def tanh(x):
    raise TypeError("only for compiled code")


def sigmoid(x):
    raise TypeError("only for compiled code")


def erf(x):
    raise TypeError("only for compiled code")


@overload(exp)
def _exp(x):
    return {types.float32: exp32, types.float64: exp64}.get(x)


@overload(flushed_exp)
def _flushed_exp(x):
    return {types.float32: flushed_exp32, types.float64: flushed_exp64}.get(x)


@overload(tanh)
def _tanh(x):
    return {types.float32: tanh32, types.float64: tanh64}.get(x)


@overload(sigmoid)
def _sigmoid(x):
    return {types.float32: sigmoid_by_exp, types.float64: sigmoid_by_exp}.get(x)


@overload(erf)
def _erf(x):
    return {types.float32: erf32, types.float64: erf64}.get(x)


def exp32(x):
    nothing = x < _f(-104)  # chosen, not computed: processors take very long over what underflows
    p, n = _mantissa32(_f(89) if x > _f(89) else (_f(0) if nothing else x))
    half = rint(n * _f(0.5))  # 2^n in two factors, so that neither leaves the normal numbers
    return _f(0) if nothing else p * power_of_two(half) * power_of_two(n - half)


def flushed_exp32(x):
    nothing = x < _f(-87.3)
    p, n = _mantissa32(_f(0) if nothing else x)
    return _f(0) if nothing else p * power_of_two(n)


@register_jitable
def _mantissa32(x):
    """(p, n) with exp(x) = p 2^n."""
    n = rint(x * _f(_LOG2E))
    r = fma(n, -_LN2_LOW32, fma(n, -_LN2_HIGH32, x))
    q = fma(_f(0.001392632562), r, _f(0.008363292753))
    q = fma(q, r, _f(0.04166655376))
    q = fma(q, r, _f(0.1666657631))
    q = fma(q, r, _f(0.5))
    return fma(q * r, r, r) + _f(1), n


def exp64(x):
    nothing = x < -746.0
    p, n = _mantissa64(710.0 if x > 710.0 else (0.0 if nothing else x))
    half = rint(n * 0.5)
    return 0.0 if nothing else p * power_of_two(half) * power_of_two(n - half)


def flushed_exp64(x):
    nothing = x < -708.3
    p, n = _mantissa64(0.0 if nothing else x)
    return 0.0 if nothing else p * power_of_two(n)


@register_jitable
def _mantissa64(x):
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
    return fma(q * r, r, r) + 1.0, n


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


def sigmoid_by_exp(x):
    one, e = type(x)(1), exp(-abs(x))
    return (one if x >= 0 else e) / (one + e)


def erf32(x):
    size = abs(x)
    z, t = fma(size, size, _f(-1.125)), size - _f(2.71)
    n = fma(_f(-5.7243383e-06), z, _f(4.744426e-05))
    n = fma(n, z, _f(-0.0003337203))
    n = fma(n, z, _f(0.0021120424))
    n = fma(n, z, _f(-0.011439272))
    n = fma(n, z, _f(0.0520764))
    n = fma(n, z, _f(-0.20022449))
    n = fma(n, z, _f(-0.18316384))
    f = fma(_f(4.4697892e-05), t, _f(-0.00012452989))
    f = fma(f, t, _f(-3.1636588e-05))
    f = fma(f, t, _f(0.0007002323))
    f = fma(f, t, _f(-0.0018601479))
    f = fma(f, t, _f(0.0031600762))
    f = fma(f, t, _f(-0.0038456328))
    f = fma(f, t, _f(0.003331514))
    f = fma(f, t, _f(-0.0019769748))
    f = fma(f, t, _f(0.0007291321))
    f = fma(f, t, _f(0.99987316))
    near, far = fma(n, size, size), _f(1) if size > _f(3.92) else f
    return math.copysign(near if size < _f(1.5) else far, x)


def erf64(x):
    size = abs(x)
    z, t = fma(size, size, -2.0), size - 3.9375
    n = fma(2.619882931797671e-16, z, -4.521963706244463e-15)
    n = fma(n, z, 6.917467794739607e-14)
    n = fma(n, z, -1.0502480537432029e-12)
    n = fma(n, z, 1.4940683446797326e-11)
    n = fma(n, z, -1.9752076311045972e-10)
    n = fma(n, z, 2.4177747355353626e-09)
    n = fma(n, z, -2.723880242058585e-08)
    n = fma(n, z, 2.8047269005742956e-07)
    n = fma(n, z, -2.618308871837665e-06)
    n = fma(n, z, 2.195455349402521e-05)
    n = fma(n, z, -0.0001635898698696709)
    n = fma(n, z, 0.0010705215357386946)
    n = fma(n, z, -0.006082847181147319)
    n = fma(n, z, 0.029869784652462955)
    n = fma(n, z, -0.13055593046562244)
    n = fma(n, z, -0.32506676396034495)
    f = fma(3.4387446322122426e-16, t, -1.2548943556190544e-15)
    f = fma(f, t, -8.763654813409231e-15)
    f = fma(f, t, 4.9581347078760755e-14)
    f = fma(f, t, 1.820423190203714e-14)
    f = fma(f, t, -6.754145976685064e-13)
    f = fma(f, t, 1.8496944512334637e-12)
    f = fma(f, t, 1.8814128911889046e-13)
    f = fma(f, t, -1.8998459544698076e-11)
    f = fma(f, t, 7.810914509129116e-11)
    f = fma(f, t, -1.338021637775023e-10)
    f = fma(f, t, -2.323489168484291e-10)
    f = fma(f, t, 2.2726581741136426e-09)
    f = fma(f, t, -7.4286867387783405e-09)
    f = fma(f, t, 1.1827190039e-08)
    f = fma(f, t, 9.833882464224365e-09)
    f = fma(f, t, -1.3160158277323947e-07)
    f = fma(f, t, 4.955738863317507e-07)
    f = fma(f, t, -1.2779107628344625e-06)
    f = fma(f, t, 2.56234038525961e-06)
    f = fma(f, t, -4.162105665814834e-06)
    f = fma(f, t, 5.551730790662606e-06)
    f = fma(f, t, -6.080107807791663e-06)
    f = fma(f, t, 5.411238345375146e-06)
    f = fma(f, t, -3.833033673562442e-06)
    f = fma(f, t, 2.085965916284984e-06)
    f = fma(f, t, -8.211352454733263e-07)
    f = fma(f, t, 2.0854228484619228e-07)
    f = fma(f, t, 0.9999999743008093)
    near, far = fma(n, size, size), 1.0 if size > 5.875 else f
    return math.copysign(near if size < 2.0 else far, x)
