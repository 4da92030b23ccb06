"""Images as sequences: patches, each a token, and a token of its own for the class. Dosovitskiy et al. 2021,
arXiv:2010.11929, eq. 1; CS231n, assignment 3, `PatchEmbedding`.

    patch_embed    out_n,i = flat(patch i of x_n) w + b        with_cls    out_n = [cls; x_n]

x (N, C, H, W)    patches of p x p pixels, p = patch    w (C p p, E)    b (E,)    out (N, T, E), T = (H/p)(W/p)
with_cls: x (N, T, E)    cls (1, E)    out (N, T + 1, E), the class token first

Patches are counted row by row, and each is flattened as it stands, (C, p, p). So it is a convolution with filters of
p x p pixels and stride p: w is its filters (E, C, p, p), each flattened, transposed.

Blocks: they are written once, and `ops` is the implementation of their parts (None: the reference). The class token is
the embedding of the one id 0, in every sequence.
"""

import numpy as np

from nnspec.shapes import Array, Between, Float


def patch_embed_forward(
    x: Float[Array, "N C H W"],
    w: Float[Array, "C*patch*patch E"],
    b: Float[Array, "E"],
    *,
    patch: Between[1, None],
    ops=None,
):
    if ops is None:
        from nnspec import reference as ops
    N, C, H, W = x.shape
    if H % patch or W % patch:
        raise ValueError(f"patch_embed_forward: patch must divide H = {H} and W = {W} of x, got {patch}")
    rows, columns = H // patch, W // patch
    grid = x.reshape(N, C, rows, patch, columns, patch)  # which patch and where in it, along both axes
    patches = grid.transpose(0, 2, 4, 1, 3, 5).reshape(N * rows * columns, C * patch * patch)
    out, cache = ops.affine_forward(patches, w, b)  # (N T, E)
    return out.reshape(N, rows * columns, len(b)), (ops, grid.shape, cache)


def patch_embed_backward(dout, cache):
    ops, (N, C, rows, patch, columns, _), affine_cache = cache
    dpatches, dw, db = ops.affine_backward(dout.reshape(N * rows * columns, dout.shape[2]), affine_cache)
    dgrid = dpatches.reshape(N, rows, columns, C, patch, patch).transpose(0, 3, 1, 4, 2, 5)
    return dgrid.reshape(N, C, rows * patch, columns * patch), dw, db


def with_cls_forward(x: Float[Array, "N T E"], cls: Float[Array, "1 E"], *, ops=None):
    if ops is None:
        from nnspec import reference as ops
    first, cache = ops.embedding_forward(np.zeros((len(x), 1), np.int64), cls)  # (N, 1, E)
    return np.concatenate([first, x], axis=1), (ops, cache)


def with_cls_backward(dout, cache):
    ops, embedding_cache = cache
    return dout[:, 1:].copy(), ops.embedding_backward(dout[:, :1].copy(), embedding_cache)
