"""One pass reads w, writes dw and sums the squares."""

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import block_sum, total_of
from nnspec.accelerated.cuda._target import cuda, empty, empty_like, flat


def l2_penalty(w, lam, *, half=False):
    if half:
        lam = lam / 2
    dw, partial = empty_like(w), empty(blocks(w.size, _penalize.threads) or 1, w.dtype)
    _penalize(len(partial), flat(w), float(lam), flat(dw), partial)
    return total_of(partial), dw


@kernel(threads=(256, 8))
def _penalize(real, threads):
    add_up = block_sum(real, threads)

    def penalize(w, lam, dw, partial):
        squares = real(0)
        for i in range(cuda.grid(1), w.size, cuda.gridsize(1)):
            squares += w[i] * w[i]
            dw[i] = real(2) * lam * w[i]
        add_up(lam * squares, partial)

    return penalize
