"""Each margin that is missed counts by how much, and its slope is 1. See `_hinge.py`."""

from nnspec.accelerated.cuda.n02_losses._hinge import hinge_backward, hinge_forward


def svm_loss_forward(scores, y, *, delta=1.0, reduction="mean"):
    return hinge_forward("svm_loss_forward", scores, y, delta, reduction, squared=False)


def svm_loss_backward(dloss, cache):
    return hinge_backward(dloss, cache)
