"""`_softmax.py`, which the probabilities share. logsumexp keeps them for its backward."""

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty_like, flat
from nnspec.accelerated.cuda.n02_losses._softmax import LOGS, SUMS, backward, forward, steps_of
from nnspec.reference.n02_losses._axis import require_axis


def log_softmax_forward(x, *, axis=-1):
    require_axis("log_softmax_forward", x, axis)
    logp, _ = forward(x, axis, LOGS)
    return logp, (logp, axis)


def log_softmax_backward(dout, cache):
    logp, axis = cache
    return backward(dout, logp, axis, LOGS)


def logsumexp_forward(x, *, axis=-1, keepdims=False):
    require_axis("logsumexp_forward", x, axis)
    p, sums = forward(x, axis, SUMS)
    shape = list(x.shape)
    shape[axis % x.ndim : axis % x.ndim + 1] = [1] if keepdims else []
    return sums.reshape(tuple(shape)), (p, axis)


def logsumexp_backward(dout, cache):
    p, axis = cache
    dx, (_, size, inner, _) = empty_like(p), steps_of(p.shape, axis)
    _scale(blocks(p.size, _scale.threads), flat(dout), flat(p), size, inner, flat(dx))
    return dx


@kernel(threads=(256, 8))
def _scale(real, threads):
    def scale(dout, p, size, inner, dx):
        for at in range(cuda.grid(1), p.size, cuda.gridsize(1)):
            dx[at] = dout[at // (size * inner) * inner + at % inner] * p[at]

    return scale
