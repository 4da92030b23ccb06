"""`_softmax.py`, which logarithms and sums share."""

from nnspec.accelerated.cuda.n02_losses._softmax import PROBABILITIES, backward, forward
from nnspec.reference.n02_losses._axis import require_axis


def softmax_forward(x, *, axis=-1):
    require_axis("softmax_forward", x, axis)
    p, _ = forward(x, axis, PROBABILITIES)
    return p, (p, axis)


def softmax_backward(dout, cache):
    p, axis = cache
    return backward(dout, p, axis, PROBABILITIES)
