"""Classic mistakes of a language model of characters."""

import numpy as np

from nnspec import reference
from nnspec.reference import char_lm_init, char_lm_loss
from nnspec.reference.n09_recurrent.rnn import rnn_step_backward
from nnspec.spec_tests._known import mistake


class MistakesOfCharLm:
    @mistake("M89", replaces="char_lm_loss")
    def target_not_shifted(params, ids, states=None, **options):
        """The target of an id is the one behind it: ids[:, 1:], not the input itself, which is easily copied."""

        def temporal_softmax_loss_forward(scores, y, **how):
            return reference.temporal_softmax_loss_forward(scores, ids[:, :-1], **how)

        return char_lm_loss(params, ids, states, **options, ops=_with(temporal_softmax_loss_forward))

    @mistake("M89", replaces="char_lm_loss")
    def target_before_the_input(params, ids, states=None, **options):
        """The model foretells what follows: inputs ids[:, :-1], targets ids[:, 1:], not the other way round."""
        return char_lm_loss(params, ids[:, ::-1], states, **options)

    @mistake("M88", replaces="char_lm_loss")
    def normalizations_exchanged(params, ids, states=None, *, normalize="tokens", **options):
        """ "tokens", the default, divides by N T; "batch" by N alone."""
        other = {"tokens": "batch", "batch": "tokens"}[normalize]
        return char_lm_loss(params, ids, states, normalize=other, **options)

    @mistake("M91", replaces="char_lm_loss")
    def states_reset(params, ids, states=None, **options):
        """Start from the states that are given: a text that goes on must not be forgotten at each chunk."""
        return char_lm_loss(params, ids, None, **options)

    @mistake("M91", replaces="char_lm_loss")
    def states_given_back_as_they_came(params, ids, states=None, **options):
        """Give back the states after the last input, from which the next chunk starts."""
        loss, grads, new = char_lm_loss(params, ids, states, **options)
        return loss, grads, {name: 0 * new[name] if states is None else states[name].copy() for name in new}

    @mistake("N945", replaces="char_lm_loss")
    def states_after_the_last_target(params, ids, states=None, *, cell="lstm", **options):
        """The last id is a target alone, and the next chunk begins with it: the states are those before it goes in."""
        loss, grads, _ = char_lm_loss(params, ids, states, cell=cell, **options)
        return loss, grads, reference.char_lm_scores(params, ids, states, cell=cell)[1]

    @mistake("M87", replaces="char_lm_loss")
    def repeated_characters_lost(params, ids, states=None, **options):
        """A character that occurs twice has the sum of both gradients in its row of W_embed."""

        def embedding_backward(dout, cache):
            dw = np.zeros_like(cache[1])
            dw[cache[0]] = dout
            return dw

        return char_lm_loss(params, ids, states, **options, ops=_with(embedding_backward))

    @mistake("N946", replaces="char_lm_loss")
    def embedding_not_learned(params, ids, states=None, **options):
        """W_embed is a parameter as well: the gradient of x goes on into its rows."""
        loss, grads, states = char_lm_loss(params, ids, states, **options)
        return loss, {**grads, "W_embed": 0 * grads["W_embed"]}, states


class MistakesOfCharLmOfRnn:
    target_not_shifted = MistakesOfCharLm.target_not_shifted
    target_before_the_input = MistakesOfCharLm.target_before_the_input
    normalizations_exchanged = MistakesOfCharLm.normalizations_exchanged
    states_reset = MistakesOfCharLm.states_reset
    states_given_back_as_they_came = MistakesOfCharLm.states_given_back_as_they_came
    states_after_the_last_target = MistakesOfCharLm.states_after_the_last_target
    repeated_characters_lost = MistakesOfCharLm.repeated_characters_lost
    embedding_not_learned = MistakesOfCharLm.embedding_not_learned

    @mistake("M80", replaces="char_lm_loss")
    def nothing_flows_back_through_time(params, ids, states=None, **options):
        """h of a step reaches the losses of all later ones: go back through all steps, not each on its own."""

        def rnn_backward(dh, cache):
            x, h0, Wx, Wh, running, caches = cache
            steps = [rnn_step_backward(dh[:, t], kept) for t, kept in enumerate(caches)]
            dx, _, *dw = zip(*steps, strict=True)
            return np.stack(dx, axis=1), np.zeros_like(h0), *(sum(gradients) for gradients in dw)

        return char_lm_loss(params, ids, states, **options, ops=_with(rnn_backward))


class MistakesOfCharLmInit:
    @mistake("M57", replaces="char_lm_init")
    def all_weights_zero(V, E, H, *, cell="lstm", rng):
        """Draw the weights: units that start equal stay equal."""
        return {key: 0 * array for key, array in char_lm_init(V, E, H, cell=cell, rng=rng).items()}

    @mistake("M75", replaces="char_lm_init")
    def fan_out_for_fan_in(V, E, H, *, cell="lstm", rng):
        """Divide by the root of the rows, which is what is summed over, not of the columns."""
        params = char_lm_init(V, E, H, cell=cell, rng=rng)
        scaled = ("Wx", "Wh", "W_vocab")
        return {key: w * (w.shape[0] / w.shape[1]) ** 0.5 if key in scaled else w for key, w in params.items()}

    @mistake("N947", replaces="char_lm_init")
    def one_gate_for_four(V, E, H, *, cell="lstm", rng):
        """An LSTM has four gates of H units: Wx, Wh and b have 4H columns."""
        return char_lm_init(V, E, H, cell="rnn", rng=rng)


def _with(*parts):
    """The reference with some of its parts exchanged, each under its own name."""
    exchanged = {part.__name__: part for part in parts}

    class Ops:
        def __getattr__(self, name):
            return exchanged.get(name) or getattr(reference, name)

    return Ops()
