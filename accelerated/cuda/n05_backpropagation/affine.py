"""Three products on tiles in shared memory; a transpose is only another order of copying."""

from nnspec.accelerated.cuda._product import product
from nnspec.accelerated.cuda._sums import column_sums


def affine_forward(x, w, b):
    return product(x.reshape(len(x), len(w)), w, bias=b), (x, w)


def affine_backward(dout, cache):
    x, w = cache
    rows = x.reshape(len(x), len(w))
    dx = product(dout, w, transpose_b=True).reshape(x.shape)
    dw = product(rows, dout, transpose_a=True)
    return dx, dw, column_sums(dout)
