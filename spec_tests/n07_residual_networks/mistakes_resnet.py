"""Classic mistakes of the residual network."""

import numpy as np

from nnspec import reference
from nnspec.reference import resnet_init, resnet_loss
from nnspec.spec_tests._known import mistake
from nnspec.spec_tests.n07_residual_networks._wrong_parts import PartsOfBlocks


class MistakesOfResnet:
    @mistake("M74", replaces="resnet_loss")
    def no_skip_connections(params, x, y=None, running=None, **options):
        """Add x to what comes out of the branch of each block: without it this is a plain network."""

        def residual_add_forward(fx, shortcut):
            return fx.copy(), reference.residual_add_forward(fx, shortcut)[1]

        parts = PartsOfBlocks(residual_add_forward=residual_add_forward)
        return resnet_loss(params, x, y, running, ops=parts, **options)

    @mistake("M74", replaces="resnet_loss")
    def skip_gradients_dropped(params, x, y=None, running=None, **options):
        """The gradient goes past each branch as well: it is what reaches the first layers of a deep network."""
        parts = PartsOfBlocks(residual_add_backward=lambda dout, cache: (dout.copy(), 0 * dout))
        return resnet_loss(params, x, y, running, ops=parts, **options)

    @mistake("M61", replaces="resnet_loss")
    def stages_without_a_stride(params, x, y=None, running=None, **options):
        """The first block of a stage with more filters has stride 2."""

        def basic_block_forward(x, params, running, *, stride, **options):
            return reference.basic_block_forward(x, params, running, **options)

        return resnet_loss(params, x, y, running, ops=PartsOfBlocks(basic_block_forward=basic_block_forward), **options)

    @mistake("M28", replaces="resnet_loss")
    def norms_and_biases_penalized(params, x, y, running=None, *, reg=0.0, **options):
        """Only weights are penalized: gamma, beta and fc.b are not."""
        loss, grads, new = resnet_loss(params, x, y, running, reg=reg, **options)
        free = {key for key, array in params.items() if array.ndim == 1}
        loss = loss + reg / 2 * sum((params[key] ** 2).sum() for key in free)
        return loss, {key: g + reg * params[key] if key in free else g for key, g in grads.items()}, new

    @mistake("M28", replaces="resnet_loss")
    def filters_not_penalized(params, x, y, running=None, *, reg=0.0, **options):
        """The filters are weights too: penalize them as well as fc.W."""
        loss, grads, new = resnet_loss(params, x, y, running, **options)
        W = params["fc.W"]
        return loss + reg / 2 * (W**2).sum(), grads | {"fc.W": grads["fc.W"] + reg * W}, new

    @mistake("M15", replaces="resnet_loss")
    def penalty_without_the_half(params, x, y, running=None, **options):
        """The penalty is reg/2 |W|^2: its gradient reg W belongs to the half."""

        def l2_penalty(w, lam, *, half):
            r, dw = reference.l2_penalty(w, lam, half=True)
            return 2 * r, dw

        return resnet_loss(params, x, y, running, ops=PartsOfBlocks(l2_penalty=l2_penalty), **options)

    @mistake("M69", replaces="resnet_loss")
    def batch_statistics_in_evaluation(params, x, y, running=None, *, train=True, **options):
        """Hand train down to every block: without it the norms use their running statistics, and leave them."""
        loss, grads, new = resnet_loss(params, x, y, running, **options)
        return loss, grads, new if train else {key: one.copy() for key, one in running.items()}

    @mistake("M69", replaces="resnet_loss")
    def statistics_of_the_blocks_lost(params, x, y, running=None, **options):
        """Return the running statistics of every block as they are after the batch, not those that came in."""
        loss, grads, new = resnet_loss(params, x, y, running, **options)
        old = running or {key: 0 * one for key, one in new.items()}
        return loss, grads, {key: old[key].copy() if key.startswith("block") else new[key] for key in new}

    @mistake("N899", replaces="resnet_loss")
    def largest_pixel_instead_of_the_mean(params, x, y=None, running=None, **options):
        """The maps are averaged before the last layer, not pooled by their maximum."""

        def global_avg_pool_forward(x):
            return x.max(axis=(2, 3)), reference.global_avg_pool_forward(x)[1]

        parts = PartsOfBlocks(global_avg_pool_forward=global_avg_pool_forward)
        return resnet_loss(params, x, y, running, ops=parts, **options)

    @mistake("N900", replaces="resnet_loss")
    def stem_without_its_relu(params, x, y=None, running=None, **options):
        """A ReLU follows the norm of the stem."""
        called = []

        def relu_forward(a):
            called.append(a)
            out, cache = reference.relu_forward(a)
            return (a.copy(), cache) if len(called) == 1 else (out, cache)

        return resnet_loss(params, x, y, running, ops=PartsOfBlocks(relu_forward=relu_forward), **options)


class MistakesOfResnetBottleneck:
    @mistake("M74", replaces="resnet_loss")
    def projections_ignored(params, x, y=None, running=None, **options):
        """Where a block has a projection, its shortcut goes through it."""

        def projection_shortcut_forward(x, w, *others, stride, train):
            _, *new, cache = reference.projection_shortcut_forward(x, w, *others, stride=stride, train=train)
            plain = reference.padding_shortcut_forward(x, F=max(x.shape[1], len(w)), stride=stride)[0]
            return plain[:, : len(w)].copy(), *new, cache

        parts = PartsOfBlocks(projection_shortcut_forward=projection_shortcut_forward)
        return resnet_loss(params, x, y, running, ops=parts, **options)

    @mistake("M69", replaces="resnet_loss")
    def batch_statistics_in_evaluation(params, x, y, running=None, *, train=True, **options):
        """Hand train down to every block: without it the norms use their running statistics, and leave them."""
        loss, grads, new = resnet_loss(params, x, y, running, **options)
        return loss, grads, new if train else {key: one.copy() for key, one in running.items()}


class MistakesOfResnetScores:
    @mistake("M69", replaces="resnet_loss")
    def statistics_of_the_batch(params, x, y=None, running=None, *, train=True, **options):
        """Predict with train=False all the way down: a sample must not depend on the others in its batch."""
        return resnet_loss(params, x, y, running, **options)

    @mistake("M58", replaces="resnet_loss")
    def relu_on_the_scores(params, x, y=None, running=None, **options):
        """No ReLU after the last layer: scores may be negative."""
        return np.maximum(resnet_loss(params, x, y, running, **options), 0)


class MistakesOfResnetInit:
    @mistake("M75", replaces="resnet_init")
    def fan_of_what_goes_out(C, n_classes, **options):
        """Take the fan-in, C K K of a filter: the fan-out keeps the variance of gradients, not of activations."""
        return scaled(resnet_init(C, n_classes, **options), lambda w, into, out_of: (into / out_of) ** 0.5)

    @mistake("M75", replaces="resnet_init")
    def fan_without_the_size_of_the_filter(C, n_classes, **options):
        """The fan-in of a filter is C K K: every pixel it meets counts."""
        return scaled(resnet_init(C, n_classes, **options), lambda w, into, out_of: w[0, 0].size ** 0.5)

    @mistake("M75", replaces="resnet_init")
    def variance_taken_for_deviation(C, n_classes, **options):
        """The standard deviation is the root of 2 / fan_in."""
        return scaled(resnet_init(C, n_classes, **options), lambda w, into, out_of: (2 / (into * w[0, 0].size)) ** 0.5)

    @mistake("N901", replaces="resnet_init")
    def projections_always(C, n_classes, *, shortcut="projection", **options):
        """By default shortcuts have no parameters: that is how ResNet-20 has 0.27 million."""
        return resnet_init(C, n_classes, shortcut=shortcut, **options)

    @mistake("N901", replaces="resnet_init")
    def no_projection_at_a_change_of_width(C, n_classes, *, shortcut="padding", **options):
        """With shortcut="projection" every block that changes the shape has one, the first bottleneck among them."""
        return resnet_init(C, n_classes, **options)

    @mistake("N902", replaces="resnet_init")
    def gamma_of_zero(C, n_classes, **options):
        """gamma starts at 1: with 0 in every norm nothing passes."""
        params = resnet_init(C, n_classes, **options)
        return {key: 0 * array if key.endswith("gamma") else array for key, array in params.items()}


def scaled(params, factor):
    """Weights by factor(w, channels in, channels out)."""
    found = {key: w * factor(w, w.shape[1], w.shape[0]) for key, w in params.items() if w.ndim == 4}
    return params | found
