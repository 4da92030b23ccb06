"""The few LLVM instructions that numba has no name for, and typed constants. All of them vectorise."""

from llvmlite import ir
from numba import types
from numba.core import config
from numba.extending import intrinsic

_LAYOUT = {types.float32: (ir.IntType(32), 127, 23), types.float64: (ir.IntType(64), 1023, 52)}

_LLVM = {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}


@intrinsic
def like(typingctx, x, number):
    """The number as one of the type of x: a bare float would make float64 of what it touches in float32."""

    def codegen(context, builder, signature, args):
        return context.cast(builder, args[1], number, x)

    return x(x, number), codegen


@intrinsic
def fma(typingctx, x, y, z):
    """x * y + z with one rounding."""

    def codegen(context, builder, signature, args):
        return builder.fma(*args)

    return x(x, x, x), codegen


def polynomial(*coefficients):
    """The function x -> (…(c_0 x + c_1) x + …) x + c_n, in fused multiply-adds."""

    @intrinsic
    def evaluate(typingctx, x):
        def codegen(context, builder, signature, args):
            first, *rest = map(args[0].type, coefficients)
            for coefficient in rest:
                first = builder.fma(first, args[0], coefficient)
            return first

        return x(x), codegen

    return evaluate


@intrinsic
def rint(typingctx, x):
    """The nearest integer, as a float; halves to even."""

    def codegen(context, builder, signature, args):
        return builder.call(builder.module.declare_intrinsic("llvm.rint", [args[0].type]), args)

    return x(x), codegen


@intrinsic
def power_of_two(typingctx, n):
    """2^n for an integral float n whose power is a normal number; NaN gives some number, never undefined behaviour.

    Adding 1.5 * 2^mantissa leaves n in the lowest bits, from where it is shifted into the exponent.
    """
    integer, bias, mantissa = _LAYOUT[n]

    def codegen(context, builder, signature, args):
        float_type = args[0].type
        shifter = float_type(1.5 * 2.0**mantissa)
        bits = builder.bitcast(builder.fadd(args[0], shifter), integer)
        exponent = builder.add(builder.sub(bits, builder.bitcast(shifter, integer)), integer(bias))
        return builder.bitcast(builder.shl(exponent, integer(mantissa)), float_type)

    return n(n), codegen


@intrinsic
def exponent(typingctx, x):
    """The integral float n for which x / 2^n is in 0.75 … 1.5, of a positive normal x; some number of others.

    Half an exponent more carries what is 1.5 and above to the next; with the bits of 2^mantissa it is a float.
    """
    integer, bias, mantissa = _LAYOUT[x]

    def codegen(context, builder, signature, args):
        float_type = args[0].type
        bits = builder.add(builder.bitcast(args[0], integer), integer(1 << mantissa - 1))
        biased = builder.lshr(bits, integer(mantissa))
        shifted = builder.or_(biased, integer(bias + mantissa << mantissa))
        return builder.fsub(builder.bitcast(shifted, float_type), float_type(2.0**mantissa + bias))

    return x(x), codegen


@intrinsic
def rank(typingctx, x):
    """Where a float stands among all floats in their order: 0 is 0, the next larger 1, -x is -rank(x)."""
    integer, _, _ = _LAYOUT[x]
    rest = integer((1 << integer.width - 1) - 1)

    def codegen(context, builder, signature, args):
        bits = builder.bitcast(args[0], integer)
        size = builder.and_(bits, rest)
        place = builder.select(builder.icmp_signed("<", bits, integer(0)), builder.neg(size), size)
        return builder.sext(place, ir.IntType(64)) if integer.width < 64 else place

    return types.int64(x), codegen


@intrinsic
def ranked(typingctx, place, like):
    """The float of this rank, of the type of `like`."""
    integer, _, _ = _LAYOUT[like]

    def codegen(context, builder, signature, args):
        place = builder.trunc(args[0], integer) if integer.width < 64 else args[0]
        below = builder.icmp_signed("<", place, integer(0))
        sign = builder.select(below, integer(1 << integer.width - 1), integer(0))
        bits = builder.or_(builder.select(below, builder.neg(place), place), sign)
        return builder.bitcast(bits, _LLVM[like])

    return like(types.int64, like), codegen


def vector_bytes() -> int:
    """How wide the vectors of the target are, as numba was told or as the host says."""
    if config.CPU_FEATURES is not None:
        features = config.CPU_FEATURES
    elif config.CPU_NAME == "generic":
        features = ""
    else:
        from llvmlite import binding

        features = binding.get_host_cpu_features().flatten()
    has = {name[1:] for name in features.split(",") if name.startswith("+")}
    return 64 if "avx512f" in has else 32 if "avx2" in has else 16


def place_of(context, builder, kind, array, at):
    """The LLVM pointer to entry `at` of an array of that type of numba's."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [at])


def broadcast(builder, number, vector):
    """The LLVM value of a vector type of which every lane holds the number."""
    lane = builder.insert_element(ir.Constant(vector, ir.Undefined), number, ir.IntType(32)(0))
    first = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None)
    return builder.shuffle_vector(lane, ir.Constant(vector, ir.Undefined), first)
