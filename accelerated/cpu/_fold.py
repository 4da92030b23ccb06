"""Sums and maxima along a row in wide vectors, in one fixed order.

A compiler may only vectorise such a loop if it is allowed to reorder the additions (`reassoc`), and then the bits are
its choice: the same kernel was seen to differ between a fresh compilation and the cached one. Here the order is
written down: lane l takes every LANES-th element. The lanes are combined in halves, and where the rest of the row still
has as many elements as there are lanes left, these are taken in.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from nnspec.accelerated.cpu._intrinsics import broadcast, place_of

LANES = {32: 32, 64: 16}  # by bits: two vectors of AVX-512, so that two additions are under way at a time


@intrinsic
def fold_sum(typingctx, x, start, size):
    """x[start] + … + x[start + size - 1] of a vector in memory."""
    return x.dtype(x, types.intp, types.intp), _folding(_add, 0.0, lambda builder, x: x)


@intrinsic
def fold_max(typingctx, x, start, size):
    """The largest of x[start], …; -inf if size is 0. NaN is passed over: who takes it sees it again in what follows."""
    return x.dtype(x, types.intp, types.intp), _folding(_larger, float("-inf"), lambda builder, x: x)


@intrinsic
def fold_distances(typingctx, x, start, size, middle):
    """The sum of x[start + j] - middle."""

    def distance(builder, x, middle):
        return builder.fsub(x, middle)

    return x.dtype(x, types.intp, types.intp, x.dtype), _folding(_add, 0.0, distance)


@intrinsic
def fold_squares(typingctx, x, start, size, middle):
    """The sum of (x[start + j] - middle)^2."""

    def square(builder, x, middle):
        off = builder.fsub(x, middle)
        return builder.fmul(off, off)

    return x.dtype(x, types.intp, types.intp, x.dtype), _folding(_add, 0.0, square)


@intrinsic
def fold_products(typingctx, x, x_start, y, y_start, size):
    """The sum of x[x_start + j] y[y_start + j]."""
    size = types.intp
    return x.dtype(x, size, y, size, size), _folding(_add, 0.0, lambda builder, x, y: builder.fmul(x, y))


@intrinsic
def fold_products_of_three(typingctx, x, x_start, y, y_start, z, z_start, size, middle):
    """The sum of (x[x_start + j] - middle) y[y_start + j] z[z_start + j]."""

    def product(builder, x, y, z, middle):
        return builder.fmul(builder.fmul(builder.fsub(x, middle), y), z)

    size = types.intp
    return x.dtype(x, size, y, size, z, size, size, x.dtype), _folding(_add, 0.0, product)


@intrinsic
def fold_hinges(typingctx, x, start, size, right, delta):
    """The sum of max(0, (x[start + j] - right) + delta). NaN stays NaN."""

    def hinge(builder, x, right, delta):
        margin = builder.fadd(builder.fsub(x, right), delta)
        zero = ir.Constant(margin.type, None)
        return builder.select(builder.fcmp_ordered("<=", margin, zero), zero, margin)

    return x.dtype(x, types.intp, types.intp, x.dtype, x.dtype), _folding(_add, 0.0, hinge)


@intrinsic
def fold_below(typingctx, x, start, size, bound):
    """How many of x[start], … are not at or above the bound, so that NaN is one of them; exact up to 2^24 a lane."""

    def counted(builder, x, bound):
        return _one_if(builder, builder.fcmp_unordered("<", x, bound), x.type)

    return x.dtype(x, types.intp, types.intp, x.dtype), _folding(_add, 0.0, counted)


@intrinsic
def fold_margins(typingctx, x, start, size, right, delta):
    """How many of (x[start + j] - right) + delta are above 0; exact up to 2^24 a lane."""

    def above(builder, x, right, delta):
        margin = builder.fadd(builder.fsub(x, right), delta)
        return _one_if(builder, builder.fcmp_ordered(">", margin, ir.Constant(margin.type, None)), x.type)

    return x.dtype(x, types.intp, types.intp, x.dtype, x.dtype), _folding(_add, 0.0, above)


def _folding(combine, neutral, term):
    """The code of a fold whose arguments are (array, start), …, size, number, …: combines the terms of all of these."""

    def codegen(context, builder, signature, args):
        scalar, bits = context.get_data_type(signature.return_type), signature.return_type.bitwidth
        arrays = [i for i, kind in enumerate(signature.args) if isinstance(kind, types.Array)]
        rows = [place_of(context, builder, signature.args[i], args[i], args[i + 1]) for i in arrays]
        size, *numbers = args[2 * len(arrays) :]
        index, lanes = size.type, LANES[bits]

        def terms(at, width):
            """Those of `width` elements from `at` on."""
            if width == 1:
                return term(builder, *(builder.load(builder.gep(row, [at])) for row in rows), *numbers)
            vector = ir.VectorType(scalar, width)
            places = (builder.bitcast(builder.gep(row, [at]), vector.as_pointer()) for row in rows)
            loaded = [builder.load(place, align=bits // 8) for place in places]
            return term(builder, *loaded, *(broadcast(builder, number, vector) for number in numbers))

        before = builder.block
        head, body, done = (builder.append_basic_block(f"fold.{name}") for name in ("head", "body", "done"))
        builder.branch(head)
        builder.position_at_end(head)
        k, total = builder.phi(index), builder.phi(ir.VectorType(scalar, lanes))
        after = builder.add(k, index(lanes))
        builder.cbranch(builder.icmp_signed("<=", after, size), body, done)
        builder.position_at_end(body)
        more = combine(builder, total, terms(k, lanes))
        nothing = ir.Constant(total.type, [ir.Constant(scalar, neutral)] * lanes)
        for phi, initial, later in ((k, index(0), after), (total, nothing, more)):
            phi.add_incoming(initial, before)
            phi.add_incoming(later, body)
        builder.branch(head)
        builder.position_at_end(done)

        while lanes > 1:
            lanes //= 2
            total = combine(builder, *(_part(builder, total, range(at, at + lanes)) for at in (0, lanes)))
            before = builder.block
            with builder.if_then(builder.icmp_signed("!=", builder.and_(size, index(lanes)), index(0))):
                more, later, taking = (
                    combine(builder, total, terms(k, lanes)),
                    builder.add(k, index(lanes)),
                    builder.block,
                )
            k, total = (_either(builder, a, before, b, taking) for a, b in ((k, later), (total, more)))
        return total

    return codegen


def halved(builder, total):
    """The sum of a vector's lanes, added in halves."""
    lanes = total.type.count
    while lanes > 1:
        lanes //= 2
        total = builder.fadd(*(_part(builder, total, range(at, at + lanes)) for at in (0, lanes)))
    return total


def _part(builder, vector, lanes):
    if len(lanes) == 1:
        return builder.extract_element(vector, ir.IntType(32)(lanes[0]))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), [ir.IntType(32)(lane) for lane in lanes])
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), mask)


def _one_if(builder, condition, kind):
    """1 or 0, of a type which may be a vector."""
    one = [1.0] * kind.count if isinstance(kind, ir.VectorType) else 1.0
    return builder.select(condition, ir.Constant(kind, one), ir.Constant(kind, None))


def _either(builder, value, block, other, other_block):
    phi = builder.phi(value.type)
    phi.add_incoming(value, block)
    phi.add_incoming(other, other_block)
    return phi


def _add(builder, total, x):
    return builder.fadd(total, x)


def _larger(builder, total, x):
    return builder.select(builder.fcmp_ordered(">", x, total), x, total)
