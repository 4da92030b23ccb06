"""exp, log, tanh, sigmoid, the normal distribution and angles as polynomials, which the compiler can vectorise;
`math.exp` is a call to libm an element.

exp: x = n ln2 + r with |r| <= ln2 / 2 (Cody and Waite 1980), expm1(r) = r + r^2 q(r), exp(x) = 2^n (1 + expm1(r)).
log: x = 2^n (1 + m) with m in -1/4 … 1/2, log(1 + m) = m + m^2 l(m), log(x) = n ln2 + log(1 + m).
log1p: the same with n of 1 + x, where m = x 2^-n + (2^-n - 1) has one rounding, and none where n = 0: there m = x.
tanh: x + x^3 t(x^2) where |x| < 0.625, else 1 - 2 / (exp(2|x|) + 1) with the sign of x.
sigmoid: 1 / (1 + exp(-x)), both sides times exp(x) where x < 0, so that exp is of -|x| and cannot overflow.
Phi(x), and Phi(x) + x phi(x), the slope of x Phi(x): 1/2 + x p(x^2) with x brought back to where they round to 0 or 1.
     What they add to 1/2 is odd, so that one p is enough. The error is some units in the last place of 1, as it is in
     (1 + erf) / 2. p is written about the middle of its interval, where powers stay small.
atan2: r is the lesser of |x| and |y| over the greater, z is r or, from tan(pi/8) on, (r - 1) / (r + 1). The angle is
     some eighths of a turn and +-atan(z), atan(z) = z + z^3 a(z^2). Below 3 units in the last place.

q, l, t, p and a interpolate at Chebyshev points (computed with 130 bits and more). NaN stays NaN, overflow gives
infinity.
Underflow is gradual in exp; flushed_exp and sigmoid are 0 where they would be no normal number.
"""

import math

import numpy as np
from numba import types
from numba.extending import overload, register_jitable

from nnspec.accelerated.cpu._intrinsics import exponent, fma, like, polynomial, power_of_two, rint

_f = np.float32
_LOG2E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # n * _LN2_HIGH is exact
_EIGHTH, _EIGHTH_LOW = 0.7853981633974483, 3.061616997868383e-17  # of a turn: pi / 4
_EIGHTH32, _EIGHTH_LOW32 = _f(0.7853981852531433), _f(-2.1855694143368964e-8)
_LN2_HIGH32, _LN2_LOW32 = _f(0.693145751953125), _f(1.42860682030941723212e-6)


def exp(x):
    raise TypeError("only for compiled code")


def flushed_exp(x):
    """exp of what is not positive, a third faster: enough for a softmax."""
    raise TypeError("only for compiled code")


def log(x):
    raise TypeError("only for compiled code")


def log1p(x):
    raise TypeError("only for compiled code")


def tanh(x):
    raise TypeError("only for compiled code")


def sigmoid(x):
    raise TypeError("only for compiled code")


def normal_cdf(x):
    """Phi(x) = (1 + erf(x / sqrt 2)) / 2."""
    raise TypeError("only for compiled code")


def normal_slope(x):
    """Phi(x) + x phi(x), the derivative of x Phi(x)."""
    raise TypeError("only for compiled code")


def atan2(y, x):
    raise TypeError("only for compiled code")


def hypot(x, y):
    """sqrt(x^2 + y^2), which is finite where it can be."""
    raise TypeError("only for compiled code")


@overload(exp)
def _exp(x):
    return {types.float32: exp32, types.float64: exp64}.get(x)


@overload(flushed_exp)
def _flushed_exp(x):
    return {types.float32: flushed_exp32, types.float64: flushed_exp64}.get(x)


@overload(log)
def _log(x):
    return {types.float32: log_by_exponent, types.float64: log_by_exponent}.get(x)


@overload(log1p)
def _log1p(x):
    return {types.float32: log1p_by_exponent, types.float64: log1p_by_exponent}.get(x)


@overload(tanh)
def _tanh(x):
    return {types.float32: tanh32, types.float64: tanh64}.get(x)


@overload(sigmoid)
def _sigmoid(x):
    return {types.float32: sigmoid_by_exp, types.float64: sigmoid_by_exp}.get(x)


@overload(normal_cdf)
def _normal_cdf(x):
    return {types.float32: normal_cdf32, types.float64: normal_cdf64}.get(x)


@overload(normal_slope)
def _normal_slope(x):
    return {types.float32: normal_slope32, types.float64: normal_slope64}.get(x)


@overload(atan2)
def _atan2(y, x):
    return {types.float32: atan2_by_octants, types.float64: atan2_by_octants}.get(x)


@overload(hypot)
def _hypot(x, y):
    return {types.float32: hypot_by_ratio, types.float64: hypot_by_ratio}.get(x)


def _numbers(table):
    return map(float, table.split())


_q32 = polynomial(0.001392632562, 0.008363292753, 0.04166655376, 0.1666657631, 0.5)
_Q64 = """
    2.091483135138041056e-9  2.510541919201633643e-8  2.755727329553972434e-7  2.755725491348670202e-6
    2.480158732582228205e-5  1.984126987520507685e-4  1.388888888888366963e-3  8.333333333326024951e-3
    4.166666666666666981e-2  1.666666666666667107e-1  0.5
"""
_q64 = polynomial(*_numbers(_Q64))
_L32 = """
    0.03944222834  -0.09291868916  0.1171611095  -0.1269930857  0.142704628
    -0.1665666699   0.1999992528  -0.2500015321   0.3333333577  -0.4999999963
"""
_l32 = polynomial(*_numbers(_L32))
_L64 = """
    -7.451776646523201452e-3  2.738880962002590993e-2  -4.774183553310943900e-2  5.654432838815795199e-2
    -5.758217924727410562e-2  5.886248597008304295e-2  -6.226864840162108589e-2  6.661910466085627018e-2
    -7.143886072817202244e-2  7.692715826526243145e-2  -8.333322326707126095e-2  9.090892824759696672e-2
    -9.999999398402743744e-2  1.111111145632425514e-1  -1.250000002155173277e-1  1.428571428187740022e-1
    -1.666666666641523284e-1  2.000000000001955951e-1  -2.500000000000097791e-1  3.333333333333330275e-1
                        -0.5
"""
_l64 = polynomial(*_numbers(_L64))
_t32 = polynomial(
    -0.006045165006071329, 0.020961329340934753, -0.053843263536691666, 0.1333271861076355, -0.333333283662796
)
_T64 = """
     6.354340814859719e-06  -3.092912547386467e-05   9.23274970808537e-05   -0.0002374675659822325
     0.000589622148687206   -0.0014557676940659455   0.003592120760870841   -0.008863235024306106
     0.021869488515352347   -0.05396825396781054     0.1333333333333296     -0.3333333333333333
"""
_t64 = polynomial(*_numbers(_T64))
_a32 = polynomial(-0.06451928208, 0.1074373149, -0.142639556, 0.1999954048, -0.3333333176)
_A64 = """
    -0.01917688711906225899   0.0392316582955871913  -0.05085449737940259861   0.05858148912802209882
    -0.06664511447381948   0.07692183190826086564  -0.0909090457812390189   0.1111111101525636173
    -0.1428571428466654292   0.1999999999999552068  -0.3333333333333333016
"""
_a64 = polynomial(*_numbers(_A64))


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
    return fma(_q32(r) * r, r, r) + _f(1), n


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
    return fma(_q64(r) * r, r, r) + 1.0, n


def log_by_exponent(x):
    tiny = x < like(x, 1e-37)  # among them all that are no normal numbers
    scaled = x * like(x, 2.0**60) if tiny else x
    n = exponent(scaled)
    m = fma(scaled, _inverse_power(n), like(x, -1))
    return _where_it_exists(x, log_of_parts(n - like(x, 60) if tiny else n, m))


def log1p_by_exponent(x):
    whole = like(x, 1) + x
    n = exponent(whole)
    scale = _inverse_power(n)
    m = fma(x, scale, scale - like(x, 1))
    return math.copysign(_where_it_exists(whole, log_of_parts(n, m)), x)  # -0 stays -0


@register_jitable
def _inverse_power(n):
    """2^-n, in two factors: of the largest numbers it is no normal one."""
    return like(n, 0.25) * power_of_two(like(n, 2) - n)


@register_jitable
def _where_it_exists(x, value):
    """log(x), where the value is that of a finite positive x."""
    inf = like(x, math.inf)
    return value if like(x, 0) < x < inf else (x if x == inf else (-inf if x == like(x, 0) else like(x, math.nan)))


def log_of_parts(n, m):
    """log(2^n (1 + m))."""
    raise TypeError("only for compiled code")


@overload(log_of_parts)
def _log_of_parts(n, m):
    return {types.float32: log_of_parts32, types.float64: log_of_parts64}.get(n)


def log_of_parts32(n, m):
    return fma(n, _LN2_HIGH32, fma(n, _LN2_LOW32, fma(_l32(m) * m, m, m)))


def log_of_parts64(n, m):
    return fma(n, _LN2_HIGH, fma(n, _LN2_LOW, fma(_l64(m) * m, m, m)))


def tanh32(x):
    z, size = x * x, abs(x)
    near = fma(_t32(z) * z, size, size)
    p, n = _mantissa32(_f(20) if size > _f(10) else size + size)
    far = _f(1) - _f(2) / fma(p, power_of_two(n), _f(1))
    return math.copysign(near if size < _f(0.625) else far, x)


def tanh64(x):
    z, size = x * x, abs(x)
    near = fma(_t64(z) * z, size, size)
    p, n = _mantissa64(40.0 if size > 20.0 else size + size)
    far = 1.0 - 2.0 / fma(p, power_of_two(n), 1.0)
    return math.copysign(near if size < 0.625 else far, x)


def sigmoid_by_exp(x):
    one, e = like(x, 1), flushed_exp(-abs(x))
    return (one if x >= 0 else e) / (one + e)


def atan2_by_octants(y, x):
    one, far, t = like(x, 1), abs(y) > abs(x), _ratio(x, y)
    turned = t > like(x, 0.4142135623730950488)
    a = arctangent((t - one if turned else t) / (t + one if turned else one))
    eighths = one if turned else like(x, 0)
    eighths, a = like(x, 2) - eighths if far else eighths, -a if far else a
    left = math.copysign(one, x) < like(x, 0)
    eighths, a = like(x, 4) - eighths if left else eighths, -a if left else a
    return x + y if x != x or y != y else math.copysign(of_eighths(eighths, a), y)


def hypot_by_ratio(x, y):
    inf, width, height, t = like(x, math.inf), abs(x), abs(y), _ratio(x, y)
    length = (height if height > width else width) * math.sqrt(fma(t, t, like(x, 1)))
    return inf if width == inf or height == inf else length


@register_jitable
def _ratio(x, y):
    """The lesser of |x| and |y| over the greater; NaN where one is NaN and none is infinite."""
    far = abs(y) > abs(x)
    lesser, greater = abs(x) if far else abs(y), abs(y) if far else abs(x)
    zero = greater == like(x, 0)
    t = lesser / (like(x, 1) if zero else greater)
    return like(x, 1) if lesser == like(x, math.inf) else t


def arctangent(z):
    """atan(z) for |z| <= tan(pi/8)."""
    raise TypeError("only for compiled code")


@overload(arctangent)
def _arctangent(z):
    return {types.float32: arctangent32, types.float64: arctangent64}.get(z)


def arctangent32(z):
    s = z * z
    return fma(_a32(s) * s, z, z)


def arctangent64(z):
    s = z * z
    return fma(_a64(s) * s, z, z)


def of_eighths(eighths, a):
    """An angle of so many eighths of a turn, and a."""
    raise TypeError("only for compiled code")


@overload(of_eighths)
def _of_eighths(eighths, a):
    return {types.float32: of_eighths32, types.float64: of_eighths64}.get(a)


def of_eighths32(eighths, a):
    return fma(eighths, _EIGHTH32, fma(eighths, _EIGHTH_LOW32, a))


def of_eighths64(eighths, a):
    return fma(eighths, _EIGHTH, fma(eighths, _EIGHTH_LOW, a))


def _half_and_odd(reach, middle, coefficients):
    """1/2 + x p(x^2 - middle) with x brought back to +-reach, where the product rounds to +-1/2."""
    p = polynomial(*_numbers(coefficients))

    def function(x):
        far = like(x, reach)
        near = far if x > far else (-far if x < -far else x)  # in this order NaN stays NaN
        return like(x, 0.5) + near * p(fma(near, near, like(x, -middle)))

    return function


_NORMAL_CDF32 = """
     2.2978733e-20  -7.847607e-19    7.1523206e-18  -1.6462643e-16   8.884621e-15
    -2.2736022e-13   4.590752e-12   -9.789268e-11    2.0260342e-9   -3.869572e-8
     7.0402615e-7   -1.2553692e-5    0.00022687609  -0.004465301     0.13077706
"""
normal_cdf32 = _half_and_odd(5.40625, 14.61377, _NORMAL_CDF32)
_NORMAL_SLOPE32 = """
    -3.875755e-24    1.4707136e-22  -3.913743e-23   -1.5372719e-20  -1.9024765e-18
     5.770803e-17   -7.938043e-16    1.6100296e-14  -4.2610986e-13   8.313105e-12
    -1.3635255e-10   2.1731992e-9   -3.347612e-8     5.090338e-7    -8.302431e-6
     0.00015515166  -0.003462591     0.119783334
"""
normal_slope32 = _half_and_odd(5.90625, 17.441895, _NORMAL_SLOPE32)
_NORMAL_CDF64 = """
    -8.859326582730117e-64    7.457386809738596e-62    3.8916136235940795e-60  -3.4774669860424945e-58
    -2.2152168849929546e-56   1.8380948242985458e-54   1.6887134215264032e-53  -1.9536357351706074e-51
    -1.652359250946971e-49    1.1938902787407865e-47  -2.9276863924691942e-46   1.4875535682627655e-44
    -1.3176323800992022e-42   7.489325147626694e-41   -3.595645557612945e-39    1.834741432816511e-37
    -9.397442109517697e-36    4.540358103609504e-34   -2.1038356843674234e-32   9.480438132350594e-31
    -4.142104261799259e-29    1.752000505185828e-27   -7.192001913744198e-26    2.873432235591945e-24
    -1.1206687514115728e-22   4.282569296233278e-21   -1.6106621111400262e-19   5.9904901901263536e-18
    -2.214131606082086e-16    8.171074615871047e-15   -3.0241828466521156e-13   1.1272859045190088e-11
    -4.251670633048524e-10    1.6324769614672826e-8   -6.446106836332327e-7     2.672496627008571e-5
    -0.0012310904471517213    0.08506547708236549
"""
normal_cdf64 = _half_and_odd(8.3125, 34.548828125, _NORMAL_CDF64)
_NORMAL_SLOPE64 = """
    -1.7622894705140773e-74   1.6617645002028577e-72   1.4673130899531365e-70  -1.4345285474439435e-68
    -1.0153147128459035e-66   9.624338738273505e-65    2.766093459980635e-63   -2.8191299589370245e-61
    -1.2172095902172283e-59   1.0941059366803452e-57   2.1987451925156965e-57  -6.954550978952961e-55
    -9.29022712206594e-53     6.727180747941171e-51   -2.1384751853867546e-49   1.1178016958144116e-47
    -8.371388460074701e-46    4.676172269563188e-44   -2.2664251099402216e-42   1.1305844765308804e-40
    -5.5982991608097647e-39   2.610867093008956e-37   -1.1582662028620064e-35   4.949250925403585e-34
    -2.0297144501857307e-32   7.961699085870039e-31   -2.992013676987808e-29    1.0808281897122932e-27
    -3.771969505312229e-26    1.2831413046239112e-24  -4.315227868750256e-23    1.4619771377498637e-21
    -5.092088514101382e-20    1.851513584405239e-18   -7.060846831245611e-17    2.807908410992496e-15
    -1.1525031223133116e-13   4.84058832321354e-12    -2.0724076261485667e-10   9.059064002348398e-9
    -4.076341978650437e-7     1.9263603081921623e-5   -0.0010115332222330842    0.07967400460576632
"""
normal_slope64 = _half_and_odd(8.875, 39.3828125, _NORMAL_SLOPE64)
