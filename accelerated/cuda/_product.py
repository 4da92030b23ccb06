"""C = A "times" B, where "times" is a dot product or a distance; one product, or one for each entry of a batch.

A block owns a square tile of C. It walks along the depth, copies the piece of A and of B that it needs next into shared
memory, and each thread adds to its own `each` x `each` entries in registers: every number that is loaded from shared
memory is used `each` times. Transposes cost nothing, because the copy reads along whichever axis is contiguous.
"""

from nnspec.accelerated.cuda._kernel import inlined, kernel
from nnspec.accelerated.cuda._target import cuda, empty, flat


@inlined
def dot(a, b, total):
    return total + a * b


@inlined
def l1(a, b, total):
    return total + abs(a - b)


@inlined
def l2(a, b, total):
    return total + (a - b) * (a - b)


def product(a, b, combine=dot, *, bias=None, transpose_a=False, transpose_b=False):
    """A (…, M, K) with B (…, K, N), plus a bias for each column. transpose: it is given with the last axes swapped."""
    *batch, m, k = _swapped(a.shape, transpose_a)
    n = _swapped(b.shape, transpose_b)[-1]
    out = empty((*batch, m, n), a.dtype)
    tile = _multiply.sizes["tile"]
    tiles = (m + tile - 1) // tile, (n + tile - 1) // tile
    many = out.size // (m * n) if out.size else 0
    _multiply(
        many * tiles[0] * tiles[1], flat(a), flat(b), flat(out if bias is None else bias), flat(out), m, n, k, tiles[1],
        combine=combine, a_by_rows=not transpose_a, b_by_rows=not transpose_b, biased=bias is not None,
    )  # fmt: skip
    return out


def _swapped(shape, swap):
    return (*shape[:-2], shape[-1], shape[-2]) if swap else tuple(shape)


def pieces_added(combine, across, depth, high, wide):
    """For kernels: adds up what a piece of A and one of B give to the entries of the tile that a thread owns.

    That are `high` rows that lie together, and `wide` columns of which each is `across` from the next.
    """

    @inlined
    def add_pieces(a_piece, b_piece, totals):
        row, column = cuda.threadIdx.x // across * high, cuda.threadIdx.x % across
        for d in range(depth):
            for i in range(high):
                for j in range(wide):
                    totals[i, j] = combine(a_piece[d, row + i], b_piece[d, column + j * across], totals[i, j])

    return add_pieces


@kernel(threads=(256, 16), tile=(64, 8), depth=(16, 4), each=(4, 2))
def _multiply(real, threads, tile, depth, each, combine, a_by_rows, b_by_rows, biased):
    across = tile // each  # threads along a side
    add_pieces = pieces_added(combine, across, depth, each, each)
    padded = tile + 1  # so that a column of a piece lies in different banks
    piece = tile * depth

    def multiply(a, b, bias, out, m, n, k, tiles_across):
        a_piece = cuda.shared.array((depth, padded), real)
        b_piece = cuda.shared.array((depth, padded), real)
        totals = cuda.local.array((each, each), real)
        t = cuda.threadIdx.x
        tiles_down = (m + tile - 1) // tile
        at = cuda.blockIdx.x // tiles_across
        column = cuda.blockIdx.x % tiles_across * tile
        row = at % tiles_down * tile
        entry = at // tiles_down
        a_start, b_start, out_start = entry * m * k, entry * k * n, entry * m * n
        for i in range(each):
            for j in range(each):
                totals[i, j] = real(0)
        for start in range(0, k, depth):
            for p in range(t, piece, threads):
                if a_by_rows:
                    i, d = p // depth, p % depth
                else:
                    i, d = p % tile, p // tile
                inside = row + i < m and start + d < k
                from_a = a_start + ((row + i) * k + start + d if a_by_rows else (start + d) * m + row + i)
                a_piece[d, i] = a[from_a] if inside else real(0)
            for p in range(t, piece, threads):
                if b_by_rows:
                    j, d = p % tile, p // tile
                else:
                    j, d = p // depth, p % depth
                inside = column + j < n and start + d < k
                from_b = b_start + ((start + d) * n + column + j if b_by_rows else (column + j) * k + start + d)
                b_piece[d, j] = b[from_b] if inside else real(0)
            cuda.syncthreads()
            add_pieces(a_piece, b_piece, totals)
            cuda.syncthreads()
        for i in range(each):
            for j in range(each):
                here, there = row + t // across * each + i, column + t % across + j * across
                if here < m and there < n:
                    total = totals[i, j]
                    if biased:
                        total += bias[there]
                    out[out_start + here * n + there] = total

    return multiply
