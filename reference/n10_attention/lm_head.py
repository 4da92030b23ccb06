"""Output projection of a language model. Radford et al. 2019; tied to the embedding: Press and Wolf 2017,
arXiv:1608.05859; Vaswani et al. 2017, "Attention is all you need", sec. 3.4.

    scores_ntv = sum_e x_nte w_ve        dx = dscores w        dw = dscores^T x, summed over all tokens

x (N, T, E)    w (V, E), a row for each token of the vocabulary    scores (N, T, V)

w has the layout of the table of `embedding_forward`, so that one array can serve as both: its gradient is then the sum
of what comes from the embedding and from here. There is no bias, as in GPT-2. Vaswani et al. multiply the embeddings of
tied weights by sqrt(E); GPT-2 does not, and nothing is scaled here.

A block: it is written once, and `ops` is the implementation of its part (None: the reference).
"""

from nnspec.shapes import Array, Float


def lm_head_forward(x: Float[Array, "N T E"], w: Float[Array, "V E"], *, ops=None):
    if ops is None:
        from nnspec import reference as ops
    N, T, E = x.shape
    scores, cache = ops.matmul_forward(x.reshape(N * T, E), w.T)  # (N T, V)
    return scores.reshape(N, T, len(w)), (ops, x.shape, cache)


def lm_head_backward(dscores, cache):
    ops, shape, matmul_cache = cache
    N, T, _ = shape
    dx, dwT = ops.matmul_backward(dscores.reshape(N * T, dscores.shape[2]), matmul_cache)  # (N T, E), (E, V)
    return dx.reshape(shape), dwT.T
