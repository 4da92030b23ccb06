"""A thread for each entry of what comes out. Weights and bias lie one after the other."""

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty, empty_like, flat

THREADS = (256, 8)


def append_ones(x):
    out = empty((x.shape[0], x.shape[1] + 1), x.dtype)
    _append(blocks(out.size, _append.threads), x, out)
    return out


def append_ones_backward(dout, x):
    dx = empty_like(x)
    _cut(blocks(dx.size, _cut.threads), dout, dx)
    return dx


def fold_bias(w, b):
    out = empty((w.shape[0] + 1, w.shape[1]), w.dtype)
    _join(blocks(out.size, _join.threads), flat(w), b, flat(out))
    return out


@kernel(threads=THREADS)
def _append(real, threads):
    def append(x, out):
        wide = out.shape[1]
        for at in range(cuda.grid(1), out.size, cuda.gridsize(1)):
            i, j = at // wide, at % wide
            out[i, j] = x[i, j] if j < wide - 1 else real(1)

    return append


@kernel(threads=THREADS)
def _cut(real, threads):
    def cut(dout, dx):
        wide = dx.shape[1]
        for at in range(cuda.grid(1), dx.size, cuda.gridsize(1)):
            dx[at // wide, at % wide] = dout[at // wide, at % wide]

    return cut


@kernel(threads=THREADS)
def _join(real, threads):
    def join(w, b, out):
        for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
            out[i] = w[i] if i < w.size else b[i - w.size]

    return join
