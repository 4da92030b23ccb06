"""Truncated backpropagation through time: the chunks, what a model makes of them, and classic mistakes."""

import numpy as np

from nnspec.reference import char_lm_init, char_lm_loss, tbptt_chunks
from nnspec.spec_tests._kinds import Case, Malformed, Procedure, mistake


class TestTbpttChunks(Procedure):
    rows = ("09.09",)

    def law_chunks_of_k(self, chunks):
        """(0, k), (k, 2k), …: each begins where the one before ends."""
        return chunks(6, 2), [(0, 2), (2, 4), (4, 6)]

    def law_the_last_one_is_shorter(self, chunks):
        """What is left is a chunk as well."""
        return [chunks(7, 3), chunks(5, 4)], [[(0, 3), (3, 6), (6, 7)], [(0, 4), (4, 5)]]

    def law_every_step_once(self, chunks):
        """Together they are the steps 0 … T - 1, each once and in order."""
        sizes = [(1, 1), (10, 3), (12, 4), (23, 7), (23, 1)]
        found = [[t for start, stop in chunks(T, k) for t in range(start, stop)] for T, k in sizes]
        return found, [list(range(T)) for T, _ in sizes]

    def law_a_large_k_truncates_nothing(self, chunks):
        """k >= T is one chunk."""
        return [chunks(5, 5), chunks(5, 6), chunks(1, 100)], [[(0, 5)], [(0, 5)], [(0, 1)]]

    def law_no_steps(self, chunks):
        """Of no steps there is no chunk."""
        return chunks(0, 3), []

    def law_a_model_reads_the_whole_text(self, chunks):
        """The losses of the chunks, by their steps, add up to that of the text: states are carried on."""
        whole, parts = learned([(0, 7)]), learned(chunks(7, 3))
        return bool(abs(parts["loss"] - whole["loss"]) < 1e-12), True

    def law_no_gradient_crosses_a_cut(self, chunks):
        """What time does not pass through has the gradient of the whole text, W_vocab; the recurrent Wh has another."""
        whole, parts = learned([(0, 7)]), learned(chunks(7, 3))
        off = {key: abs(parts[key] - whole[key]).max() for key in ("W_vocab", "b_vocab", "Wh")}
        return [off["W_vocab"] < 1e-12, off["b_vocab"] < 1e-12, off["Wh"] > 1e-3], [True] * 3

    def law_uncut_is_full_backpropagation(self, chunks):
        """With k >= T all gradients are those of the whole text."""
        whole, parts = learned([(0, 7)]), learned(chunks(7, 7))
        return [np.array_equal(parts[key], whole[key]) for key in whole], [True] * 7

    bad = tuple(
        Malformed(name, argument, case=Case("", inputs={"T": T, "k": k}))
        for name, argument, T, k in (
            ("chunks of no steps", "k", 5, 0),
            ("fewer than no steps", "T", -1, 3),
            ("half a step", "k", 5, 1.5),
        )
    )

    @mistake("N992", replaces="tbptt_chunks")
    def last_chunk_dropped(T, k):
        """The last chunk is shorter where k does not divide T: it is a part of the text as well."""
        return [(start, start + k) for start in range(0, T - k + 1, k)]

    @mistake("N992", replaces="tbptt_chunks")
    def last_chunk_beyond_the_end(T, k):
        """The last chunk ends with the text, at T."""
        return [(start, start + k) for start in range(0, T, k)]

    @mistake("N993", replaces="tbptt_chunks")
    def chunks_overlap(T, k):
        """A chunk begins where the one before ends: no step is learned twice."""
        return [(max(0, start - 1), stop) for start, stop in tbptt_chunks(T, k)]

    @mistake("N993", replaces="tbptt_chunks")
    def step_between_the_chunks_lost(T, k):
        """The last target of a chunk is the first input of the next one: between them no step is left out."""
        return [(start, min(start + k, T)) for start in range(0, T, k + 1)]

    @mistake("N994", replaces="tbptt_chunks")
    def so_many_chunks(T, k):
        """k is how many steps a chunk has, not how many chunks there are."""
        return tbptt_chunks(T, max(1, -(-T // k)))


def learned(chunks):
    """Loss and gradients of a text of 7 steps, summed over its steps; the states go on from chunk to chunk."""
    rng = np.random.default_rng(0)
    params = char_lm_init(4, 3, 5, cell="rnn", rng=rng)
    params, ids = params | {"W_embed": rng.standard_normal((4, 3))}, rng.integers(0, 4, (2, 8))
    total, states = dict.fromkeys(["loss", *params], 0), None
    for start, stop in chunks:
        loss, grads, states = char_lm_loss(params, ids[:, start : stop + 1], states, cell="rnn")
        for key, value in {"loss": loss, **grads}.items():
            total[key] = total[key] + (stop - start) * value
    return total
