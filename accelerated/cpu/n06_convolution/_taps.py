"""The register tiles of a convolution: as in `_tile`, but no panel is packed. Row k of B is read where the image is
laid out. Forward, row k is what tap k meets: in successive windows these are successive numbers, apart from a few
columns beyond the end of each row of windows, whose sums nobody reads. For dw, row k is what window k meets: taps of
one row of the kernel are successive numbers there, and the last vector of them runs over into what nobody reads.

Wide vectors of an image mostly lie across two lines of the cache, which the tile waits for: the more filters meet each,
the better. There are tiles of MANY, of ROWS and of FEW filters; these meet more vectors, if there is room for them.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from nnspec.accelerated.cpu._intrinsics import broadcast, place_of
from nnspec.accelerated.cpu._tile import ROWS as MANY
from nnspec.accelerated.cpu._tile import SHORT_ROWS as ROWS
from nnspec.accelerated.cpu._tile import VECTOR_BYTES, VECTORS, both_ways, multiply_add, vector_at

FEW, VECTORS_OF_FEW = (4, VECTORS) if VECTOR_BYTES == 64 else (3, 2 * VECTORS)  # three are the channels of an image


class _Tile:
    """What both tiles write: a loop over k, in which numbers meet two vectors and their products are added up."""

    def __init__(self, context, builder, signature, args, filters=ROWS, vectors=VECTORS):
        self.context, self.builder, self.types, self.args = context, builder, signature.args, args
        self.filters, self.count = filters, vectors
        kind = next(one.dtype for one in signature.args if isinstance(one, types.Array))
        self.align, self.lanes = kind.bitwidth // 8, VECTOR_BYTES * 8 // kind.bitwidth
        self.vector = ir.VectorType(context.get_data_type(kind), self.lanes)

    def at(self, position, first, *steps):
        """The place of an entry of the array at that position of the arguments: the steps are added up."""
        pointer = place_of(self.context, self.builder, self.types[position], self.args[position], first)
        for step in steps:
            pointer = self.builder.gep(pointer, [step])
        return pointer

    def rows(self, pointer, stride):
        """The places of an entry for each filter, `stride` apart."""
        return [self.builder.gep(pointer, [self.builder.mul(stride, stride.type(i))]) for i in range(self.filters)]

    def vectors(self, pointer):
        """The places of the vectors from there on."""
        return [vector_at(self.builder, pointer, self.vector, j) for j in range(self.count)]

    def load(self, pointer):
        return self.builder.load(vector_at(self.builder, pointer, self.vector), align=self.align)

    def everywhere(self, pointer):
        return broadcast(self.builder, self.builder.load(pointer), self.vector)

    def summed(self, depth, begun, factors):
        """begun[i][j] and the products of all k; factors(k): where numbers of the filters and the vectors of B are."""
        builder, index = self.builder, depth.type
        before = builder.block
        loop, done = builder.append_basic_block("tile.loop"), builder.append_basic_block("tile.done")
        builder.cbranch(builder.icmp_signed("<", index(0), depth), loop, done)

        builder.position_at_end(loop)
        k, totals = builder.phi(index), [[builder.phi(self.vector) for _ in row] for row in begun]
        weights, met = factors(k)
        added = [[None] * len(row) for row in begun]
        if len(weights) < len(met):  # the fewer stay in registers, the others come one after another
            weights = [self.everywhere(place) for place in weights]
            for j, place in enumerate(met):
                b = self.load(place)
                for i, weight in enumerate(weights):
                    added[i][j] = multiply_add(builder, weight, b, totals[i][j])
        else:
            met = [self.load(place) for place in met]
            for i, place in enumerate(weights):
                weight = self.everywhere(place)
                for j, b in enumerate(met):
                    added[i][j] = multiply_add(builder, weight, b, totals[i][j])
        later = builder.add(k, index(1))
        k.add_incoming(index(0), before)
        k.add_incoming(later, loop)
        builder.cbranch(builder.icmp_signed("<", later, depth), loop, done)

        builder.position_at_end(done)
        found = [[builder.phi(self.vector) for _ in row] for row in begun]
        for i, row in enumerate(begun):
            for j, first in enumerate(row):
                for phi in (totals[i][j], found[i][j]):
                    phi.add_incoming(first, before)
                    phi.add_incoming(added[i][j], loop)
        return found

    def store(self, sums, pointer, stride, adds=False):
        """adds: to what is there, or over it."""
        for row, place in zip(sums, self.rows(pointer, stride), strict=True):
            for total, to in zip(row, self.vectors(place), strict=True):
                more = self.builder.fadd(total, self.builder.load(to, align=self.align)) if adds else total
                self.builder.store(more, to, align=self.align)


def _make_dot_taps(filters, vectors=VECTORS):
    @intrinsic
    def tile(typingctx, depth, taps, taps_at, taps_row, image, image_at, offsets, sums, sums_at, sums_row):
        """sums[sums_at + i sums_row + j] = sum_k taps[taps_at + i taps_row + k] image[image_at + offsets[k] + j] + b_i.

        i: the filters; j: the columns of its vectors; b_i stands behind the `depth` taps of its filter.
        """
        size = types.intp
        signature = types.void(size, taps, size, size, image, size, offsets, sums, size, size)

        def codegen(context, builder, signature, args):
            depth, _, taps_at, taps_row, _, image_at, _, _, sums_at, sums_row = args
            tools = _Tile(context, builder, signature, args, filters, vectors)
            biases = [tools.everywhere(place) for place in tools.rows(tools.at(1, taps_at, depth), taps_row)]

            def factors(k):
                met = tools.at(4, image_at, builder.load(tools.at(6, k)))
                return tools.rows(tools.at(1, taps_at, k), taps_row), tools.vectors(met)

            sums = tools.summed(depth, [[bias] * vectors for bias in biases], factors)
            tools.store(sums, tools.at(7, sums_at), sums_row)
            return context.get_dummy_value()

        return signature, codegen

    return tile


dot_many_taps, dot_taps, dot_few_taps = _make_dot_taps(MANY), _make_dot_taps(ROWS), _make_dot_taps(FEW, VECTORS_OF_FEW)


@intrinsic
def dot_windows(typingctx, depth, maps, at, row, step, image, windows, first, second, sums, sums_at, sums_row, add):
    """sums[sums_at + i sums_row + j] (+)= sum_k maps[at + i row + k step] image[windows[k] + j-th tap].

    i: ROWS filters; j: as many taps as a tile has, those of its vectors from `first` and from `second` on.
    """
    size = types.intp
    signature = types.void(size, maps, size, size, size, image, windows, size, size, sums, size, size, types.boolean)

    def codegen(context, builder, signature, args):
        depth, _, at, row, step, _, _, first, second, _, sums_at, sums_row, add = args
        tile = _Tile(context, builder, signature, args)
        nothing = ir.Constant(tile.vector, None)

        def factors(k):
            weights = tile.rows(tile.at(1, at, builder.mul(k, step)), row)
            window = builder.load(tile.at(6, k))
            return weights, [tile.at(5, window, tap) for tap in (first, second)]

        sums, to = tile.summed(depth, [[nothing] * VECTORS] * ROWS, factors), tile.at(9, sums_at)
        for adds in both_ways(builder, add):
            tile.store(sums, to, sums_row, adds)
        return context.get_dummy_value()

    return signature, codegen
