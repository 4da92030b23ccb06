"""The reference, on parts that leave out the gradient of x."""

from inspect import unwrap

from nnspec import reference
from nnspec.accelerated.cpu._networks import Parts


def two_layer_loss(params, x, y=None, *, reg=0.0):
    return unwrap(reference.two_layer_loss)(params, x, y, reg=reg, ops=Parts(x))
