"""Classic mistakes of the basic residual block."""

import numpy as np

from nnspec import reference
from nnspec.reference import basic_block_forward
from nnspec.spec_tests._known import mistake
from nnspec.spec_tests.n05_backpropagation.mistakes_fc_net import Parts
from nnspec.spec_tests.n07_residual_networks import _wrong_parts as wrong


class MistakesOfBasicBlock:
    @mistake("M74", replaces="basic_block_forward")
    def skip_gradient_dropped(x, params, running, **options):
        """x is used twice: dx is the gradient that comes back through the branch plus that of the shortcut."""
        return basic_block_forward(x, params, running, ops=wrong.skip_gradient_dropped(), **options)

    @mistake("M55", replaces="basic_block_forward")
    def branch_gradient_overwritten(x, params, running, **options):
        """Add the gradient of the shortcut to that of the branch, do not put it in its place: dx +=, not dx =."""
        return basic_block_forward(x, params, running, ops=wrong.branch_gradient_dropped(), **options)

    @mistake("M74", replaces="basic_block_forward")
    def relu_before_the_addition(x, params, running, **options):
        """The last ReLU follows the addition: out = relu(F(x) + shortcut), not relu(F(x)) + shortcut."""
        return wrong.summed_otherwise(basic_block_forward, wrong.relu_before_the_sum, x, params, running, **options)

    @mistake("M74", replaces="basic_block_forward")
    def no_relu_after_the_addition(x, params, running, **options):
        """A ReLU follows the addition: blocks that end in the sum are another kind, which begins with a norm."""
        return wrong.summed_otherwise(basic_block_forward, np.add, x, params, running, **options)

    @mistake("M74", replaces="basic_block_forward")
    def shortcut_left_out(x, params, running, **options):
        """Add the shortcut before the last ReLU."""
        first = lambda fx, shortcut: np.maximum(fx, 0)  # noqa: E731
        return wrong.summed_otherwise(basic_block_forward, first, x, params, running, **options)

    @mistake("M69", replaces="basic_block_forward")
    def batch_statistics_in_evaluation(x, params, running, *, train=True, **options):
        """Without train every norm of the block uses its running statistics, and leaves them as they are."""
        out, new, cache = basic_block_forward(x, params, running, **options)
        return out, new if train else {key: one.copy() for key, one in running.items()}, cache

    @mistake("M69", replaces="basic_block_forward")
    def running_statistics_updated_in_evaluation(x, params, running, *, train=True, **options):
        """Without train the running statistics stay as they are."""
        out, _, cache = basic_block_forward(x, params, running, train=train, **options)
        return out, basic_block_forward(x, params, running, **options)[1], cache

    @mistake("N896", replaces="basic_block_forward")
    def one_norm_for_both(x, params, running, **options):
        """Each convolution has a norm of its own: bn2 has its own gamma and beta."""
        shared = {f"bn2.{part}": params[f"bn1.{part}"] for part in ("gamma", "beta")}
        return basic_block_forward(x, params | shared, running, **options)

    @mistake("N896", replaces="basic_block_forward")
    def statistics_of_the_first_norm_for_both(x, params, running, **options):
        """Each norm keeps running statistics of its own: bn2 must not write to those of bn1."""
        out, new, cache = basic_block_forward(x, params, running, **options)
        return out, new | {f"bn1.{part}": new[f"bn2.{part}"].copy() for part in ("running_mean", "running_var")}, cache

    @mistake("N897", replaces="basic_block_forward")
    def no_relu_between_the_convolutions(x, params, running, **options):
        """A ReLU stands between the two convolutions: without it they are one."""
        return basic_block_forward(x, params, running, ops=wrong.first_relu_left_out(), **options)

    @mistake("N898", replaces="basic_block_forward")
    def norm_takes_the_mean_alone(x, params, running, **options):
        """The norms divide by the deviation, too."""
        return basic_block_forward(x, params, running, ops=wrong.norms_without_spread(), **options)


class MistakesOfBasicBlockProjection:
    @mistake("M74", replaces="basic_block_forward")
    def projection_ignored(x, params, running, **options):
        """Where params holds a projection, the shortcut goes through it, even if the shape would fit without."""

        def projection_shortcut_forward(x, w, *others, stride, train):
            right, *new, cache = reference.projection_shortcut_forward(x, w, *others, stride=stride, train=train)
            plain = reference.padding_shortcut_forward(x, F=max(x.shape[1], len(w)), stride=stride)[0]
            return plain[:, : len(w)].copy(), *new, cache

        parts = Parts(projection_shortcut_forward=projection_shortcut_forward)
        return basic_block_forward(x, params, running, ops=parts, **options)

    @mistake("M55", replaces="basic_block_forward")
    def gradient_of_the_projection_left_out(x, params, running, **options):
        """dx is the sum of what comes back through the branch and through the projection."""

        def projection_shortcut_backward(dout, cache):
            dx, *grads = reference.projection_shortcut_backward(dout, cache)
            return 0 * dx, *grads

        parts = Parts(projection_shortcut_backward=projection_shortcut_backward)
        return basic_block_forward(x, params, running, ops=parts, **options)

    @mistake("M74", replaces="basic_block_forward")
    def gradient_past_the_projection(x, params, running, **options):
        """The gradient of the sum goes through the projection before it reaches x: its weights learn from it."""
        return basic_block_forward(x, params, running, ops=wrong.skip_gradient_dropped(), **options)

    @mistake("M69", replaces="basic_block_forward")
    def statistics_of_the_projection_forgotten(x, params, running, **options):
        """The norm of the projection has running statistics as well: return them new."""
        out, new, cache = basic_block_forward(x, params, running, **options)
        return out, new | {key: running[key].copy() for key in running if key.startswith("shortcut.")}, cache

    @mistake("M69", replaces="basic_block_forward")
    def projection_trains_in_evaluation(x, params, running, **options):
        """Hand train down to the norm of the projection, too."""

        def projection_shortcut_forward(x, w, gamma, beta, *statistics, stride, train):
            given = x, w, gamma, beta, *statistics
            out, *new, cache = reference.projection_shortcut_forward(*given, stride=stride)
            return out, *(new if train else (one.copy() for one in statistics)), cache

        parts = Parts(projection_shortcut_forward=projection_shortcut_forward)
        return basic_block_forward(x, params, running, ops=parts, **options)
