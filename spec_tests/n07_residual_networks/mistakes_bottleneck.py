"""Classic mistakes of the bottleneck block."""

from nnspec.reference import bottleneck_forward
from nnspec.spec_tests._known import mistake
from nnspec.spec_tests.n07_residual_networks import _wrong_parts as wrong


class MistakesOfBottleneck:
    @mistake("M74", replaces="bottleneck_forward")
    def skip_gradient_dropped(x, params, running, **options):
        """x is used twice: dx is the gradient that comes back through the branch plus that of the shortcut."""
        return bottleneck_forward(x, params, running, ops=wrong.skip_gradient_dropped(), **options)

    @mistake("M55", replaces="bottleneck_forward")
    def branch_gradient_overwritten(x, params, running, **options):
        """Add the gradient of the shortcut to that of the branch, do not put it in its place: dx +=, not dx =."""
        return bottleneck_forward(x, params, running, ops=wrong.branch_gradient_dropped(), **options)

    @mistake("M74", replaces="bottleneck_forward")
    def relu_before_the_addition(x, params, running, **options):
        """The last ReLU follows the addition: out = relu(F(x) + shortcut), not relu(F(x)) + shortcut."""
        return wrong.summed_otherwise(bottleneck_forward, wrong.relu_before_the_sum, x, params, running, **options)

    @mistake("M69", replaces="bottleneck_forward")
    def batch_statistics_in_evaluation(x, params, running, *, train=True, **options):
        """Without train every norm of the block uses its running statistics, and leaves them as they are."""
        out, new, cache = bottleneck_forward(x, params, running, **options)
        return out, new if train else {key: one.copy() for key, one in running.items()}, cache

    @mistake("N897", replaces="bottleneck_forward")
    def no_relu_after_the_first_norm(x, params, running, **options):
        """A ReLU follows the first norm and the second."""
        return bottleneck_forward(x, params, running, ops=wrong.first_relu_left_out(), **options)


class MistakesOfBottleneckProjection:
    @mistake("M69", replaces="bottleneck_forward")
    def statistics_of_the_projection_forgotten(x, params, running, **options):
        """The norm of the projection has running statistics as well: return them new."""
        out, new, cache = bottleneck_forward(x, params, running, **options)
        return out, new | {key: running[key].copy() for key in running if key.startswith("shortcut.")}, cache

    @mistake("M74", replaces="bottleneck_forward")
    def gradient_past_the_projection(x, params, running, **options):
        """The gradient of the sum goes through the projection before it reaches x: its weights learn from it."""
        return bottleneck_forward(x, params, running, ops=wrong.skip_gradient_dropped(), **options)
