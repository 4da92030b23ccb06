"""`_expected_logs.py`, of p and itself."""

import math as numbers

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty_like, flat, is_on_device, math
from nnspec.accelerated.cuda.n02_losses._expected_logs import expected_logs
from nnspec.accelerated.cuda.n02_losses._softmax import steps_of
from nnspec.reference.n02_losses._axis import require_axis
from nnspec.reference.n02_losses._probabilities import require_base


def entropy_forward(p, *, axis=-1, base=numbers.e):
    require_axis("entropy_forward", p, axis)
    require_base("entropy_forward", base)
    factor = 1 / numbers.log(base)
    sums = expected_logs("entropy_forward", p, p, factor=factor, axis=axis)
    shape = tuple(size for i, size in enumerate(p.shape) if i != axis % p.ndim)
    return sums.reshape(shape), (p, axis, factor)


def entropy_backward(dout, cache):
    p, axis, factor = cache
    dp, (_, size, inner, _), each = empty_like(p), steps_of(p.shape, axis), is_on_device(dout)
    upstream = flat(dout) if each else dout  # a number, where there is one distribution
    _backward(blocks(p.size, _backward.threads), upstream, flat(p), size, inner, factor, flat(dp), each=each)
    return dp


@kernel(threads=(256, 8))
def _backward(real, threads, each):
    def backward(dout, p, size, inner, factor, dp):
        for at in range(cuda.grid(1), p.size, cuda.gridsize(1)):
            upstream = dout[at // (size * inner) * inner + at % inner] if each else dout
            log = math.log(p[at]) if p[at] != real(0) else -real(math.inf)
            dp[at] = -(log + real(1)) * factor * upstream

    return backward
