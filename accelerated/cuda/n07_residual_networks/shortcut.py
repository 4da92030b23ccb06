"""A thread for each output; backward, one for each pixel of x, which asks whether it was met."""

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty

THREADS = (256, 8)


def padding_shortcut_forward(x, *, F, stride=1):
    N, _, H, W = x.shape
    out = empty((N, F, -(-H // stride), -(-W // stride)), x.dtype)
    _padded(blocks(out.size, _padded.threads), x, stride, out)
    return out, (x.shape, stride)


def padding_shortcut_backward(dout, cache):
    shape, stride = cache
    dx = empty(shape, dout.dtype)
    _spread(blocks(dx.size, _spread.threads), dout, stride, dx)
    return dx


@kernel(threads=THREADS)
def _padded(real, threads):
    def padded(x, stride, out):
        F, HO, WO = out.shape[1], out.shape[2], out.shape[3]
        for at in range(cuda.grid(1), out.size, cuda.gridsize(1)):
            row, j = at // WO, at % WO
            m, i = row // HO, row % HO
            n, f = m // F, m % F
            out[n, f, i, j] = x[n, f, i * stride, j * stride] if f < x.shape[1] else real(0)

    return padded


@kernel(threads=THREADS)
def _spread(real, threads):
    def spread(dout, stride, dx):
        C, H, W = dx.shape[1], dx.shape[2], dx.shape[3]
        for at in range(cuda.grid(1), dx.size, cuda.gridsize(1)):
            row, z = at // W, at % W
            m, y = row // H, row % H
            n, c = m // C, m % C
            met = y % stride == 0 and z % stride == 0
            dx[n, c, y, z] = dout[n, c, y // stride, z // stride] if met else real(0)

    return spread
