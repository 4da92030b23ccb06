"""Classic mistakes of multi-head attention."""

import numpy as np

from nnspec import reference
from nnspec.reference import attention_map, mha_backward, mha_forward, self_mha_forward
from nnspec.spec_tests._known import mistake
from nnspec.spec_tests.n10_attention._parts import Parts


def with_sdpa(forward, backward=reference.sdpa_backward):
    return Parts(sdpa_forward=forward, sdpa_backward=backward)


class MistakesOfMha:
    @mistake("M101", replaces="mha_forward")
    def heads_split_by_reshape_alone(q, k, v, params, **options):
        """Reshape to (N, T, heads, d) and then swap axes: reshaping to (N, heads, T, d) mixes the tokens."""

        def forward(*split, mask):
            return reference.sdpa_forward(*(x.swapaxes(1, 2).reshape(x.shape) for x in split), mask=mask)

        def backward(dout, cache):
            dsplit = reference.sdpa_backward(dout, cache)
            shapes = [(len(dx), dx.shape[2], dx.shape[1], dx.shape[3]) for dx in dsplit]
            return [dx.reshape(shape).swapaxes(1, 2) for dx, shape in zip(dsplit, shapes, strict=True)]

        return mha_forward(q, k, v, params, ops=with_sdpa(forward, backward), **options)

    @mistake("M102", replaces="mha_forward")
    def heads_merged_without_swapping_back(q, k, v, params, **options):
        """Swap (N, heads, T, d) back to (N, T, heads, d) before the reshape to (N, T, E)."""

        def forward(*split, mask):
            out, cache = reference.sdpa_forward(*split, mask=mask)
            N, heads, T, d = out.shape
            return out.reshape(N, T, heads, d).swapaxes(1, 2), cache

        def backward(dout, cache):
            return reference.sdpa_backward(dout.swapaxes(1, 2).reshape(dout.shape), cache)

        return mha_forward(q, k, v, params, ops=with_sdpa(forward, backward), **options)

    @mistake("N965", replaces="mha_forward")
    def columns_of_a_head_far_apart(q, k, v, params, *, heads, **options):
        """The columns of a head are neighbours: reshape to (N, T, heads, d), not to (N, T, d, heads)."""

        def forward(*split, mask):
            return reference.sdpa_forward(*map(_strided, split), mask=mask)

        def backward(dout, cache):
            return list(map(_unstrided, reference.sdpa_backward(dout, cache)))

        return mha_forward(q, k, v, params, heads=heads, ops=with_sdpa(forward, backward), **options)

    @mistake("M97", replaces="mha_forward")
    def scale_missing(q, k, v, params, **options):
        """Divide the scores by sqrt(d): without it their size grows with d, and softmax saturates."""
        ops = with_sdpa(lambda *split, mask: reference.sdpa_forward(*split, mask=mask, scale=1.0))
        return mha_forward(q, k, v, params, ops=ops, **options)

    @mistake("M97", replaces="mha_forward")
    def scale_of_the_whole_width(q, k, v, params, **options):
        """Divide by sqrt(d) with d = E / heads, the columns of one head, not by sqrt(E)."""
        scale = q.shape[-1] ** -0.5
        ops = with_sdpa(lambda *split, mask: reference.sdpa_forward(*split, mask=mask, scale=scale))
        return mha_forward(q, k, v, params, ops=ops, **options)

    @mistake("M98", replaces="mha_forward")
    def polarity_inverted(q, k, v, params, *, heads, mask=None):
        """True means may attend; nn.MultiheadAttention takes the opposite: pass it ~mask."""
        return mha_forward(q, k, v, params, heads=heads, mask=None if mask is None else ~mask)

    @mistake("M96", replaces="mha_forward")
    def softmax_over_the_queries(q, k, v, params, **options):
        """Each query spreads its weight over the keys: softmax runs along the last axis of (Tq, Tk)."""

        def forward(Q, K, V, *, mask):
            turned, _ = reference.masked_softmax_forward(
                K @ Q.swapaxes(-1, -2) / np.sqrt(Q.dtype.type(Q.shape[-1])),
                mask=None if mask is None else np.atleast_2d(mask).swapaxes(-1, -2),
            )
            return turned.swapaxes(-1, -2) @ V, reference.sdpa_forward(Q, K, V, mask=mask)[1]

        return mha_forward(q, k, v, params, ops=with_sdpa(forward), **options)

    @mistake("N966", replaces="mha_forward")
    def one_head(q, k, v, params, *, heads, mask=None):
        """Cut Q, K and V into heads: each has a softmax of its own."""
        return mha_forward(q, k, v, params, heads=1, mask=None if np.ndim(mask) > 2 and mask.shape[1] > 1 else mask)

    @mistake("N967", replaces="mha_forward")
    def output_not_projected(q, k, v, params, **options):
        """The heads are mixed by Wo at the end, with its bias bo."""
        unit = {"Wo": np.eye(len(params["Wo"]), dtype=q.dtype), "bo": 0 * params["bo"]}
        return mha_forward(q, k, v, params | unit, **options)

    @mistake("N968", replaces="mha_forward")
    def values_of_the_keys_projection(q, k, v, params, **options):
        """Values have a projection of their own: Wv and bv, not Wk and bk."""
        return mha_forward(q, k, v, {**params, "Wv": params["Wk"], "bv": params["bk"]}, **options)

    @mistake("N969", replaces="mha_forward")
    def keys_for_values(q, k, v, params, **options):
        """The values are v: what is looked up is not what it is looked up by."""
        return mha_forward(q, k, k, params, **options)

    @mistake("M52", replaces="mha_forward")
    def weights_transposed(q, k, v, params, **options):
        """Q = q Wq: the weights are (in, out); PyTorch stores the transposes."""
        return mha_forward(q, k, v, {key: w.T.copy() for key, w in params.items()}, **options)

    @mistake("N970", replaces="mha_backward")
    def gradient_of_the_masked_too(dout, cache):
        """Bias gradients are sums over all tokens of all sequences, not over the batch alone."""
        dq, dk, dv, grads = mha_backward(dout, cache)
        return dq, dk, dv, {key: g / dout.shape[1] if key[0] == "b" else g for key, g in grads.items()}


class MistakesOfSelfMha:
    @mistake("M55", replaces="self_mha_backward")
    def query_path_alone(dout, cache):
        """x is query, key and value: dx = dq + dk + dv."""
        ops, inner = cache
        dq, _, _, grads = ops.mha_backward(dout, inner)
        return dq, grads

    @mistake("M55", replaces="self_mha_backward")
    def value_path_alone(dout, cache):
        """x is query, key and value: the way through the scores, dq + dk, belongs to dx as well."""
        ops, inner = cache
        _, _, dv, grads = ops.mha_backward(dout, inner)
        return dv, grads

    @mistake("M55", replaces="self_mha_backward")
    def key_path_forgotten(dout, cache):
        """x is also what all other tokens ask: add dk."""
        ops, inner = cache
        dq, _, dv, grads = ops.mha_backward(dout, inner)
        return dq + dv, grads

    @mistake("M98", replaces="self_mha_forward")
    def polarity_inverted(x, params, *, heads, mask=None):
        """True means may attend: inverted, a causal mask shows the future alone."""
        return self_mha_forward(x, params, heads=heads, mask=None if mask is None else ~mask)

    @mistake("M103", replaces="self_mha_forward")
    def diagonal_excluded(x, params, *, heads, mask=None):
        """A token may attend to itself: keep the diagonal of a causal mask."""
        hidden = None if mask is None else mask & ~np.eye(x.shape[1], dtype=bool)
        return self_mha_forward(x, params, heads=heads, mask=hidden)


class MistakesOfAttentionMap:
    @mistake("M96", replaces="attention_map")
    def queries_and_keys_exchanged(q, k, params, *, heads, mask=None):
        """Rows are queries, columns keys: A[..., i, j] is what query i takes of value j."""
        swapped = {**params, **{f"{kind}{one}": params[f"{kind}{two}"] for kind in "Wb" for one, two in ("qk", "kq")}}
        A = attention_map(k, q, swapped, heads=heads, mask=None if mask is None else mask.swapaxes(-1, -2))
        return A.swapaxes(-1, -2)

    @mistake("N971", replaces="attention_map")
    def scores_instead_of_weights(q, k, params, *, heads, mask=None):
        """Show the weights after softmax, whose rows sum to 1."""
        A = attention_map(q, k, params, heads=heads, mask=mask)
        return np.log(np.where(A > 0, A, 1))

    @mistake("N972", replaces="attention_map")
    def averaged_over_the_heads(q, k, params, *, heads, mask=None):
        """Each head has a map of its own; nn.MultiheadAttention averages them unless it is told not to."""
        A = attention_map(q, k, params, heads=heads, mask=mask)
        return np.broadcast_to(A.mean(axis=1, keepdims=True), A.shape).copy()


def _strided(x):
    """From the neighbouring columns of each head to every heads-th one."""
    N, heads, T, d = x.shape
    return x.swapaxes(1, 2).reshape(N, T, d, heads).transpose(0, 3, 1, 2)


def _unstrided(x):
    N, heads, T, d = x.shape
    return x.transpose(0, 2, 3, 1).reshape(N, T, heads, d).swapaxes(1, 2)
