"""What goes wrong in residual blocks of every kind, as parts that do it."""

from functools import partial

import numpy as np

from nnspec import reference
from nnspec.concepts.collect import takes_parts
from nnspec.spec_tests.n05_backpropagation.mistakes_fc_net import Parts


class PartsOfBlocks(Parts):
    """The same inside of blocks, as a backend's are."""

    def __getattr__(self, name):
        part = getattr(reference, name)
        return partial(part, ops=self) if takes_parts(part) else part


def skip_gradient_dropped():
    return Parts(residual_add_backward=lambda dout, cache: (dout.copy(), 0 * dout))


def branch_gradient_dropped():
    return Parts(residual_add_backward=lambda dout, cache: (0 * dout, dout.copy()))


def first_relu_left_out():
    """The first one of a block stands in the branch."""
    called = []

    def relu_forward(a):
        called.append(a)
        out, cache = reference.relu_forward(a)
        return (a.copy(), cache) if len(called) == 1 else (out, cache)

    return Parts(relu_forward=relu_forward)


def norms_without_spread():
    """A batch normalization that only takes the mean away."""

    def batchnorm2d_forward(a, gamma, beta, mean, var, *, train):
        _, *new, cache = reference.batchnorm2d_forward(a, gamma, beta, mean, var, train=train)
        across = (slice(None), None, None)
        mean = a.mean(axis=(0, 2, 3)) if train else mean
        return gamma[across] * (a - mean[across]) + beta[across], *new, cache

    return Parts(batchnorm2d_forward=batchnorm2d_forward)


def summed_otherwise(block, combine, *arrays, **options):
    """The block, whose out is combine(fx, shortcut)."""
    held = []

    def residual_add_forward(fx, shortcut):
        held.append(combine(fx, shortcut))
        return reference.residual_add_forward(fx, shortcut)

    _, running, cache = block(*arrays, ops=Parts(residual_add_forward=residual_add_forward), **options)
    return held[0], running, cache


def relu_before_the_sum(fx, shortcut):
    return np.maximum(fx, 0) + shortcut
