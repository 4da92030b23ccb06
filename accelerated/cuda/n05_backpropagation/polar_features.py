"""One pass, a thread for each row."""

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty, math


def polar_features(x):
    out = empty(x.shape, x.dtype)
    _turn(blocks(len(x), _turn.threads), x, out)
    return out


@kernel(threads=(256, 8))
def _turn(real, threads):
    def turn(x, out):
        for n in range(cuda.grid(1), x.shape[0], cuda.gridsize(1)):
            out[n, 0] = math.hypot(x[n, 0], x[n, 1])
            out[n, 1] = math.atan2(x[n, 1], x[n, 0])

    return turn
