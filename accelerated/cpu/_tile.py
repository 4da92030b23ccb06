"""The register tile: a block of C that stays in vector registers while it is summed over k.

The compiler does not find this blocking by itself, so the loop is written in LLVM vectors: ROWS rows of C, each of two
vectors, take ROWS broadcasts of A and two loads of B for every k. Everything that combines rows with columns is this
one loop with another way to combine: `dot` (matrix products), `l1` and `l2` (distances).
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable

from nnspec.accelerated.cpu._intrinsics import broadcast, place_of, vector_bytes

VECTOR_BYTES = vector_bytes()
ROWS = 12 if VECTOR_BYTES == 64 else 6  # 2 ROWS + 3 registers: there are 32 with AVX-512, else 16
SHORT_ROWS = 8 if VECTOR_BYTES == 64 else 4  # where C has few rows: 32 or 64 filters are then whole tiles
VECTORS = 2


@register_jitable
def columns(itemsize: int) -> int:
    """How many columns of C one tile has."""
    return VECTORS * VECTOR_BYTES // itemsize


@intrinsic
def width_of(typingctx, array):
    """The same of an array, known when a kernel is compiled: in front of every tile there is no time for a division."""

    def codegen(context, builder, signature, args):
        return context.get_constant(types.intp, VECTORS * VECTOR_BYTES * 8 // signature.args[0].dtype.bitwidth)

    return types.intp(array), codegen


def multiply_add(builder, a, b, total):
    return _intrinsic(builder, "fma", a, b, total)


def _l1(builder, a, b, total):
    return builder.fadd(total, _intrinsic(builder, "fabs", builder.fsub(a, b)))


def _l2(builder, a, b, total):
    difference = builder.fsub(a, b)
    return _intrinsic(builder, "fma", difference, difference, total)


def _intrinsic(builder, name, *vectors):
    vector = vectors[0].type
    bits = {"float": 32, "double": 64}[str(vector.element)]
    function = ir.FunctionType(vector, [vector] * len(vectors))
    name = f"llvm.{name}.v{vector.count}f{bits}"
    return builder.call(cgutils.get_or_insert_function(builder.module, function, name), vectors)


def _make_tile(combine, rows=ROWS, vectors=VECTORS):
    @intrinsic
    def tile(typingctx, depth, a, a_at, a_row, a_step, b, b_at, c, c_at, c_stride, add):
        """C[c_at + i c_stride + j] (+)= sum_k combine(A[a_at + i a_row + k a_step], B[b_at + k COLUMNS + j]).

        a, b, c are vectors in memory; B is packed, k after k, and A as well where a_row is 1 and a_step `rows`.
        add: whether to add to C or to overwrite it. A tile of fewer vectors takes the first columns of the same panels.
        """
        size = types.intp
        signature = types.void(size, a, size, size, size, b, size, c, size, size, types.boolean)

        def codegen(context, builder, signature, args):
            depth, a, a_at, a_row, a_step, b, b_at, c, c_at, c_stride, add = args
            scalar = context.get_data_type(signature.args[1].dtype)
            lanes = VECTOR_BYTES * 8 // signature.args[1].dtype.bitwidth
            vector, index = ir.VectorType(scalar, lanes), depth.type
            align = signature.args[1].dtype.bitwidth // 8

            def start(array, position, at):
                return place_of(context, builder, signature.args[position], array, at)

            def load(pointer, offset):
                return builder.load(
                    builder.bitcast(builder.gep(pointer, [index(offset)]), vector.as_pointer()), align=align
                )

            def combined(a_now, b_now, totals):
                """The sums after one more k."""
                b_row = [load(b_now, j * lanes) for j in range(vectors)]
                sums = []
                for i in range(rows):
                    entry = builder.load(builder.gep(a_now, [builder.mul(a_row, index(i))]))
                    everywhere = broadcast(builder, entry, vector)
                    sums.append([combine(builder, everywhere, b_row[j], totals[i][j]) for j in range(vectors)])
                return sums

            def store(c_start, sums, adds):
                for i in range(rows):
                    row = builder.gep(c_start, [builder.mul(c_stride, index(i))])
                    for j in range(vectors):
                        total = builder.fadd(sums[i][j], load(row, j * lanes)) if adds else sums[i][j]
                        place = builder.gep(row, [index(j * lanes)])
                        builder.store(total, builder.bitcast(place, vector.as_pointer()), align=align)

            a_start, b_start, c_start = start(a, 1, a_at), start(b, 5, b_at), start(c, 7, c_at)
            before = builder.block
            loop, done = builder.append_basic_block("tile.loop"), builder.append_basic_block("tile.done")
            builder.branch(loop)

            builder.position_at_end(loop)
            k, a_now, b_now = builder.phi(index), builder.phi(a_start.type), builder.phi(b_start.type)
            totals = [[builder.phi(vector) for _ in range(vectors)] for _ in range(rows)]
            sums = combined(a_now, b_now, totals)
            after = {
                k: (index(0), builder.add(k, index(1))),
                a_now: (a_start, builder.gep(a_now, [a_step])),
                b_now: (b_start, builder.gep(b_now, [index(VECTORS * lanes)])),
            }
            zero = ir.Constant(vector, None)
            after |= {totals[i][j]: (zero, sums[i][j]) for i in range(rows) for j in range(vectors)}
            for phi, (first, later) in after.items():
                phi.add_incoming(first, before)
                phi.add_incoming(later, loop)
            builder.cbranch(builder.icmp_signed("<", after[k][1], depth), loop, done)

            builder.position_at_end(done)
            with builder.if_else(add) as (adding, storing):
                for branch, adds in ((adding, True), (storing, False)):
                    with branch:
                        store(c_start, sums, adds)
            return context.get_dummy_value()

        return signature, codegen

    return tile


dot, l1, l2 = map(_make_tile, (multiply_add, _l1, _l2))
dot_short, dot_narrow = _make_tile(multiply_add, SHORT_ROWS), _make_tile(multiply_add, vectors=1)


def masked(builder, vector, bits):
    """The functions of LLVM that load and store the lanes of a vector where a mask is set."""
    pointer, mask, align = vector.as_pointer(), ir.VectorType(ir.IntType(1), vector.count), ir.IntType(32)
    name = f"v{vector.count}f{bits}.p0v{vector.count}f{bits}"
    kinds = {
        "load": ir.FunctionType(vector, [pointer, align, mask, vector]),
        "store": ir.FunctionType(ir.VoidType(), [vector, pointer, align, mask]),
    }
    return [cgutils.get_or_insert_function(builder.module, kinds[kind], f"llvm.masked.{kind}.{name}") for kind in kinds]


def _make_part(vectors, adds=False):
    @intrinsic
    def part(typingctx, source, source_at, target, target_at, count):
        """Write `count` entries, as many as fit into the vectors, from one place on to another place, or add them."""
        size = types.intp
        signature = types.void(source, size, target, size, size)

        def codegen(context, builder, signature, args):
            source, source_at, target, target_at, count = args
            scalar, bits = context.get_data_type(signature.args[0].dtype), signature.args[0].dtype.bitwidth
            lanes = VECTOR_BYTES * 8 // bits
            vector, index, align = (
                ir.VectorType(scalar, lanes),
                ir.VectorType(count.type, lanes),
                ir.IntType(32)(bits // 8),
            )
            load, store = masked(builder, vector, bits)
            everywhere, nothing = broadcast(builder, count, index), ir.Constant(vector, None)
            starts = [
                place_of(context, builder, kind, array, at)
                for kind, array, at in zip(signature.args[:4:2], (source, target), (source_at, target_at), strict=True)
            ]
            for j in range(vectors):
                lane_of = ir.Constant(index, [count.type(j * lanes + lane) for lane in range(lanes)])
                mask = builder.icmp_signed("<", lane_of, everywhere)
                here, there = (
                    builder.bitcast(builder.gep(start, [count.type(j * lanes)]), vector.as_pointer())
                    for start in starts
                )
                value = builder.call(load, [here, align, mask, nothing])
                if adds:
                    value = builder.fadd(value, builder.call(load, [there, align, mask, nothing]))
                builder.call(store, [value, there, align, mask])
            return context.get_dummy_value()

        return signature, codegen

    return part


copy_part, _copy_parts, _add_parts = _make_part(1), _make_part(VECTORS), _make_part(VECTORS, adds=True)


@register_jitable
def put(edge, rows, width, c, c_at, c_stride, add):
    """The first `rows` rows and `width` columns of a tile into C."""
    for i in range(rows):
        if add:
            _add_parts(edge, i * width_of(c), c, c_at + i * c_stride, width)
        else:
            _copy_parts(edge, i * width_of(c), c, c_at + i * c_stride, width)


@register_jitable
def dot_at_edge(depth, a, a_at, a_row, a_step, b, b_at, c, c_at, c_stride, add, rows, width, edge):
    """The tile where C ends before it does: after `rows` rows or `width` columns. edge: room for one tile.

    To be called where one of them is missing: with a whole tile in the same function, numba would count references of
    every array between any two tiles.
    """
    dot(depth, a, a_at, a_row, a_step, b, b_at, edge, 0, width_of(c), False)
    put(edge, min(ROWS, rows), min(width_of(c), width), c, c_at, c_stride, add)


@intrinsic
def copy_every_second(typingctx, source, source_at, target, target_at, count):
    """Write `count` entries, every second from one place on, to another place.

    Whatever the count, as many as a tile has columns are read and written: those beyond it are written as 0.
    """
    size = types.intp
    signature = types.void(source, size, target, size, size)

    def codegen(context, builder, signature, args):
        source, source_at, target, target_at, count = args
        scalar, bits = context.get_data_type(signature.args[0].dtype), signature.args[0].dtype.bitwidth
        lanes = VECTOR_BYTES * 8 // bits
        vector, index = ir.VectorType(scalar, lanes), ir.VectorType(count.type, lanes)

        def places(array, position, at, vectors):
            data = place_of(context, builder, signature.args[position], array, at)
            return [
                builder.bitcast(builder.gep(data, [count.type(j * lanes)]), vector.as_pointer()) for j in range(vectors)
            ]

        met = [builder.load(place, align=bits // 8) for place in places(source, 0, source_at, 2 * VECTORS)]
        even = ir.Constant(ir.VectorType(ir.IntType(32), lanes), list(range(0, 2 * lanes, 2)))
        values = [builder.shuffle_vector(*met[2 * j : 2 * j + 2], even) for j in range(VECTORS)]
        everywhere, nothing = broadcast(builder, count, index), ir.Constant(vector, None)
        for j, place in enumerate(places(target, 2, target_at, VECTORS)):
            columns = ir.Constant(index, [count.type(j * lanes + lane) for lane in range(lanes)])
            value = builder.select(builder.icmp_signed("<", columns, everywhere), values[j], nothing)
            builder.store(value, place, align=bits // 8)
        return context.get_dummy_value()

    return signature, codegen


def _make_copy(count):
    @intrinsic
    def copy(typingctx, source, source_at, target, target_at):
        """Write count(itemsize) entries from one place on to another place."""
        signature = types.void(source, types.intp, target, types.intp)

        def codegen(context, builder, signature, args):
            scalar, align = context.get_data_type(signature.args[0].dtype), signature.args[0].dtype.bitwidth // 8
            vector = ir.VectorType(scalar, count(align))
            source, target = (
                builder.bitcast(place_of(context, builder, kind, array, at), vector.as_pointer())
                for kind, array, at in zip(signature.args[::2], args[::2], args[1::2], strict=True)
            )
            builder.store(builder.load(source, align=align), target, align=align)
            return context.get_dummy_value()

        return signature, codegen

    return copy


@intrinsic
def transpose(typingctx, source, source_at, source_row, target, target_at, target_row):
    """Write a square, of as many rows and columns as a vector has lanes, with rows and columns exchanged.

    In registers: rows 1 apart exchange what is 1 off the diagonal, then rows 2 apart, 4 apart and so on.
    """
    size = types.intp
    signature = types.void(source, size, size, target, size, size)

    def codegen(context, builder, signature, args):
        source, source_at, source_row, target, target_at, target_row = args
        scalar, bits = context.get_data_type(signature.args[0].dtype), signature.args[0].dtype.bitwidth
        lanes = VECTOR_BYTES * 8 // bits
        vector, index = ir.VectorType(scalar, lanes), source_at.type

        def places(array, position, at, row):
            data = place_of(context, builder, signature.args[position], array, at)
            return [
                builder.bitcast(builder.gep(data, [builder.mul(row, index(i))]), vector.as_pointer())
                for i in range(lanes)
            ]

        rows = [builder.load(place, align=bits // 8) for place in places(source, 0, source_at, source_row)]
        apart = 1
        while apart < lanes:
            for i in (i for i in range(lanes) if not i & apart):
                upper, lower = rows[i], rows[i + apart]
                stay = [lane if not lane & apart else lanes + lane - apart for lane in range(lanes)]
                for place, take in ((i, stay), (i + apart, [lane + apart for lane in stay])):
                    take = ir.Constant(ir.VectorType(ir.IntType(32), lanes), take)
                    rows[place] = builder.shuffle_vector(upper, lower, take)
            apart *= 2
        for row, place in zip(rows, places(target, 3, target_at, target_row), strict=True):
            builder.store(row, place, align=bits // 8)
        return context.get_dummy_value()

    return signature, codegen


copy_column, copy_whole_row = _make_copy(lambda itemsize: ROWS), _make_copy(lambda itemsize: columns(itemsize))
copy_vector = _make_copy(lambda itemsize: columns(itemsize) // VECTORS)
