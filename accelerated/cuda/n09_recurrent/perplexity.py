"""One pass multiplies and adds up; what becomes of the mean is one thread's work."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import block_sum, total_of
from nnspec.accelerated.cuda._target import cuda, empty, flat, math, to_host


def perplexity(nll, tokens=None):
    return _of_mean("perplexity", nll, tokens, raised=True)


def bits_per_character(nll, tokens=None):
    return _of_mean("bits_per_character", nll, tokens, raised=False)


def _of_mean(op, nll, tokens, raised):
    """exp of the mean over the tokens, or the mean in bits."""
    weighted = tokens is not None
    given = to_host(tokens) if weighted else np.ones(nll.shape, np.int64)
    count = int(given.sum())
    if not count > 0 or given.min() < 0:
        raise ValueError(f"{op}: tokens must be 0 or more, and one of them more, of nll {nll.shape}")
    partial, out = empty(blocks(nll.size, _weigh.threads) or 1, nll.dtype), empty((), nll.dtype)
    _weigh(len(partial), flat(nll), flat(tokens if weighted else nll), partial, weighted=weighted)
    _finish(1, total_of(partial).reshape(1), float(count), out.reshape(1), raised=raised)
    return out


@kernel(threads=(256, 8))
def _weigh(real, threads, weighted):
    add_up = block_sum(real, threads)

    def weigh(nll, tokens, partial):
        total = real(0)
        for i in range(cuda.grid(1), nll.size, cuda.gridsize(1)):
            if not weighted:
                total += nll[i]
            elif tokens[i] > 0:
                total += nll[i] * real(tokens[i])
        add_up(total, partial)

    return weigh


@kernel(threads=(32, 8))
def _finish(real, threads, raised):
    bit = real(math.log(2))

    def finish(total, count, out):
        if cuda.grid(1) == 0:
            mean = total[0] / count
            out[0] = math.exp(mean) if raised else mean / bit

    return finish
