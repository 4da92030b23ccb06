"""Classic mistakes of the transformer encoder layer."""

import numpy as np

from nnspec import reference
from nnspec.reference import (
    encoder_layer_post_backward,
    encoder_layer_post_forward,
    encoder_layer_pre_backward,
    encoder_layer_pre_forward,
)
from nnspec.spec_tests._known import mistake
from nnspec.spec_tests.n10_attention._parts import Parts


def passing(dout, cache):
    return dout.copy(), dout.copy()


class MistakesOfEncoderLayerPost:
    @mistake("M107", replaces="encoder_layer_post_forward")
    def norms_first(x, params, **options):
        """Post-LN normalizes the sum x + branch; norms in front of the branches are the other layer, pre-LN."""
        _, cache = encoder_layer_post_forward(x, params, **options)
        return encoder_layer_pre_forward(x, params, **options)[0], cache

    @mistake("M107", replaces="encoder_layer_post_forward")
    def branch_normalized_alone(x, params, **options):
        """Normalize the sum, LN(x + branch), not the branch: x + LN(branch)."""
        waiting = []

        def residual_add_forward(fx, x):
            waiting.append(x)
            return fx.copy(), ()

        def layernorm_forward(z, gamma, beta):
            out, cache = reference.layernorm_forward(z, gamma, beta)
            return out + waiting.pop(), cache

        parts = {"residual_add_forward": residual_add_forward, "residual_add_backward": passing}
        return encoder_layer_post_forward(x, params, ops=Parts(layernorm_forward=layernorm_forward, **parts), **options)

    @mistake("M74", replaces="encoder_layer_post_forward")
    def no_shortcut(x, params, **options):
        """x goes past each branch as well: y = LN(x + branch)."""
        parts = {
            "residual_add_forward": lambda fx, x: (fx.copy(), ()),
            "residual_add_backward": lambda dout, cache: (dout.copy(), 0 * dout),
        }
        return encoder_layer_post_forward(x, params, ops=Parts(**parts), **options)

    @mistake("M55", replaces="encoder_layer_post_backward")
    def gradient_past_the_branches_lost(dout, cache):
        """x goes two ways: add the gradient that comes past the branch to the one that comes through it."""
        ops, *rest = cache
        lost = Parts(residual_add_backward=lambda dout, cache: (dout.copy(), 0 * dout))
        return encoder_layer_post_backward(dout, cache.of((lost, *rest), cache.op, [dout]))

    @mistake("N978", replaces="encoder_layer_post_forward")
    def one_norm_for_both(x, params, **options):
        """Each of the two norms has a gamma and a beta of its own."""
        same = {f"ln2.{name}": params[f"ln1.{name}"] for name in ("gamma", "beta")}
        return encoder_layer_post_forward(x, params | same, **options)

    @mistake("M98", replaces="encoder_layer_post_forward")
    def polarity_inverted(x, params, *, mask=None, **options):
        """True means may attend; src_mask of nn.TransformerEncoderLayer is True where nobody may."""
        return encoder_layer_post_forward(x, params, mask=None if mask is None else ~mask, **options)

    @mistake("M114", replaces="encoder_layer_post_forward")
    def dropout_in_evaluation(x, params, *, train=True, **options):
        """Drop nothing without train."""
        return encoder_layer_post_forward(x, params, **options)

    @mistake("N979", replaces="encoder_layer_post_forward")
    def shortcut_dropped_too(x, params, *, keep=1.0, masks=None, train=True, **options):
        """Dropout is for what a branch adds, before the sum: what goes past it stays whole."""
        if masks is None or not train:
            return encoder_layer_post_forward(x, params, keep=keep, masks=masks, train=train, **options)
        places = iter((masks["attention"], masks["ffn"]))

        def residual_add_forward(fx, x):
            return np.where(next(places), (fx + x) / fx.dtype.type(keep), 0), ()

        whole = {name: np.ones_like(mask) for name, mask in masks.items()} | {"hidden": masks["hidden"]}
        plain = Parts(residual_add_forward=residual_add_forward, residual_add_backward=passing)
        return encoder_layer_post_forward(x, params, keep=keep, masks=whole, ops=plain, **options)

    @mistake("N974", replaces="encoder_layer_post_forward")
    def relu_whatever_is_asked_for(x, params, *, act="gelu", **options):
        """Hand act on to the feed-forward network; GELU is the default, ReLU that of nn.TransformerEncoderLayer."""
        return encoder_layer_post_forward(x, params, act="relu", **options)


class MistakesOfEncoderLayerPre:
    @mistake("M107", replaces="encoder_layer_pre_forward")
    def shortcut_from_the_normed_input(x, params, **options):
        """The shortcut takes x itself: x + branch(LN(x)), not LN(x) + branch(LN(x))."""
        normed = []

        def layernorm_forward(z, gamma, beta):
            out, cache = reference.layernorm_forward(z, gamma, beta)
            normed.append(out)
            return out, cache

        def residual_add_forward(fx, x):
            return fx + normed[-1], ()

        parts = {"residual_add_forward": residual_add_forward, "residual_add_backward": passing}
        return encoder_layer_pre_forward(x, params, ops=Parts(layernorm_forward=layernorm_forward, **parts), **options)

    @mistake("M107", replaces="encoder_layer_pre_forward")
    def norms_after_the_sums(x, params, **options):
        """Pre-LN normalizes what goes into a branch; the sums themselves stay as they are."""
        _, cache = encoder_layer_pre_forward(x, params, **options)
        return encoder_layer_post_forward(x, params, **options)[0], cache

    @mistake("M74", replaces="encoder_layer_pre_forward")
    def no_shortcut(x, params, **options):
        """x goes past each branch as well: x + branch(LN(x))."""
        parts = {
            "residual_add_forward": lambda fx, x: (fx.copy(), ()),
            "residual_add_backward": lambda dout, cache: (dout.copy(), 0 * dout),
        }
        return encoder_layer_pre_forward(x, params, ops=Parts(**parts), **options)

    @mistake("M55", replaces="encoder_layer_pre_backward")
    def gradient_past_the_branches_lost(dout, cache):
        """x goes two ways: add the gradient that comes past the branch to the one that comes through it."""
        ops, *rest = cache
        lost = Parts(residual_add_backward=lambda dout, cache: (dout.copy(), 0 * dout))
        return encoder_layer_pre_backward(dout, cache.of((lost, *rest), cache.op, [dout]))

    @mistake("N980", replaces="encoder_layer_pre_forward")
    def branches_side_by_side(x, params, **options):
        """The feed-forward network reads what attention has added already: y, not x."""
        first = []

        def residual_add_forward(fx, x):
            first.append((fx, x))
            if len(first) == 1:
                return x.copy(), ()
            return first[0][0] + fx + x, ()

        ops = Parts(residual_add_forward=residual_add_forward, residual_add_backward=passing)
        return encoder_layer_pre_forward(x, params, ops=ops, **options)

    @mistake("N978", replaces="encoder_layer_pre_forward")
    def one_norm_for_both(x, params, **options):
        """Each of the two norms has a gamma and a beta of its own."""
        same = {f"ln2.{name}": params[f"ln1.{name}"] for name in ("gamma", "beta")}
        return encoder_layer_pre_forward(x, params | same, **options)

    @mistake("M98", replaces="encoder_layer_pre_forward")
    def polarity_inverted(x, params, *, mask=None, **options):
        """True means may attend; src_mask of nn.TransformerEncoderLayer is True where nobody may."""
        return encoder_layer_pre_forward(x, params, mask=None if mask is None else ~mask, **options)

    @mistake("M114", replaces="encoder_layer_pre_forward")
    def dropout_in_evaluation(x, params, *, train=True, **options):
        """Drop nothing without train."""
        return encoder_layer_pre_forward(x, params, **options)


class MistakesOfEncoderLayerPreDrawn:
    @mistake("N981", replaces="encoder_layer_pre_forward")
    def one_generator_state_for_all_places(x, params, *, keep, rng, heads):
        """One generator draws the masks of all places, one after the other: do not start anew in each."""

        def dropout_forward(a, *, rng, **options):
            return reference.dropout_forward(a, rng=np.random.default_rng(7), **options)

        ops = Parts(dropout_forward=dropout_forward)
        return encoder_layer_pre_forward(x, params, heads=heads, keep=keep, rng=rng, ops=ops)

    @mistake("N982", replaces="encoder_layer_pre_forward")
    def hidden_units_not_dropped(x, params, *, keep, rng, heads):
        """There is dropout between the two layers of the feed-forward network as well."""
        N, T, E = x.shape
        masks = {"attention": rng.random((N, T, E)) < keep}
        rng.random((N, T, len(params["ffn.b1"])))
        masks["ffn"] = rng.random((N, T, E)) < keep
        masks["hidden"] = np.ones((N, T, len(params["ffn.b1"])), bool)
        whole = Parts(ffn_forward=lambda a, params, *, act, **_: reference.ffn_forward(a, params, act=act))
        return encoder_layer_pre_forward(x, params, heads=heads, keep=keep, masks=masks, ops=whole)
