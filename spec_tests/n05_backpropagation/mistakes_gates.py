"""Classic mistakes of the elementary gates."""

import numpy as np

from nnspec.reference import (
    add_backward,
    copy_forward,
    maximum_backward,
    maximum_forward,
    mul_backward,
    mul_forward,
    unbroadcast,
)
from nnspec.spec_tests._known import mistake
from nnspec.spec_tests.n05_backpropagation._broadcasting import last_use, unbroadcast_as_mean


class MistakesOfAdd:
    @mistake("N845", replaces="add_backward")
    def what_was_broadcast_is_not_summed(dout, cache):
        """A gradient has the shape of its operand: sum over the axes along which that was broadcast."""
        return dout.copy(), dout.copy()

    @mistake("M55", replaces="add_backward")
    def last_use_of_what_is_broadcast(dout, cache):
        """What is broadcast is used in several places: its gradients add up, the last one is not enough."""
        return tuple(last_use(dout, shape).copy() if dout.size else unbroadcast(dout, shape) for shape in cache)

    @mistake("N844", replaces="add_backward")
    def mean_over_the_uses(dout, cache):
        """What is broadcast has the sum of the gradients of all uses, not their mean."""
        return tuple(unbroadcast_as_mean(dout, shape) if dout.size else unbroadcast(dout, shape) for shape in cache)

    @mistake("N1324", replaces="add_backward")
    def gradient_shared_out(dout, cache):
        """An add gate hands dout to both in full: neither gets half of it."""
        dx, dy = add_backward(dout, cache)
        return dx / 2, dy / 2

    @mistake("N1323", replaces="add_backward")
    def dout_itself(dout, cache):
        """Return arrays of their own: dx and dy must not be one array, nor dout itself."""
        dx, dy = add_backward(dout, cache)
        return dout if dx.shape == dout.shape else dx, dout if dy.shape == dout.shape else dy


class MistakesOfMul:
    @mistake("N1325", replaces="mul_backward")
    def operands_not_switched(dout, cache):
        """dx = y dout: a multiply gate switches its operands."""
        x, y = cache
        return unbroadcast(np.asarray(dout * x), x.shape), unbroadcast(np.asarray(dout * y), y.shape)

    @mistake("M52", replaces="mul_forward")
    def matrix_product(x, y):
        """Entry by entry, x * y: the matrix product of square operands fits as well."""
        out, cache = mul_forward(x, y)
        square = x.ndim == y.ndim == 2 and len({*x.shape, *y.shape}) == 1
        return x @ y if square else out, cache

    @mistake("M55", replaces="mul_backward")
    def last_use_of_what_is_broadcast(dout, cache):
        """What is broadcast is used in several places: its gradients add up, the last one is not enough."""
        x, y = cache
        if not dout.size:
            return mul_backward(dout, cache)
        return last_use(dout * y, x.shape).copy(), last_use(dout * x, y.shape).copy()

    @mistake("N845", replaces="mul_backward")
    def what_was_broadcast_is_not_summed(dout, cache):
        """A gradient has the shape of its operand: sum over the axes along which that was broadcast."""
        x, y = cache
        return np.asarray(dout * y), np.asarray(dout * x)

    @mistake("N808", replaces="mul_backward")
    def upstream_gradient_forgotten(dout, cache):
        """Multiply by dout, which comes from above."""
        return mul_backward(np.ones_like(dout), cache)


class MistakesOfMaximum:
    @mistake("N1326", replaces="maximum_backward")
    def gradient_to_both(dout, cache):
        """Only the larger one has the gradient: the other one could move without changing out."""
        x, y = cache
        return unbroadcast(dout, x.shape), unbroadcast(dout, y.shape)

    @mistake("N1326", replaces="maximum_backward")
    def gradient_to_the_smaller(dout, cache):
        """The gradient goes to the larger of the two."""
        x, y = cache
        to_x = x < y
        return unbroadcast(np.where(to_x, dout, 0), x.shape), unbroadcast(np.where(to_x, 0, dout), y.shape)

    @mistake("M65", replaces="maximum_backward", convention=True)
    def both_equals_have_it_in_full(dout, cache):
        """Where both are equal, one has the gradient: else dx and dy together are twice dout."""
        x, y = cache
        tied = np.where(x == y, dout, 0)
        dx, dy = maximum_backward(dout, cache)
        return dx, dy + unbroadcast(tied, y.shape)

    @mistake("N1326", replaces="maximum_backward", convention=True)
    def no_equal_has_it(dout, cache):
        """Where both are equal, x has the gradient: compared with > on both sides nobody would."""
        x, y = cache
        dx, dy = maximum_backward(dout, cache)
        return dx - unbroadcast(np.where(x == y, dout, 0), x.shape), dy

    @mistake("M53", replaces="maximum_backward")
    def mask_from_out(dout, cache):
        """Compare x with y; that out is positive says nothing about which one was larger."""
        x, y = cache
        to_x = np.maximum(x, y) > 0
        return unbroadcast(np.where(to_x, dout, 0), x.shape), unbroadcast(np.where(to_x, 0, dout), y.shape)

    @mistake("N25", replaces="maximum_forward", convention=True)
    def nan_passed_over(x, y):
        """NaN wins: a maximum that passes over it hides that something went wrong."""
        return np.asarray(np.fmax(x, y)), maximum_forward(x, y)[1]


class MistakesOfCopy:
    @mistake("M55", replaces="copy_backward")
    def last_branch_only(dout1, dout2, cache):
        """Gradients add up at forks: += and not =."""
        return dout2.copy()

    @mistake("M55", replaces="copy_backward")
    def first_branch_only(dout1, dout2, cache):
        """Gradients add up at forks: both branches count."""
        return dout1.copy()

    @mistake("N844", replaces="copy_backward")
    def mean_of_the_branches(dout1, dout2, cache):
        """The gradients of both branches are added up, not averaged."""
        return (dout1 + dout2) / 2

    @mistake("N1327", replaces="copy_backward")
    def added_in_place(dout1, dout2, cache):
        """Write a new array: dout1 += dout2 changes what the caller still needs."""
        dout1 += dout2
        return dout1

    @mistake("N1327", replaces="copy_forward")
    def one_array_twice(x):
        """Hand out two arrays: of one array twice each user sees what the other one writes."""
        _, out, cache = copy_forward(x)
        return out, out, cache
