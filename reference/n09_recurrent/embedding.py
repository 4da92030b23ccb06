"""Embedding: a row of a table for each id. CS231n, assignment 3, `word_embedding_forward`; Bengio et al. 2003, sec. 2.

    out_n = w[ids_n] = onehot(ids_n) w        dw_v = sum_{n: ids_n = v} dout_n

ids (N, …) integers 0 … V-1    w (V, D)    out (N, …, D)

An id that occurs several times has the sum of the gradients of all its places. An id below 0 is refused, where NumPy
would count from the end. padding_idx is the id of what fills up short sequences: its row is looked up like any other,
but gets no gradient, whatever stands in dout there (PyTorch, `nn.Embedding`).
"""

import numpy as np

from nnspec.shapes import Array, Between, Float, Labels


def embedding_forward(
    ids: Labels["N *T", "V"], w: Float[Array, "V D"], *, padding_idx: Between[0, "V - 1"] | None = None
):
    return w[ids], (ids, w, padding_idx)


def embedding_backward(dout, cache):
    ids, w, padding_idx = cache
    dw = np.zeros_like(w)  # (V, D)
    np.add.at(dw, ids, dout)  # dw[ids] += dout would keep one place of each id
    if padding_idx is not None:
        dw[padding_idx] = 0
    return dw
