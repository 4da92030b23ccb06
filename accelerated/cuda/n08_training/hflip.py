"""A thread for each pixel that comes out."""

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty_like


def hflip_forward(x, mask):
    return _flipped(x, mask), (mask,)


def hflip_backward(dout, cache):
    (mask,) = cache
    return _flipped(dout, mask)


def _flipped(x, mask):
    N, C, H, W = x.shape
    out = empty_like(x)
    _flip(blocks(x.size, _flip.threads), x.reshape(N, C * H, W), mask, out.reshape(N, C * H, W))
    return out


@kernel(threads=(256, 8))
def _flip(real, threads):
    def flip(x, mask, out):
        rows, W = x.shape[1], x.shape[2]
        for at in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            row, j = at // W, at % W
            n, i = row // rows, row % rows
            out[n, i, j] = x[n, i, W - 1 - j if mask[n] else j]

    return flip
