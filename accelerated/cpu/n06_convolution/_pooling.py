"""The best of each window, of as many windows as a vector has lanes."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from nnspec.accelerated.cpu._intrinsics import broadcast
from nnspec.accelerated.cpu._tile import VECTOR_BYTES


def _make_best(step):
    @intrinsic
    def best(typingctx, x, x_at, row, k, stride, first, largest, won, at):
        """Of windows of k rows, `row` apart in x, and k columns, which start `stride` apart from x_at on: the largest
        entry, and its number in the window. From place `at` on, first holds the number that wins over -inf, largest
        and won receive.

        The first of equals wins, and NaN over numbers. As many windows are taken as a vector has lanes.
        """
        size = types.intp
        signature = types.void(x, size, size, size, size, first, largest, won, size)

        def codegen(context, builder, signature, args):
            x, x_at, row, k, stride, *_, at = args
            kind, number = signature.args[0].dtype, signature.args[5].dtype
            lanes = VECTOR_BYTES * 8 // kind.bitwidth
            numbers, places = (ir.VectorType(context.get_data_type(of), lanes) for of in (kind, number))

            def vector_in(position):
                """Where it stands, and its alignment."""
                dtype = signature.args[position].dtype
                data = context.make_array(signature.args[position])(context, builder, args[position]).data
                vector = ir.VectorType(context.get_data_type(dtype), lanes)
                return builder.bitcast(builder.gep(data, [at]), vector.as_pointer()), dtype.bitwidth // 8

            start = builder.gep(context.make_array(signature.args[0])(context, builder, x).data, [x_at])
            lowest = ir.Constant(numbers, [ir.Constant(numbers.element, float("-inf"))] * lanes)
            place, align = vector_in(5)
            largest = cgutils.alloca_once_value(builder, lowest)
            won = cgutils.alloca_once_value(builder, builder.load(place, align=align))
            with cgutils.for_range(builder, k) as down, cgutils.for_range(builder, k) as right:
                tap = builder.add(builder.mul(down.index, row), right.index)
                met, best = _every(builder, builder.gep(start, [tap]), numbers, step, stride), builder.load(largest)
                new = builder.and_(builder.fcmp_unordered("uno", met, met), builder.fcmp_ordered("ord", best, best))
                wins = builder.or_(builder.fcmp_ordered(">", met, best), new)
                builder.store(builder.select(wins, met, best), largest)
                this = builder.trunc(builder.add(builder.mul(down.index, k), right.index), places.element)
                builder.store(builder.select(wins, broadcast(builder, this, places), builder.load(won)), won)
            for found, position in ((largest, 6), (won, 7)):
                place, align = vector_in(position)
                builder.store(builder.load(found), place, align=align)
            return context.get_dummy_value()

        return signature, codegen

    return best


def _every(builder, start, vector, step, stride):
    """Every step-th entry from one place on; step None: every stride-th."""
    lanes, lane = vector.count, ir.IntType(32)
    if step is None:
        found = ir.Constant(vector, ir.Undefined)
        for i in range(lanes):
            entry = builder.load(builder.gep(start, [builder.mul(stride, stride.type(i))]))
            found = builder.insert_element(found, entry, lane(i))
        return found
    align = {"float": 4, "double": 8}[str(vector.element)]
    pieces = [
        builder.load(builder.bitcast(builder.gep(start, [lane(i * lanes)]), vector.as_pointer()), align=align)
        for i in range(step)
    ]
    if step == 1:
        return pieces[0]
    even = ir.Constant(ir.VectorType(lane, lanes), [lane(i) for i in range(0, 2 * lanes, 2)])
    return builder.shuffle_vector(*pieces, even)


best_side_by_side, best_of_every_second, best_of_any = map(_make_best, (1, 2, None))
