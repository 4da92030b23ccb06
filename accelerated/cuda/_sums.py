"""Sums in a fixed order: within a warp by exchanges, over everything in two stages, never with atomics.

The bits depend on the shape alone, not on which block runs when.
"""

import numpy as np

from nnspec.accelerated.cuda._kernel import MOST_BLOCKS, blocks, inlined, kernel
from nnspec.accelerated.cuda._target import WARP, cuda, empty, flat

ALL = 0xFFFFFFFF  # lanes of a warp
THREADS = (256, 8)
ROWS = (256, 4)  # of one partial sum of a column


@inlined
def warp_sum(value):
    """The sum over the lanes, for each of them."""
    step = WARP // 2
    while step > 0:
        value += cuda.shfl_xor_sync(ALL, value, step)
        step //= 2
    return value


@inlined
def group_sum(value, lanes):
    """The sum over so many neighbouring lanes, a power of two, for each of them."""
    step = lanes // 2
    while step > 0:
        value += cuda.shfl_xor_sync(ALL, value, step)
        step //= 2
    return value


@inlined
def group_max(value, lanes):
    """The largest over so many neighbouring lanes, a power of two, for each of them. NaN is passed over."""
    step = lanes // 2
    while step > 0:
        other = cuda.shfl_xor_sync(ALL, value, step)
        value = other if other > value else value
        step //= 2
    return value


@inlined
def warp_max(value):
    """The largest over the lanes, for each of them. NaN is passed over."""
    return group_max(value, WARP)


def summed(formula):
    """The function that sums a scalar formula of the entries of one or two arrays: an array without axes."""
    stage = {1: _sum_of_one, 2: _sum_of_two}[formula.__code__.co_argcount]
    formula = inlined(formula)

    def function(*arrays):
        partial = empty(blocks(arrays[0].size, stage.threads) or 1, arrays[0].dtype)
        stage(len(partial), *map(flat, arrays), partial, formula=formula)
        return total_of(partial)

    return function


def total_of(partial):
    """The sum of numbers so few that one block adds them up: an array without axes."""
    total = empty((), partial.dtype)
    _sum_of_one(1, partial, total.reshape(1), formula=_itself)
    return total


@inlined
def _itself(x):
    return x


@kernel(threads=THREADS)
def _sum_of_one(real, threads, formula):
    add_up = block_sum(real, threads)

    def sum_of_one(x, partial):
        total = real(0)
        for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            total += formula(x[i])
        add_up(total, partial)

    return sum_of_one


@kernel(threads=THREADS)
def _sum_of_two(real, threads, formula):
    add_up = block_sum(real, threads)

    def sum_of_two(x, y, partial):
        total = real(0)
        for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            total += formula(x[i], y[i])
        add_up(total, partial)

    return sum_of_two


def block_sum(real, threads):
    warps = threads // WARP

    @inlined
    def add_up(value, partial):
        """partial[block] = the sum of `value` over the threads of the block."""
        slots = cuda.shared.array(warps, real)
        value = warp_sum(value)
        if cuda.threadIdx.x % WARP == 0:
            slots[cuda.threadIdx.x // WARP] = value
        cuda.syncthreads()
        if cuda.threadIdx.x == 0:
            for warp in range(1, warps):
                value += slots[warp]
            partial[cuda.blockIdx.x] = value

    return add_up


def sum_by_lane(real, threads):
    warps = threads // WARP

    @inlined
    def add_up(value, lanes, slots):
        """The sum over the threads t of the block that agree in t % lanes, for each of them.

        lanes: a power of two, up to WARP. slots: as many as threads; free again after the next barrier.
        """
        step = WARP // 2
        while step >= lanes:
            value += cuda.shfl_xor_sync(ALL, value, step)
            step //= 2
        slots[cuda.threadIdx.x] = value
        cuda.syncthreads()
        total = real(0)
        for warp in range(warps):
            total += slots[warp * WARP + cuda.threadIdx.x % WARP]
        return total

    return add_up


sum_all = summed(lambda x: x)


def column_sums(x):
    """(N, D) -> (D,)."""
    return column_sums_of_products(x)


def column_sums_of_products(x, y=None):
    """sum_n x_nd y_nd: (N, D), (N, D) -> (D,). Without y the sums of x."""
    (n, d), rows = x.shape, _sum_rows.sizes["rows"]
    chunks = max(1, (n + rows - 1) // rows)
    partial = empty((chunks, d), x.dtype)
    across = (d + _sum_rows.threads - 1) // _sum_rows.threads
    _sum_rows(chunks * across, x, x if y is None else y, partial, np.int64(across), products=y is not None)
    return sum_partials(partial)


def sum_partials(partial):
    """(chunks, D) -> (D,): the second stage of a sum of few chunks."""
    sums = empty(partial.shape[1], partial.dtype)
    _sum_partials(blocks(sums.size, _sum_partials.threads), partial, sums)
    return sums


@kernel(threads=THREADS, rows=ROWS)
def _sum_rows(real, threads, rows, products):
    def sum_rows(x, y, partial, across):
        chunk = cuda.blockIdx.x // across
        j = cuda.blockIdx.x % across * threads + cuda.threadIdx.x
        if j < x.shape[1]:
            total = real(0)
            for i in range(chunk * rows, min(x.shape[0], (chunk + 1) * rows)):
                if products:
                    total += x[i, j] * y[i, j]
                else:
                    total += x[i, j]
            partial[chunk, j] = total

    return sum_rows


@kernel(threads=THREADS)
def _sum_partials(real, threads):
    def add_partials(partial, sums):
        for j in range(cuda.grid(1), sums.size, cuda.gridsize(1)):
            total = real(0)
            for chunk in range(partial.shape[0]):
                total += partial[chunk, j]
            sums[j] = total

    return add_partials


__all__ = [
    "ALL",
    "MOST_BLOCKS",
    "block_sum",
    "column_sums",
    "column_sums_of_products",
    "group_max",
    "group_sum",
    "sum_all",
    "sum_by_lane",
    "summed",
    "total_of",
    "warp_max",
    "warp_sum",
]
