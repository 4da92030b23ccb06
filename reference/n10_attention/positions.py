"""Where in the sequence a token stands: sinusoidal encodings and a learned table, added to the tokens. Vaswani et al.
2017, "Attention is all you need", sec. 3.5; CS231n, assignment 3, `PositionalEncoding`.

    sinusoidal_pe    pe[t, 2i] = sin(t / base^(2i / E))        pe[t, 2i + 1] = cos(t / base^(2i / E))
    add_pe           out_nte = x_nte + pe_te        dx = dout        dpe_te = sum_n dout_nte

x, out (N, T, E)    pe (L, E) with L >= T, of which the first T rows are used; the others have gradient 0

Positions count from 0, and so do pairs of columns: sine and cosine alternate, the first pair has wave length 2 pi. If E
is odd the last column is a sine. The table of `sinusoidal_pe` is a constant, whose gradient nobody needs; a learned one
is a parameter. Without positions attention does not know the order of its tokens.

`add_pe` is a block: it is written once, and `ops` is the implementation of its parts (None: the reference). To read the
table is an embedding of the positions 0 … T - 1, which are the same in every sequence.
"""

import numpy as np

from nnspec.shapes import Array, Between, Float


def sinusoidal_pe(T: Between[0, None], E: Between[1, None], *, base: float = 10000.0):
    """(T, E), float64."""
    j = np.arange(E)  # (E,)
    angle = np.arange(T)[:, None] / base ** ((j - j % 2) / E)  # (T, E) columns 2i and 2i + 1 have the same
    return np.where(j % 2 == 0, np.sin(angle), np.cos(angle))


def add_pe_forward(x: Float[Array, "N T E"], pe: Float[Array, "L E"], *, ops=None):
    if ops is None:
        from nnspec import reference as ops
    N, T, _ = x.shape
    if len(pe) < T:
        raise ValueError(f"add_pe_forward: pe must have a row for each of the {T} tokens of x, got {len(pe)}")
    t = np.broadcast_to(np.arange(T), (N, T))
    rows, embedding_cache = ops.embedding_forward(t, pe)  # (N, T, E)
    out, sum_cache = ops.residual_add_forward(x, rows)  # (N, T, E)
    return out, (ops, embedding_cache, sum_cache)


def add_pe_backward(dout, cache):
    ops, embedding_cache, sum_cache = cache
    dx, drows = ops.residual_add_backward(dout, sum_cache)  # (N, T, E) each
    return dx, ops.embedding_backward(drows, embedding_cache)
