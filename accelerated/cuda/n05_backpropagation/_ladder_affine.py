"""How a product of matrices becomes fast on a GPU. `nnspec bench ladder affine --backend cuda` times the rungs.

Every rung but the last has a thread for each entry of C = A B, and differs in where the numbers of A and B come from.
The 32 threads of a warp load together, and memory is read in sectors of 32 bytes:

    rung     sectors of a load of A, of B, by a warp   loads from global memory for each multiply-add
    rows     32, 1                                     2
    columns  1, 4                                      2
    tiles    4, 4                                      1/8
    final    4, 4                                      1/32

That is for x w. A factor that is turned, w in dout w^T and x in x^T dout, is read along its other axis: there columns
load w as rows load x, from 32 sectors. Only a copy can be read in another order than it is made in.
"""

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import column_sums
from nnspec.accelerated.cuda._target import cuda, empty, flat
from nnspec.accelerated.cuda.n05_backpropagation import affine


def _affine(multiply):
    """Both functions as three products. multiply: the kernel."""

    def product(a, b, bias=None, turn_a=False, turn_b=False):
        (m, k), n = a.shape[::-1] if turn_a else a.shape, b.shape[0] if turn_b else b.shape[1]
        a_steps, b_steps = (1, m) if turn_a else (k, 1), (1, k) if turn_b else (n, 1)
        out, tile = empty((m, n), a.dtype), multiply.sizes.get("tile")
        many = -(-m // tile) * -(-n // tile) if tile else blocks(m * n, multiply.threads)
        biased = bias is not None
        multiply(
            many, flat(a), *a_steps, flat(b), *b_steps, flat(bias if biased else out), flat(out), m, n, k, biased=biased
        )
        return out

    def affine_forward(x, w, b):
        return product(x.reshape(len(x), len(w)), w, b), (x, w)

    def affine_backward(dout, cache):
        x, w = cache
        dx = product(dout, w, turn_b=True).reshape(x.shape)
        return dx, product(x.reshape(len(x), len(w)), dout, turn_a=True), column_sums(dout)

    return affine_forward, affine_backward


class rows:
    """A thread for each entry.

    Neighbours in a warp have neighbouring rows of C. Each reads along a row of A of its own, so that a load of a warp
    touches 32 places which are K numbers apart, and fetches 8 numbers from each for the one that is wanted now.
    """

    @kernel(threads=(256, 16))
    def _by_rows(real, threads, biased):
        def multiply(a, a_row, a_column, b, b_row, b_column, bias, out, m, n, k):
            for at in range(cuda.grid(1), m * n, cuda.gridsize(1)):
                i, j = at % m, at // m
                total = bias[j] if biased else real(0)
                for d in range(k):
                    total += a[i * a_row + d * a_column] * b[d * b_row + j * b_column]
                out[i * n + j] = total

        return multiply

    affine_forward, affine_backward = _affine(_by_rows)


class columns:
    """Neighbouring threads, neighbouring columns.

    The same loop, with i and j exchanged. A warp now reads 32 numbers of B that lie together, all of four sectors, and
    one number of A, which is sent to all of its threads; it writes a piece of a row of C. The loads are coalesced.
    """

    @kernel(threads=(256, 16))
    def _by_columns(real, threads, biased):
        def multiply(a, a_row, a_column, b, b_row, b_column, bias, out, m, n, k):
            for at in range(cuda.grid(1), m * n, cuda.gridsize(1)):
                i, j = at // n, at % n
                total = bias[j] if biased else real(0)
                for d in range(k):
                    total += a[i * a_row + d * a_column] * b[d * b_row + j * b_column]
                out[i * n + j] = total

        return multiply

    affine_forward, affine_backward = _affine(_by_columns)


class tiles:
    """Tiles in shared memory.

    A block of 16 x 16 threads owns as many entries. For every 16 steps of the sum each thread copies one number of A
    and one of B to where all can read it: 2 loads from global memory for 16 multiply-adds. But each multiply-add still
    loads both of its numbers, now from shared memory, and that is what it waits for.
    """

    @kernel(threads=(256, 16), tile=(16, 4))
    def _by_tiles(real, threads, tile, biased):
        def multiply(a, a_row, a_column, b, b_row, b_column, bias, out, m, n, k):
            a_piece, b_piece = cuda.shared.array((tile, tile), real), cuda.shared.array((tile, tile), real)
            across = (n + tile - 1) // tile
            y, x = cuda.threadIdx.x // tile, cuda.threadIdx.x % tile
            i, j = cuda.blockIdx.x // across * tile + y, cuda.blockIdx.x % across * tile + x
            total = real(0)
            for start in range(0, k, tile):
                inside_a, inside_b = i < m and start + x < k, j < n and start + y < k
                a_piece[y, x] = a[i * a_row + (start + x) * a_column] if inside_a else real(0)
                b_piece[y, x] = b[(start + y) * b_row + j * b_column] if inside_b else real(0)
                cuda.syncthreads()
                for d in range(tile):
                    total += a_piece[y, d] * b_piece[d, x]
                cuda.syncthreads()
            if i < m and j < n:
                out[i * n + j] = total + bias[j] if biased else total

        return multiply

    affine_forward, affine_backward = _affine(_by_tiles)


class final:
    """16 entries in registers.

    The twin. A block owns 64 x 64 entries and a thread 4 x 4 of them: each of 8 numbers that it loads from shared
    memory is used 4 times. The copies are made along whichever axis of a factor is contiguous, so that turned factors
    cost nothing, and their rows are padded, so that a column of them lies in different banks (`_product.py`).
    """

    affine_forward, affine_backward = affine.affine_forward, affine.affine_backward
