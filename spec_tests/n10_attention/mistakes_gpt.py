"""Classic mistakes of the decoder-only language model."""

import numpy as np

from nnspec import reference
from nnspec.reference import gpt_init, gpt_loss, gpt_scores
from nnspec.spec_tests._known import mistake
from nnspec.spec_tests.n10_attention._parts import Parts


class MistakesOfGpt:
    @mistake("M103", replaces="gpt_loss")
    def diagonal_excluded(params, ids, *, heads):
        """A token sees itself and all before it: keep the diagonal of the causal mask."""
        ops = Parts(causal_mask=lambda T: np.tri(T, k=-1, dtype=bool))
        return gpt_loss(params, ids, heads=heads, ops=ops)

    @mistake("N1001", replaces="gpt_loss")
    def no_causal_mask(params, ids, *, heads):
        """Mask the future: without a causal mask each token sees the one that it is to foretell."""
        return gpt_loss(params, ids, heads=heads, ops=Parts(causal_mask=lambda T: np.ones((T, T), bool)))

    @mistake("M98", replaces="gpt_loss")
    def polarity_inverted(params, ids, *, heads):
        """True means may attend: inverted, the model sees the future alone."""
        ops = Parts(causal_mask=lambda T: ~reference.causal_mask(T))
        return gpt_loss(params, ids, heads=heads, ops=ops)

    @mistake("M107", replaces="gpt_loss")
    def last_norm_missing(params, ids, *, heads):
        """A norm follows the last layer, since no pre-LN layer normalizes what it hands on."""
        last = 2 * sum(key.endswith(".ln1.gamma") for key in params)
        count = []

        def layernorm_forward(x, gamma, beta):
            count.append(1)
            if len(count) <= last:
                return reference.layernorm_forward(x, gamma, beta)
            return x.copy(), reference.layernorm_forward(x, gamma, beta)[1]

        return gpt_loss(params, ids, heads=heads, ops=Parts(layernorm_forward=layernorm_forward))

    @mistake("M107", replaces="gpt_loss")
    def norms_after_the_sums(params, ids, *, heads):
        """The layers are pre-LN: x + MHA(LN(x)), x + FFN(LN(x))."""
        post = {f"encoder_layer_pre_{way}": f"encoder_layer_post_{way}" for way in ("forward", "backward")}
        plain = Parts()
        return gpt_loss(
            params, ids, heads=heads, ops=Parts(**{pre: getattr(plain, name) for pre, name in post.items()})
        )

    @mistake("M89", replaces="gpt_loss")
    def target_not_shifted(params, ids, *, heads):
        """The target of a token is the next one, ids[:, 1:]: to foretell what it has just read, it need only copy."""
        read, ops = ids[:, :-1], Parts()
        taken = ops.temporal_softmax_loss_forward
        ops.temporal_softmax_loss_forward = lambda scores, y, **options: taken(scores, read, **options)
        return gpt_loss(params, ids, heads=heads, ops=ops)

    @mistake("M88", replaces="gpt_loss")
    def divided_by_the_sequences_alone(params, ids, *, heads):
        """The loss is the mean over all tokens that are foretold, N T of them, not over the N sequences."""
        ops = Parts()
        taken = ops.temporal_softmax_loss_forward
        ops.temporal_softmax_loss_forward = lambda scores, y, **options: taken(scores, y, normalize="batch")
        return gpt_loss(params, ids, heads=heads, ops=ops)

    @mistake("M109", replaces="gpt_loss")
    def positions_forgotten(params, ids, *, heads):
        """Add the positions wpe to the tokens."""
        return gpt_loss({**params, "wpe": 0 * params["wpe"]}, ids, heads=heads)

    @mistake("M115", replaces="gpt_loss")
    def tied_gradient_of_the_head_alone(params, ids, *, heads):
        """A tied wte is used twice: the gradient of the embedding is added to that of the head."""
        ops = Parts(embedding_backward=lambda dout, cache: 0 * reference.embedding_backward(dout, cache))
        return gpt_loss(params, ids, heads=heads, ops=ops)

    @mistake("M115", replaces="gpt_loss")
    def tied_gradient_of_the_embedding_alone(params, ids, *, heads):
        """A tied wte is used twice: the gradient of the head is added to that of the embedding."""

        def lm_head_backward(dscores, cache):
            dx, dw = reference.lm_head_backward(dscores, cache)
            return dx, dw if "head" in params else 0 * dw

        return gpt_loss(params, ids, heads=heads, ops=Parts(lm_head_backward=lm_head_backward))

    @mistake("M115", replaces="gpt_loss")
    def embeddings_scaled(params, ids, *, heads):
        """GPT adds embeddings and positions as they are; to scale by sqrt(E) belongs to Vaswani et al."""
        root = np.sqrt(params["wte"].dtype.type(params["wte"].shape[1]))

        def embedding_forward(ids, w):
            out, cache = reference.embedding_forward(ids, w)
            return (root * out if w is params["wte"] else out), cache

        return gpt_loss(params, ids, heads=heads, ops=Parts(embedding_forward=embedding_forward))

    @mistake("M87", replaces="gpt_loss")
    def repeated_tokens_lost(params, ids, *, heads):
        """Add up the gradients of all places of a token: dw[ids] += dout keeps only one of them."""

        def embedding_backward(dout, cache):
            ids, w, _ = cache
            dw = np.zeros_like(w)
            dw[ids] += dout
            return dw

        return gpt_loss(params, ids, heads=heads, ops=Parts(embedding_backward=embedding_backward))

    @mistake("N1002", replaces="gpt_loss")
    def every_layer_the_first(params, ids, *, heads):
        """Every layer has parameters of its own: a list of one layer, repeated, holds the same one many times."""
        first = {key: params[f"layers.1.{key.split('.', 2)[2]}"] for key in params if key.startswith("layers.")}
        return gpt_loss(params | first, ids, heads=heads)


class MistakesOfGptScores:
    @mistake("N1001", replaces="gpt_scores")
    def no_causal_mask(params, ids, *, heads):
        """Mask the future in use as well: it was trained so."""
        return gpt_scores(params, ids, heads=heads, ops=Parts(causal_mask=lambda T: np.ones((T, T), bool)))

    @mistake("N1003", replaces="gpt_scores")
    def positions_from_the_end_of_the_table(params, ids, *, heads):
        """The first token has the first position, however short the sequence is."""
        T = ids.shape[1]
        return gpt_scores({**params, "wpe": np.roll(params["wpe"], T, axis=0)}, ids, heads=heads)


class MistakesOfGptInit:
    @mistake("M57", replaces="gpt_init")
    def all_weights_zero(V, S, E, H, L, *, tied=True, scale=0.02, rng):
        """Draw the weights: columns that start equal stay equal."""
        params = gpt_init(V, S, E, H, L, tied=tied, scale=scale, rng=rng)
        return {key: 0 * w if w.ndim == 2 else w for key, w in params.items()}

    @mistake("N1004", replaces="gpt_init")
    def layers_alike(V, S, E, H, L, *, tied=True, scale=0.02, rng):
        """Draw every layer by itself: copies of one begin as the same function."""
        params = gpt_init(V, S, E, H, L, tied=tied, scale=scale, rng=rng)
        alike = {key: params[f"layers.1.{key.split('.', 2)[2]}"].copy() for key in params if key.startswith("layers.")}
        return params | alike

    @mistake("N1005", replaces="gpt_init")
    def branches_as_large_as_the_rest(V, S, E, H, L, *, tied=True, scale=0.02, rng):
        """What ends a branch, Wo and W2, starts smaller by sqrt(2 L): all branches add up on one path."""
        params = gpt_init(V, S, E, H, L, tied=tied, scale=scale, rng=rng)
        return {k: w * np.sqrt(2 * L) if k.endswith(("mha.Wo", "ffn.W2")) else w for k, w in params.items()}

    @mistake("N1006", replaces="gpt_init")
    def weights_of_order_one(V, S, E, H, L, *, tied=True, scale=1.0, rng):
        """Start with small weights, 0.02: with large ones the first loss is far above log V."""
        return gpt_init(V, S, E, H, L, tied=tied, scale=scale, rng=rng)
