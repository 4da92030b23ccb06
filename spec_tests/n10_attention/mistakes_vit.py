"""Classic mistakes of the vision transformer."""

import numpy as np

from nnspec import reference
from nnspec.reference import pool_tokens_backward, pool_tokens_forward, vit_init, vit_loss
from nnspec.spec_tests._known import mistake
from nnspec.spec_tests.n10_attention._parts import Parts

ORDERS = (("pre", "post"), ("post", "pre"))


class MistakesOfVit:
    @mistake("M108", replaces="vit_loss")
    def channels_last(params, x, y=None, *, patch, **options):
        """Flatten a patch as (C, p, p), the order in which patch.w counts its rows; here columns come before rows."""
        order = np.arange(len(params["patch.w"])).reshape(-1, patch, patch).swapaxes(1, 2).ravel()
        loss, grads = vit_loss({**params, "patch.w": params["patch.w"][order]}, x, y, patch=patch, **options)
        return loss, {**grads, "patch.w": grads["patch.w"][np.argsort(order)]}

    @mistake("M109", replaces="vit_loss")
    def positions_forgotten(params, x, y=None, **options):
        """Add the positions: without them the order of the patches does not count."""
        zero = {"pos": 0 * params["pos"]} if "pos" in params else {}
        ops = Parts(sinusoidal_pe=lambda T, E: np.zeros((T, E)))
        return vit_loss(params | zero, x, y, ops=ops, **options)

    @mistake("M107", replaces="vit_loss")
    def norms_the_other_way_around(params, x, y=None, **options):
        """norm_first decides on pre-LN; without it the layers are post-LN, as in the assignment."""
        plain, ways = Parts(), ("forward", "backward")
        swap = {"pre": "post", "post": "pre"}
        others = {
            f"encoder_layer_{a}_{w}": getattr(plain, f"encoder_layer_{b}_{w}") for a, b in swap.items() for w in ways
        }
        return vit_loss(params, x, y, ops=Parts(**others), **options)

    @mistake("N1015", replaces="vit_loss")
    def class_token_averaged_too(params, x, y=None, **options):
        """With a class token that token is read out, not the mean."""
        plain = Parts()
        pool = plain.pool_tokens_forward
        ops = Parts(pool_tokens_forward=lambda a, *, first: pool(a))
        return vit_loss(params, x, y, ops=ops, **options)

    @mistake("N1016", replaces="vit_loss")
    def summed_over_the_tokens(params, x, y=None, **options):
        """The pool is the mean over the tokens, so that scores do not grow with the image."""
        plain = Parts()
        pool, back = plain.pool_tokens_forward, reference.pool_tokens_backward

        def pool_tokens_forward(a, *, first):
            out, cache = pool(a, first=first)
            return (out if first else a.shape[1] * out), cache

        def pool_tokens_backward(dout, cache):
            dx = back(dout, cache)
            return dx if cache[2] is None else dx.shape[1] * dx

        ops = Parts(pool_tokens_forward=pool_tokens_forward, pool_tokens_backward=pool_tokens_backward)
        return vit_loss(params, x, y, ops=ops, **options)

    @mistake("M28", replaces="vit_loss")
    def biases_penalized(params, x, y=None, *, reg=0.0, **options):
        """Biases are not penalized, nor are norms."""
        if y is None:
            return vit_loss(params, x, y, **options)
        loss, grads = vit_loss(params, x, y, reg=reg, **options)
        also = [key for key in params if params[key].ndim == 1]
        loss = loss + reg / 2 * sum((params[key] ** 2).sum() for key in also)
        return loss, {key: g + reg * params[key] if key in also else g for key, g in grads.items()}

    @mistake("N1017", replaces="vit_loss")
    def attention_is_causal(params, x, y=None, **options):
        """An image has no future: every patch attends to all patches."""
        plain = Parts()
        attend = plain.mha_forward

        def mha_forward(q, k, v, params, *, heads, mask):
            return attend(q, k, v, params, heads=heads, mask=np.tri(q.shape[1], dtype=bool))

        return vit_loss(params, x, y, ops=Parts(mha_forward=mha_forward), **options)


class MistakesOfPoolTokens:
    @mistake("N1016", replaces="pool_tokens_forward")
    def summed(x, *, first=False):
        """Take the mean, so that the output does not grow with the number of tokens."""
        out, cache = pool_tokens_forward(x, first=first)
        return (out if first else x.shape[1] * out), cache

    @mistake("N1018", replaces="pool_tokens_forward")
    def the_last_token(x, *, first=False):
        """The class token stands first."""
        out, cache = pool_tokens_forward(x, first=first)
        return (x[:, -1].copy() if first else out), cache

    @mistake("N1016", replaces="pool_tokens_backward")
    def gradient_not_divided(dout, cache):
        """Every token has its share of the mean: dx = dout / T."""
        dx = pool_tokens_backward(dout, cache)
        return dx if cache[2] is None else dx * dx.shape[1]


class MistakesOfVitInit:
    @mistake("M57", replaces="vit_init")
    def all_weights_zero(*sizes, S=None, cls=False, norm_first=False, scale=0.02, rng):
        """Draw the weights: columns that start equal stay equal."""
        params = vit_init(*sizes, S=S, cls=cls, norm_first=norm_first, scale=scale, rng=rng)
        return {key: 0 * w if w.ndim == 2 else w for key, w in params.items()}

    @mistake("N1004", replaces="vit_init")
    def layers_alike(*sizes, S=None, cls=False, norm_first=False, scale=0.02, rng):
        """Draw every layer by itself: copies of one begin as the same function."""
        params = vit_init(*sizes, S=S, cls=cls, norm_first=norm_first, scale=scale, rng=rng)
        of_layers = [key for key in params if key.startswith("layers.")]
        return params | {key: params[f"layers.1.{key.split('.', 2)[2]}"].copy() for key in of_layers}
