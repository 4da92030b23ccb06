"""The register tile: a block of C that stays in vector registers while it is summed over k.

The compiler does not find this blocking by itself, so the loop is written in LLVM vectors: ROWS rows of C, each of two
vectors, take ROWS broadcasts of A and two loads of B for every k. Everything that combines rows with columns is this
one loop with another way to combine: `dot` (matrix products), `l1` and `l2` (distances).
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable

from nnspec.accelerated.cpu._intrinsics import broadcast, place_of, vector_bytes

VECTOR_BYTES = vector_bytes()
ROWS = 12 if VECTOR_BYTES == 64 else 6  # 2 ROWS + 3 registers: there are 32 with AVX-512, else 16
SHORT_ROWS = 8 if VECTOR_BYTES == 64 else 4  # where C has few rows: 32 or 64 filters are then whole tiles
DISTANCE_ROWS = 12 if VECTOR_BYTES == 64 else 4  # a difference needs a register of its own
VECTORS = 2
LINE = 64  # bytes of the cache


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


@register_jitable
def whole_lines(count, like):
    """Room for so many entries, from where a line of the cache begins: numba's arrays begin in the middle of one, and
    every vector of 64 bytes would lie across two."""
    room = np.empty(count + LINE // like.itemsize, like.dtype)
    skip = (LINE - room.ctypes.data % LINE) % LINE // like.itemsize
    return room[skip : skip + count]


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


def _summed(context, builder, kinds, args, combine, rows, vectors):
    """The sums of a tile, rows of vectors in registers: a loop over k. args: from the depth to where B begins."""
    depth, a, a_at, a_row, a_step, b, b_at = args
    scalar, bits = context.get_data_type(kinds[1].dtype), kinds[1].dtype.bitwidth
    lanes = VECTOR_BYTES * 8 // bits
    vector, index = ir.VectorType(scalar, lanes), depth.type
    a_start, b_start = place_of(context, builder, kinds[1], a, a_at), place_of(context, builder, kinds[5], b, b_at)
    before = builder.block
    loop, done = builder.append_basic_block("tile.loop"), builder.append_basic_block("tile.done")
    builder.branch(loop)

    builder.position_at_end(loop)
    k, a_now, b_now = builder.phi(index), builder.phi(a_start.type), builder.phi(b_start.type)
    totals = [[builder.phi(vector) for _ in range(vectors)] for _ in range(rows)]
    b_row = [builder.load(vector_at(builder, b_now, vector, j), align=bits // 8) for j in range(vectors)]
    sums = []
    for i in range(rows):
        entry = builder.load(builder.gep(a_now, [builder.mul(a_row, index(i))]))
        everywhere = broadcast(builder, entry, vector)
        sums.append([combine(builder, everywhere, b_row[j], totals[i][j]) for j in range(vectors)])
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
    return sums


def vector_at(builder, pointer, vector, j=0):
    """The place of the j-th vector from there on."""
    return builder.bitcast(builder.gep(pointer, [ir.IntType(64)(j * vector.count)]), vector.as_pointer())


def both_ways(builder, add):
    """Code for two cases: yields whether it is to add."""
    with builder.if_else(add) as (adding, storing):
        for branch, adds in ((adding, True), (storing, False)):
            with branch:
                yield adds


def _make_tile(combine, rows=ROWS):
    @intrinsic
    def tile(typingctx, depth, a, a_at, a_row, a_step, b, b_at, c, c_at, c_stride, add):
        """C[c_at + i c_stride + j] (+)= sum_k combine(A[a_at + i a_row + k a_step], B[b_at + k COLUMNS + j]).

        a, b, c are vectors in memory; B is packed, k after k, and A as well where a_row is 1 and a_step `rows`.
        add: whether to add to C or to overwrite it.
        """
        size = types.intp
        signature = types.void(size, a, size, size, size, b, size, c, size, size, types.boolean)

        def codegen(context, builder, signature, args):
            *factors, c, c_at, c_stride, add = args
            sums = _summed(context, builder, signature.args, factors, combine, rows, VECTORS)
            start, align = place_of(context, builder, signature.args[7], c, c_at), signature.args[7].dtype.bitwidth // 8
            for adds in both_ways(builder, add):
                for i, row in enumerate(sums):
                    for j, total in enumerate(row):
                        to = builder.gep(start, [builder.mul(c_stride, c_stride.type(i))])
                        to = vector_at(builder, to, total.type, j)
                        value = builder.fadd(total, builder.load(to, align=align)) if adds else total
                        builder.store(value, to, align=align)
            return context.get_dummy_value()

        return signature, codegen

    return tile


def _make_part_of_tile(combine):
    @intrinsic
    def tile(typingctx, depth, a, a_at, a_row, a_step, b, b_at, c, c_at, c_stride, add, here, width):
        """The same with one vector of the columns of a panel, where C ends after `here` rows or `width` columns."""
        size = types.intp
        signature = types.void(size, a, size, size, size, b, size, c, size, size, types.boolean, size, size)

        def codegen(context, builder, signature, args):
            *factors, c, c_at, c_stride, add, here, width = args
            sums = [row for (row,) in _summed(context, builder, signature.args, factors, combine, ROWS, 1)]
            vector, bits = sums[0].type, signature.args[7].dtype.bitwidth
            start, align = place_of(context, builder, signature.args[7], c, c_at), ir.IntType(32)(bits // 8)
            load, store = masked(builder, vector, bits)
            mask, nothing = lanes_before(builder, width, vector.count), ir.Constant(vector, None)
            for adds in both_ways(builder, add):
                end = builder.append_basic_block("part.end")
                for i, total in enumerate(sums):
                    row = builder.append_basic_block("part.row")
                    builder.cbranch(builder.icmp_signed("<", here.type(i), here), row, end)
                    builder.position_at_end(row)
                    to = vector_at(builder, builder.gep(start, [builder.mul(c_stride, c_stride.type(i))]), vector)
                    value = builder.fadd(total, builder.call(load, [to, align, mask, nothing])) if adds else total
                    builder.call(store, [value, to, align, mask])
                builder.branch(end)
                builder.position_at_end(end)
            return context.get_dummy_value()

        return signature, codegen

    return tile


dot = _make_tile(multiply_add)
l1, l2 = (_make_tile(combine, DISTANCE_ROWS) for combine in (_l1, _l2))
dot_short = _make_tile(multiply_add, SHORT_ROWS)
dot_part, l1_part, l2_part = map(_make_part_of_tile, (multiply_add, _l1, _l2))


def masked(builder, vector, bits):
    """The functions of LLVM that load and store the lanes of a vector where a mask is set."""
    pointer, mask, align = vector.as_pointer(), ir.VectorType(ir.IntType(1), vector.count), ir.IntType(32)
    name = f"v{vector.count}f{bits}.p0v{vector.count}f{bits}"
    kinds = {
        "load": ir.FunctionType(vector, [pointer, align, mask, vector]),
        "store": ir.FunctionType(ir.VoidType(), [vector, pointer, align, mask]),
    }
    return [cgutils.get_or_insert_function(builder.module, kinds[kind], f"llvm.masked.{kind}.{name}") for kind in kinds]


def lanes_before(builder, count, lanes, first=0):
    """A mask of so many lanes, the first of which has that number: those whose number is below count."""
    index = ir.VectorType(count.type, lanes)
    numbers = ir.Constant(index, [count.type(first + lane) for lane in range(lanes)])
    return builder.icmp_signed("<", numbers, broadcast(builder, count, index))


def _make_copy_of_part(vectors, fills=False):
    @intrinsic
    def copy(typingctx, source, source_at, target, target_at, count):
        """Write `count` entries, as many as fit into the vectors, from one place on to another place.

        One that fills writes whole vectors, with 0 for what is beyond the last entry.
        """
        size = types.intp
        signature = types.void(source, size, target, size, size)

        def codegen(context, builder, signature, args):
            source, source_at, target, target_at, count = args
            scalar, bits = context.get_data_type(signature.args[0].dtype), signature.args[0].dtype.bitwidth
            vector, align = ir.VectorType(scalar, VECTOR_BYTES * 8 // bits), ir.IntType(32)(bits // 8)
            load, store = masked(builder, vector, bits)
            starts = [
                place_of(context, builder, kind, array, at)
                for kind, array, at in zip(signature.args[:4:2], (source, target), (source_at, target_at), strict=True)
            ]
            for j in range(vectors):
                mask = lanes_before(builder, count, vector.count, j * vector.count)
                here, there = (vector_at(builder, start, vector, j) for start in starts)
                value = builder.call(load, [here, align, mask, ir.Constant(vector, None)])
                if fills:
                    builder.store(value, there, align=bits // 8)
                else:
                    builder.call(store, [value, there, align, mask])
            return context.get_dummy_value()

        return signature, codegen

    return copy


copy_part, fill_row = _make_copy_of_part(1), _make_copy_of_part(VECTORS, fills=True)


@intrinsic
def share_out(typingctx, source, source_at, count, target, even_at, evens, odd_at, odds):
    """Write numbers in turn to two places: as many of `count` as two vectors hold, of them `evens` and `odds`.

    Nothing beyond them is read or written.
    """
    size = types.intp
    signature = types.void(source, size, size, target, size, size, size, size)

    def codegen(context, builder, signature, args):
        source, source_at, count, target, even_at, evens, odd_at, odds = args
        scalar, bits = context.get_data_type(signature.args[0].dtype), signature.args[0].dtype.bitwidth
        lanes, align = VECTOR_BYTES * 8 // bits, ir.IntType(32)(bits // 8)
        vector, start = ir.VectorType(scalar, lanes), place_of(context, builder, signature.args[0], source, source_at)
        load, store = masked(builder, vector, bits)
        met = []
        for j in range(2):
            mask = lanes_before(builder, count, lanes, j * lanes)
            here = vector_at(builder, start, vector, j)
            met.append(builder.call(load, [here, align, mask, ir.Constant(vector, None)]))
        for first, at, share in ((0, even_at, evens), (1, odd_at, odds)):
            there = vector_at(builder, place_of(context, builder, signature.args[3], target, at), vector)
            value = builder.shuffle_vector(*met, _every_second(first, lanes))
            builder.call(store, [value, there, align, lanes_before(builder, share, lanes)])
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def share_out_whole(typingctx, source, source_at, target, even_at, odd_at):
    """The same for whole vectors: stores under a mask are slow where vectors are narrow."""
    size = types.intp
    signature = types.void(source, size, target, size, size)

    def codegen(context, builder, signature, args):
        source, source_at, target, even_at, odd_at = args
        scalar, bits = context.get_data_type(signature.args[0].dtype), signature.args[0].dtype.bitwidth
        lanes, align = VECTOR_BYTES * 8 // bits, bits // 8
        vector, start = ir.VectorType(scalar, lanes), place_of(context, builder, signature.args[0], source, source_at)
        met = [builder.load(vector_at(builder, start, vector, j), align=align) for j in range(2)]
        for first, at in ((0, even_at), (1, odd_at)):
            there = vector_at(builder, place_of(context, builder, signature.args[2], target, at), vector)
            builder.store(builder.shuffle_vector(*met, _every_second(first, lanes)), there, align=align)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def take_in_turn(typingctx, evens, even_at, odds, odd_at, target, target_at):
    """Write the numbers of two vectors in turn, the other way round than `share_out_whole`."""
    size = types.intp
    signature = types.void(evens, size, odds, size, target, size)

    def codegen(context, builder, signature, args):
        scalar, bits = context.get_data_type(signature.args[0].dtype), signature.args[0].dtype.bitwidth
        lanes, align = VECTOR_BYTES * 8 // bits, bits // 8
        vector = ir.VectorType(scalar, lanes)
        *two, start = (place_of(context, builder, signature.args[i], args[i], args[i + 1]) for i in (0, 2, 4))
        met = [builder.load(vector_at(builder, place, vector), align=align) for place in two]
        for j in range(2):
            lane = [first + j * lanes // 2 + i for i in range(lanes // 2) for first in (0, lanes)]
            take = ir.Constant(ir.VectorType(ir.IntType(32), lanes), lane)
            builder.store(builder.shuffle_vector(*met, take), vector_at(builder, start, vector, j), align=align)
        return context.get_dummy_value()

    return signature, codegen


def _every_second(first, lanes):
    return ir.Constant(ir.VectorType(ir.IntType(32), lanes), list(range(first, 2 * lanes, 2)))


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
copy_half = _make_copy(lambda itemsize: columns(itemsize) // VECTORS // 2)


@register_jitable
def copy_exactly(source, source_at, target, target_at, count):
    """Write `count` entries from one place on to another place, in vectors; the last may overlap the one before.

    Nothing beyond them is read or written.
    """
    lanes = width_of(source) // VECTORS
    if count < lanes and (VECTOR_BYTES == 64 or 2 * count < lanes):
        copy_part(source, source_at, target, target_at, count)
        return
    if count < lanes:  # where vectors are narrow, stores under a mask are slow
        copy_half(source, source_at, target, target_at)
        copy_half(source, source_at + count - lanes // 2, target, target_at + count - lanes // 2)
        return
    for j in range(0, count - lanes, lanes):
        copy_vector(source, source_at + j, target, target_at + j)
    copy_vector(source, source_at + count - lanes, target, target_at + count - lanes)
