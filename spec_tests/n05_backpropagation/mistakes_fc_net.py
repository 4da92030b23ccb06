"""Classic mistakes of the fully connected network."""

import numpy as np

from nnspec import reference
from nnspec.reference import fc_net_init, fc_net_loss
from nnspec.spec_tests._known import mistake
from nnspec.spec_tests.n05_backpropagation.test_fc_net import NORMED


class Parts:
    """The reference's parts, but for those given."""

    def __init__(self, **others):
        self.__dict__.update(others)

    def __getattr__(self, name):
        return getattr(reference, name)


class MistakesOfFcNet:
    @mistake("M28", replaces="fc_net_loss")
    def biases_penalized(params, x, y, *, reg=0.0, **options):
        """Biases are not penalized."""
        loss, grads = fc_net_loss(params, x, y, reg=reg, **options)
        loss = loss + reg / 2 * sum((b**2).sum() for key, b in params.items() if key[0] == "b")
        return loss, {key: g + reg * params[key] if key[0] == "b" else g for key, g in grads.items()}

    @mistake("M15", replaces="fc_net_loss")
    def penalty_without_the_half(params, x, y, **options):
        """The penalty is reg/2 |W|^2: its gradient reg W belongs to the half."""

        def l2_penalty(w, lam, *, half):
            r, dw = reference.l2_penalty(w, lam, half=True)
            return 2 * r, dw

        return fc_net_loss(params, x, y, ops=Parts(l2_penalty=l2_penalty), **options)

    @mistake("N832", replaces="fc_net_loss")
    def penalty_gradient_from_the_sum(params, x, y, *, reg=0.0, **options):
        """The gradient of the penalty is reg W, entry by entry: not reg times the sum of W."""
        loss, grads = fc_net_loss(params, x, y, reg=reg, **options)
        return loss, {k: g + reg * (params[k].sum() - params[k]) if k[0] == "W" else g for k, g in grads.items()}

    @mistake("N45", replaces="fc_net_loss")
    def last_layer_not_penalized(params, x, y, *, reg=0.0, **options):
        """Penalize the weights of all layers."""
        return without_the_last_penalty(*fc_net_loss(params, x, y, reg=reg, **options), params, reg)

    @mistake("M58", replaces="fc_net_loss")
    def relu_on_the_scores(params, x, y, **options):
        """No ReLU after the last layer: scores may be negative."""

        def softmax_cross_entropy_forward(scores, y):
            return reference.softmax_cross_entropy_forward(np.maximum(scores, 0), y)

        parts = Parts(softmax_cross_entropy_forward=softmax_cross_entropy_forward)
        return fc_net_loss(params, x, y, ops=parts, **options)

    @mistake("M31", replaces="fc_net_loss")
    def dropout_in_evaluation(params, x, y, *, train=True, **options):
        """Drop nothing without train."""
        return fc_net_loss(params, x, y, **options)

    @mistake("M31", replaces="fc_net_loss")
    def another_mask_in_the_backward(params, x, y, **options):
        """Use the mask of the forward in the backward: keep it in the cache."""

        def dropout_backward(dout, cache):
            return np.roll(reference.dropout_backward(np.ones_like(dout), cache), 1) * dout

        return fc_net_loss(params, x, y, ops=Parts(dropout_backward=dropout_backward), **options)

    @mistake("M30", replaces="fc_net_loss")
    def dropout_not_scaled(params, x, y, *, keep=1.0, **options):
        """Divide by keep in training."""

        def dropout_forward(a, *, keep, **options):
            return reference.dropout_forward(a, keep=1, **options)

        return fc_net_loss(params, x, y, keep=keep, ops=Parts(dropout_forward=dropout_forward), **options)

    @mistake("N46", replaces="fc_net_loss")
    def dropout_before_the_last_layer_only(params, x, y, *, masks=None, **options):
        """Every hidden layer has dropout, not the last one alone."""
        if masks is None:
            return fc_net_loss(params, x, y, **options)
        last = max(masks, default=None)

        def dropout_forward(a, *, keep, mask, **options):
            here = {"keep": keep, "mask": mask} if mask is masks[last] else {"keep": 1, "mask": np.ones_like(mask)}
            return reference.dropout_forward(a, **here, **options)

        return fc_net_loss(params, x, y, masks=masks, ops=Parts(dropout_forward=dropout_forward), **options)


class MistakesOfFcNetDrawn:
    @mistake("N43", replaces="fc_net_loss")
    def generator_ignored(params, x, y, *, rng, **options):
        """Draw from the generator that is given, or no run can be repeated."""
        return fc_net_loss(params, x, y, rng=np.random.default_rng(54321), **options)

    @mistake("N825", replaces="fc_net_loss")
    def generator_anew_in_each_layer(params, x, y, *, rng, **options):
        """One generator draws the masks of all layers: do not start anew in each."""

        def dropout_forward(a, *, rng, **options):
            return reference.dropout_forward(a, rng=np.random.default_rng(7), **options)

        return fc_net_loss(params, x, y, rng=rng, ops=Parts(dropout_forward=dropout_forward), **options)

    @mistake("M31", replaces="fc_net_loss")
    def nothing_drawn(params, x, y, *, rng, keep, **options):
        """Without masks and with keep below 1 there is dropout as well."""
        return fc_net_loss(params, x, y, **options)


class MistakesOfFcNetBatchnorm:
    @mistake("N45", replaces="fc_net_loss")
    def last_layer_not_penalized(params, x, y, running=None, *, reg=0.0, **options):
        """Penalize the weights of all layers."""
        loss, grads, new = fc_net_loss(params, x, y, running, reg=reg, **options)
        return *without_the_last_penalty(loss, grads, params, reg), new

    @mistake("M28", replaces="fc_net_loss")
    def norm_parameters_penalized(params, x, y, running=None, *, reg=0.0, **options):
        """gamma and beta are not penalized."""
        loss, grads, new = fc_net_loss(params, x, y, running, reg=reg, **options)
        also = [key for key in params if key.startswith(NORMED)]
        loss = loss + reg / 2 * sum((params[key] ** 2).sum() for key in also)
        return loss, {key: g + reg * params[key] if key in also else g for key, g in grads.items()}, new

    @mistake("M69", replaces="fc_net_loss")
    def running_statistics_in_training(params, x, y, running=None, **options):
        """In training normalize by the statistics of the batch."""
        *_, new = fc_net_loss(params, x, y, running, **options)
        loss, grads, _ = fc_net_loss(params, x, y, running or new, train=False, **options)
        return loss, grads, new

    @mistake("N47", replaces="fc_net_loss")
    def running_statistics_not_updated(params, x, y, running=None, **options):
        """Update the running statistics in training, and return the new ones."""
        loss, grads, new = fc_net_loss(params, x, y, running, **options)
        return loss, grads, {key: (running or new)[key].copy() for key in new}

    @mistake("N48", replaces="fc_net_loss")
    def normalized_after_the_relu(params, x, y, running=None, **options):
        """Normalize before the ReLU, not after it."""
        return fc_net_loss(params, x, y, running, ops=norm_after_the_relu("batchnorm"), **options)

    @mistake("M53", replaces="fc_net_loss")
    def running_statistics_in_place(params, x, y, running=None, **options):
        """Return new running statistics: the caller's must not move."""
        loss, grads, new = fc_net_loss(params, x, y, running, **options)
        for key, array in (running or {}).items():
            array[...] = new[key]
        return loss, grads, new


class MistakesOfFcNetBatchnormEval:
    @mistake("M69", replaces="fc_net_loss")
    def statistics_of_the_batch(params, x, y, running, *, train, **options):
        """Without train normalize by the running statistics, not by the batch."""
        loss, grads, _ = fc_net_loss(params, x, y, running, **options)
        return loss, grads, {key: array.copy() for key, array in running.items()}

    @mistake("M69", replaces="fc_net_loss")
    def running_statistics_updated(params, x, y, running, *, train, **options):
        """Leave the running statistics alone without train."""
        loss, grads, _ = fc_net_loss(params, x, y, running, train=train, **options)
        return loss, grads, fc_net_loss(params, x, y, running, **options)[2]


class MistakesOfFcNetLayernorm:
    @mistake("N45", replaces="fc_net_loss")
    def last_layer_not_penalized(params, x, y, *, reg=0.0, **options):
        """Penalize the weights of all layers."""
        return without_the_last_penalty(*fc_net_loss(params, x, y, reg=reg, **options), params, reg)

    @mistake("M28", replaces="fc_net_loss")
    def norm_parameters_penalized(params, x, y, *, reg=0.0, **options):
        """gamma and beta are not penalized."""
        loss, grads = fc_net_loss(params, x, y, reg=reg, **options)
        also = [key for key in params if key.startswith(NORMED)]
        loss = loss + reg / 2 * sum((params[key] ** 2).sum() for key in also)
        return loss, {key: g + reg * params[key] if key in also else g for key, g in grads.items()}

    @mistake("M72", replaces="fc_net_loss")
    def normalized_over_the_batch(params, x, y, **options):
        """Layer normalization takes the statistics of each sample, not of the batch."""

        def layernorm_forward(a, gamma, beta):
            out, _, _, cache = reference.batchnorm_forward(a, gamma, beta, 0 * beta, 0 * beta)
            return out, cache

        parts = Parts(layernorm_forward=layernorm_forward, layernorm_backward=reference.batchnorm_backward)
        return fc_net_loss(params, x, y, ops=parts, **options)

    @mistake("N48", replaces="fc_net_loss")
    def normalized_after_the_relu(params, x, y, **options):
        """Normalize before the ReLU, not after it."""
        return fc_net_loss(params, x, y, ops=norm_after_the_relu("layernorm"), **options)


class MistakesOfFcNetScores:
    @mistake("M69", replaces="fc_net_loss")
    def statistics_of_the_batch(params, x, y, running, *, train, **options):
        """Without train normalize by the running statistics, not by the batch."""
        return fc_net_loss(params, x, y, running, **options)

    @mistake("M31", replaces="fc_net_loss")
    def dropout_in_evaluation(params, x, y, running, **options):
        """Drop nothing without train."""

        def dropout_forward(a, *, train, **options):
            return reference.dropout_forward(a, **options)

        return fc_net_loss(params, x, y, running, ops=Parts(dropout_forward=dropout_forward), **options)


class MistakesOfFcNetInit:
    @mistake("M57", replaces="fc_net_init")
    def all_weights_zero(dims, *, norm=None, scale=1e-2, rng):
        """Draw the weights: units that start equal stay equal."""
        params = fc_net_init(dims, norm=norm, scale=scale, rng=rng)
        return {key: 0 * array if key[0] == "W" else array for key, array in params.items()}

    @mistake("M57", replaces="fc_net_init")
    def generator_ignored(dims, *, norm=None, scale=1e-2, rng):
        """Use the generator that is given, or no run can be repeated."""
        return fc_net_init(dims, norm=norm, scale=scale, rng=np.random.default_rng())

    @mistake("N49", replaces="fc_net_init")
    def gamma_zero(dims, *, norm=None, scale=1e-2, rng):
        """gamma starts at 1: at 0 every sample looks alike."""
        params = fc_net_init(dims, norm=norm, scale=scale, rng=rng)
        return {key: 0 * array if key.startswith("gamma") else array for key, array in params.items()}

    @mistake("N49", replaces="fc_net_init")
    def norm_of_the_scores(dims, *, norm=None, scale=1e-2, rng):
        """The last layer gives the scores: it has no norm."""
        params, last = fc_net_init(dims, norm=norm, scale=scale, rng=rng), len(dims) - 1
        more = {f"gamma{last}": np.ones(dims[-1]), f"beta{last}": np.zeros(dims[-1])}
        return params | (more if norm else {})


def norm_after_the_relu(norm):
    """Parts that give each hidden layer its ReLU before its norm."""

    def norm_forward(a, *parameters, **options):
        active, relu_cache = reference.relu_forward(a)
        *outputs, cache = getattr(reference, f"{norm}_forward")(active, *parameters, **options)
        return *outputs, (relu_cache, cache)

    def norm_backward(dout, cache):
        relu_cache, norm_cache = cache
        da, *gradients = getattr(reference, f"{norm}_backward")(dout, norm_cache)
        return reference.relu_backward(da, relu_cache), *gradients

    passing = {"relu_forward": lambda a: (a, ()), "relu_backward": lambda dout, cache: dout}
    return Parts(**{f"{norm}_forward": norm_forward, f"{norm}_backward": norm_backward}, **passing)


def without_the_last_penalty(loss, grads, params, reg):
    *_, last = (key for key in params if key[0] == "W")
    r, dw = reference.l2_penalty(params[last], reg, half=True)
    return loss - r, {**grads, last: grads[last] - dw}
