"""Each margin that is missed counts squared, and its slope is twice what is missing. See `_hinge.py`."""

from nnspec.accelerated.cuda.n02_losses._hinge import hinge_backward, hinge_forward


def squared_hinge_forward(scores, y, *, delta=1.0, reduction="mean"):
    return hinge_forward("squared_hinge_forward", scores, y, delta, reduction, squared=True)


def squared_hinge_backward(dloss, cache):
    return hinge_backward(dloss, cache)
