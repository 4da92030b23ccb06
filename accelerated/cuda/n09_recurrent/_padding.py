"""What is padded behind the end of a sequence."""

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty_like


def without_what_follows(lengths, x):
    """A copy with 0 behind the ends, where what stands must not matter, and 0 times infinity would."""
    out = empty_like(x)
    _keep_running(blocks(x.size, _keep_running.threads), x, lengths, out)
    return out


@kernel(threads=(256, 8))
def _keep_running(real, threads):
    def keep_running(x, ends, out):
        steps, size = x.shape[1:]
        for at in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            n, t, d = at // size // steps, at // size % steps, at % size
            out[n, t, d] = x[n, t, d] if t < ends[n] else real(0)

    return keep_running
