"""Classic mistakes of DropConnect."""

import numpy as np

from nnspec.reference import affine_forward, dropconnect_backward, dropconnect_forward, dropout_forward
from nnspec.spec_tests._known import mistake


class MistakesOfDropconnect:
    @mistake("M30", replaces="dropconnect_forward")
    def division_forgotten(x, w, b, *, keep, mask=None, **options):
        """Divide the weights by keep in training, or evaluation must scale instead."""
        out, cache = dropconnect_forward(x, w, b, keep=keep, mask=mask, **options)
        return (out - b) * x.dtype.type(keep) + b, cache

    @mistake("N1708", replaces="dropconnect_forward")
    def units_dropped(x, w, b, *, keep, mask=None, **options):
        """Drop weights and not units: an input that is dropped is gone for every output."""
        rows = np.broadcast_to(mask[..., :1], mask.shape)
        return dropconnect_forward(x, w, b, keep=keep, mask=rows, **options)

    @mistake("N1708", replaces="dropconnect_forward")
    def outputs_dropped(x, w, b, *, keep, mask=None, **options):
        """Drop weights and not outputs: that is dropout of the layer."""
        columns = np.broadcast_to(mask[..., :1, :], mask.shape)
        return dropconnect_forward(x, w, b, keep=keep, mask=columns, **options)

    @mistake("N1709", replaces="dropconnect_forward")
    def everything_scaled(x, w, b, *, keep, mask=None, **options):
        """Divide the weights by keep, and not what comes out: the bias is not dropped."""
        out, cache = dropconnect_forward(x, w, b, keep=keep, mask=mask, **options)
        return out + (b / x.dtype.type(keep) - b), cache

    @mistake("N1709", replaces="dropconnect_forward")
    def bias_dropped_as_well(x, w, b, *, keep, mask=None, **options):
        """The bias is kept."""
        out, cache = dropconnect_forward(x, w, b, keep=keep, mask=mask, **options)
        kept = mask[..., 0, :] if mask.size else True
        return out - np.where(kept, 0, b), cache

    @mistake("N1710", replaces="dropconnect_backward")
    def gradient_of_the_whole_weights(dout, cache):
        """dw is masked, and divided by keep, as the weights were."""
        ops, (_, keep), product, each = cache
        opened = cache.of((ops, (np.True_, 1), product, each), cache.op, [dout])
        return dropconnect_backward(dout, opened)

    @mistake("M30", replaces="dropconnect_backward")
    def dw_not_scaled(dout, cache):
        """dw = x^T dout mask / keep: the backward is scaled like the forward."""
        _, (_, keep), _, _ = cache
        dx, dw, db = dropconnect_backward(dout, cache)
        return dx, dw * dout.dtype.type(keep), db

    @mistake("N1710", replaces="dropconnect_forward")
    def dx_by_the_whole_weights(x, w, b, *, keep, mask=None, **options):
        """dx goes back through the weights that were used: those that were kept, divided by keep."""
        out, cache = dropconnect_forward(x, w, b, keep=keep, mask=mask, **options)
        ops, dropped, product, each = cache
        if each:
            return out, cache
        _, whole = affine_forward(x, w, b)
        return out, cache.of((ops, dropped, whole, each), cache.op, [out])

    @mistake("N41", replaces="dropconnect_forward")
    def mask_of_what_is_dropped(x, w, b, *, keep, mask=None, **options):
        """True in the mask means kept."""
        return dropconnect_forward(x, w, b, keep=keep, mask=~mask, **options)

    @mistake("N42", replaces="dropconnect_forward")
    def given_mask_ignored(x, w, b, *, keep, mask=None, **options):
        """Use the mask that is given."""
        return dropconnect_forward(x, w, b, keep=keep, rng=np.random.default_rng(0), **options)

    @mistake("M29", replaces="dropconnect_forward")
    def divided_by_the_probability_of_dropping(x, w, b, *, keep, mask=None, **options):
        """keep is the probability of keeping: divide by keep, not by 1 - keep."""
        out, cache = dropconnect_forward(x, w, b, keep=keep, mask=mask, **options)
        with np.errstate(divide="ignore", invalid="ignore"):
            return (out - b) * x.dtype.type(keep) / x.dtype.type(1 - keep) + b, cache


class MistakesOfDropconnectMask:
    @mistake("M29", replaces="dropconnect_forward")
    def keep_taken_for_the_probability_of_dropping(x, w, b, *, keep, rng):
        """keep is the probability of keeping; PyTorch's p is that of dropping."""
        return dropconnect_forward(x, w, b, keep=1 - keep, rng=rng)

    @mistake("M30", replaces="dropconnect_forward")
    def division_forgotten(x, w, b, *, keep, rng):
        """Divide by keep, so that the mean of out is what evaluation gives."""
        out, cache = dropconnect_forward(x, w, b, keep=keep, rng=rng)
        return (out - b) * keep + b, cache

    @mistake("N1708", replaces="dropconnect_forward")
    def units_dropped(x, w, b, *, keep, rng):
        """Draw for each weight, not for each input."""
        kept = np.repeat(rng.random((len(w), 1)) < keep, w.shape[1], axis=1)
        return dropconnect_forward(x, w, b, keep=keep, mask=kept)

    @mistake("N1708", replaces="dropconnect_forward")
    def outputs_dropped(x, w, b, *, keep, rng):
        """Draw for each weight, not for each output."""
        kept = np.repeat(rng.random((1, w.shape[1])) < keep, len(w), axis=0)
        return dropconnect_forward(x, w, b, keep=keep, mask=kept)

    @mistake("N1708", replaces="dropconnect_forward")
    def activations_dropped(x, w, b, *, keep, rng):
        """Drop weights and not what comes in, which is dropout."""
        dropped, _ = dropout_forward(x, keep=keep, rng=rng)
        return dropconnect_forward(dropped, w, b, keep=keep, train=False)

    @mistake("N43", replaces="dropconnect_forward")
    def the_same_mask_in_every_call(x, w, b, *, keep, rng):
        """Draw from the generator that is given: a seed of one's own repeats the mask."""
        return dropconnect_forward(x, w, b, keep=keep, rng=np.random.default_rng(0))


class MistakesOfDropconnectEval:
    @mistake("M31", replaces="dropconnect_forward")
    def dropped_in_evaluation(x, w, b, *, keep, train, **options):
        """Drop nothing without train."""
        return dropconnect_forward(x, w, b, keep=keep, **({"rng": np.random.default_rng(0)} | options))

    @mistake("M30", replaces="dropconnect_forward")
    def scaled_in_evaluation_too(x, w, b, *, keep, train, **options):
        """Without train out = x w + b: it is training that divides by keep, so that nothing is left to scale."""
        _, cache = dropconnect_forward(x, w, b, keep=keep, train=train, **options)
        return x @ (w * w.dtype.type(keep)) + b, cache
