"""Sums and maxima along a row in wide vectors, in one fixed order.

A compiler may only vectorise such a loop if it is allowed to reorder the additions (`reassoc`), and then the bits are
its choice: the same kernel was seen to differ between a fresh compilation and the cached one. Here the order is
written down: lane l takes every LANES-th element, the lanes are combined in halves, the rest one by one.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = {32: 32, 64: 16}  # by bits: two vectors of AVX-512, so that two additions are under way at a time


def _make_fold(combine, neutral):
    @intrinsic
    def fold(typingctx, x, start, size):
        """combine(x[start], …, x[start + size - 1]) of a vector in memory; `neutral` if size is 0."""
        signature = x.dtype(x, types.intp, types.intp)
        lanes = LANES[x.dtype.bitwidth]

        def codegen(context, builder, signature, args):
            array, start, size = args
            scalar, index = context.get_data_type(signature.return_type), start.type
            vector, align = ir.VectorType(scalar, lanes), signature.return_type.bitwidth // 8
            data = builder.gep(context.make_array(signature.args[0])(context, builder, array).data, [start])
            whole = builder.mul(builder.sdiv(size, index(lanes)), index(lanes))

            def loop(first, end, step, begin, load):
                """Fold from `first` to `end`; returns the result."""
                before = builder.block
                head, body, done = (builder.append_basic_block(f"fold.{name}") for name in ("head", "body", "done"))
                builder.branch(head)
                builder.position_at_end(head)
                k, total = builder.phi(index), builder.phi(begin.type)
                builder.cbranch(builder.icmp_signed("<", k, end), body, done)
                builder.position_at_end(body)
                more = combine(builder, total, load(builder.gep(data, [k])))
                for phi, initial, later in ((k, first, builder.add(k, index(step))), (total, begin, more)):
                    phi.add_incoming(initial, before)
                    phi.add_incoming(later, body)
                builder.branch(head)
                builder.position_at_end(done)
                return total

            def load_vector(pointer):
                return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=align)

            nothing = ir.Constant(vector, [ir.Constant(scalar, neutral)] * lanes)
            total = loop(index(0), whole, lanes, nothing, load_vector)
            half = lanes // 2
            while half:
                low, high = (_part(builder, total, range(at, at + half)) for at in (0, half))
                total, half = combine(builder, low, high), half // 2
            total = builder.extract_element(total, ir.IntType(32)(0))
            return loop(whole, size, 1, total, builder.load)

        return signature, codegen

    return fold


def _part(builder, vector, lanes):
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), [ir.IntType(32)(lane) for lane in lanes])
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), mask)


def _add(builder, total, x):
    return builder.fadd(total, x)


def _larger(builder, total, x):
    """NaN is passed over: whoever takes a maximum sees it again in what follows."""
    return builder.select(builder.fcmp_ordered(">", x, total), x, total)


fold_sum, fold_max = _make_fold(_add, 0.0), _make_fold(_larger, float("-inf"))
