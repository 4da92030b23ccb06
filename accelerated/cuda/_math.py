"""What CUDA's mathematics has no name for."""

from nnspec.accelerated.cuda._kernel import inlined
from nnspec.accelerated.cuda._target import like, math


@inlined
def sigmoid(x):
    e, one = math.exp(-abs(x)), like(x, 1)  # of -|x|, which cannot overflow
    return (one if x >= like(x, 0) else e) / (one + e)
