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
    down, across = (m + tile - 1) // tile, (n + tile - 1) // tile
    many = out.size // (m * n) if out.size else 0
    form = {"a_by_rows": not transpose_a, "b_by_rows": not transpose_b, "biased": bias is not None}
    arrays = map(flat, (a, b, out if bias is None else bias, out))
    _multiply(many * down * across, *arrays, m, n, k, across, combine=combine, **form)
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


def piece_copied(real, threads, tile, depth, along_depth):
    """For kernels: copies a piece, `tile` rows of A or columns of B from one on, each `depth` long, to shared memory.

    along_depth: whether neighbours in memory are neighbours along the depth. Beyond the factor a piece holds 0.
    """

    @inlined
    def copy_piece(x, at, first, size, start, k, piece):
        for p in range(cuda.threadIdx.x, tile * depth, threads):
            if along_depth:
                i, d = p // depth, p % depth
            else:
                i, d = p % tile, p // tile
            inside = first + i < size and start + d < k
            place = at + ((first + i) * k + start + d if along_depth else (start + d) * size + first + i)
            piece[d, i] = x[place] if inside else real(0)

    return copy_piece


@kernel(threads=(256, 16), tile=(64, 8), depth=(16, 4), each=(4, 2))
def _multiply(real, threads, tile, depth, each, combine, a_by_rows, b_by_rows, biased):
    across = tile // each  # threads along a side
    add_pieces = pieces_added(combine, across, depth, each, each)
    copy_a = piece_copied(real, threads, tile, depth, along_depth=a_by_rows)
    copy_b = piece_copied(real, threads, tile, depth, along_depth=not b_by_rows)
    padded = tile + 1  # so that a column of a piece lies in different banks

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
            copy_a(a, a_start, row, m, start, k, a_piece)
            copy_b(b, b_start, column, n, start, k, b_piece)
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
