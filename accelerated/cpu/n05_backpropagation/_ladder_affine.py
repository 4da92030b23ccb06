"""How a product of matrices becomes fast. `nnspec bench ladder affine` times the rungs, one after another.

A (M, K) times B (K, N) are M K N multiply-adds, whoever does them, on M K + K N + M N numbers. An affine layer needs
three such products, x w, dout w^T and x^T dout, and a rung differs from the one below only in how it multiplies:

    rung      lanes   moved for each multiply-add
    columns   1       64 bytes: a number of B, alone in its cache line
    lines     16      12 bytes: a number of B, and one of C that is read and written
    blocks    16      the same, but B comes from the second-level cache instead of the third
    fours     16      6 bytes: C is read and written once for four numbers of B
    threads   16      the same on every core
    final     16      0.5 bytes: C stays in registers, and A and B are copied to where they are read in order

Lanes are those of float32 in a vector of AVX-512; there are half as many in float64, and with AVX2. How much each rung
gives is a matter of the machine's caches: blocks give nothing where B fits the second level as it is.
"""

import numpy as np
from numba import prange
from numba.extending import register_jitable

from nnspec.accelerated.cpu._intrinsics import fma
from nnspec.accelerated.cpu._jit import contiguous, kernel
from nnspec.accelerated.cpu._sums import column_sums
from nnspec.accelerated.cpu.n05_backpropagation import affine

ROWS, DEPTH, WIDTH = 64, 64, 1024  # of a block: of C, of the sum, of B, which are 256 KiB of B


def _affine(multiply):
    """Both functions as three products. multiply(a, b, c): c += a b."""

    def product(a, b, start=0):
        c = np.full((len(a), b.shape[1]), start, a.dtype)
        multiply(*contiguous(a, b), c)
        return c

    def affine_forward(x, w, b):
        return product(x.reshape(len(x), len(w)), w, b), (x, w)

    def affine_backward(dout, cache):
        x, w = cache
        dx, dw = product(dout, w.T), product(x.reshape(len(x), len(w)).T, dout)
        return dx.reshape(x.shape), dw, column_sums(dout)

    return affine_forward, affine_backward


class columns:
    """An entry is a dot product.

    As the definition says it: for i, for j, sum over k. Down a column of B every number lies in another cache line, so
    that 4 bytes of 64 are used; and a sum in one order is a chain, in which each addition waits for the last.
    """

    @kernel
    def _multiply(a, b, c):
        for i in range(len(a)):
            for j in range(b.shape[1]):
                total = c[i, j]
                for k in range(len(b)):
                    total += a[i, k] * b[k, j]
                c[i, j] = total

    affine_forward, affine_backward = _affine(_multiply.serial)


@register_jitable
def _add(x, line, row):
    for j in range(len(row)):
        row[j] += x * line[j]


class lines:
    """Loops i, k, j: whole lines.

    The same additions in the same order for each entry, but the innermost loop runs along a line of B and a row of C.
    All of a cache line is used, entries do not wait for each other, and so the compiler takes a vector of them at once.
    """

    @kernel
    def _multiply(a, b, c):
        for i in range(len(a)):
            for k in range(len(b)):
                _add(a[i, k], b[k], c[i])

    affine_forward, affine_backward = _affine(_multiply.serial)


class blocks:
    """A block of B stays cached.

    For each row of C all of B was read anew. Now as many lines of B as fit the second-level cache are used for all of
    ROWS rows before the next are fetched: B comes from further away M / ROWS times instead of M times.
    """

    @kernel
    def _multiply(a, b, c):
        for block in range((len(c) + ROWS - 1) // ROWS):
            for left in range(0, c.shape[1], WIDTH):
                for start in range(0, len(b), DEPTH):
                    for i in range(block * ROWS, min(len(c), (block + 1) * ROWS)):
                        row = c[i, left : left + WIDTH]
                        for k in range(start, min(len(b), start + DEPTH)):
                            _add(a[i, k], b[k, left : left + WIDTH], row)

    affine_forward, affine_backward = _affine(_multiply.serial)


@register_jitable
def _add_four(a, b, i, k, left, row):
    w, x = a[i, k], a[i, k + 1]
    y, z = a[i, k + 2], a[i, k + 3]
    first, second = b[k, left : left + len(row)], b[k + 1, left : left + len(row)]
    third, fourth = b[k + 2, left : left + len(row)], b[k + 3, left : left + len(row)]
    for j in range(len(row)):
        row[j] = fma(z, fourth[j], fma(y, third[j], fma(x, second[j], fma(w, first[j], row[j]))))


class fours:
    """Four lines of B together.

    To load and store a number of C costs as much as to load one of B. Four lines are added to a row while its numbers
    are in registers: 6 loads and stores for four multiply-adds instead of 12. `fma` is one instruction and one rounding
    where a product and a sum are two: a compiler must not put them together by itself, since it changes bits.
    """

    @kernel
    def _multiply(a, b, c):
        for block in prange((len(c) + ROWS - 1) // ROWS):
            for left in range(0, c.shape[1], WIDTH):
                for start in range(0, len(b), DEPTH):
                    end = min(len(b), start + DEPTH)
                    fourth = end - (end - start) % 4
                    for i in range(block * ROWS, min(len(c), (block + 1) * ROWS)):
                        row = c[i, left : left + WIDTH]
                        for k in range(start, fourth, 4):
                            _add_four(a, b, i, k, left, row)
                        for k in range(fourth, end):
                            _add(a[i, k], b[k, left : left + WIDTH], row)

    affine_forward, affine_backward = _affine(_multiply.serial)


class threads:
    """Blocks of rows on all cores.

    The same kernel, with its `prange` taken seriously. No two threads write the same row, so nothing has to be locked
    and every sum keeps its order. With --threads 1 there is nothing to gain.
    """

    affine_forward, affine_backward = _affine(fours._multiply.parallel)


class final:
    """A tile of C in registers.

    The twin. 12 x 32 numbers of C stay in 24 registers over the whole depth; for every k they take 12 broadcasts and 2
    loads, for 24 vectors of multiply-adds, where fours take 6 for 4. The compiler does not find that blocking, so it is
    written in vectors (`_tile.py`), and A and B are packed into the order in which they are read (`_product.py`).
    """

    affine_forward, affine_backward = affine.affine_forward, affine.affine_backward
