"""Truncated backpropagation through time. Williams and Peng 1990; CS231n, lecture 7; min-char-rnn, `seq_length`.

    [(0, k), (k, 2k), …, (…, T)]        chunk (start, stop): the inputs start … stop - 1, the targets one later

A text of T steps is learned in chunks of k. The states of one chunk are where the next one starts, so that nothing that
was read is forgotten; no gradient goes back into them, so that the memory of a step does not grow with the text. The
last chunk may be shorter. k >= T is the whole text at once: nothing is truncated. At the start of another text the
states are 0 again.

    states = None
    for start, stop in tbptt_chunks(T, k):
        loss, grads, states = char_lm_loss(params, ids[:, start : stop + 1], states)        # ids (N, T + 1)
"""

from nnspec.shapes import Between


def tbptt_chunks(T: Between[0, None], k: Between[1, None]) -> list[tuple[int, int]]:
    """(start, stop) of each chunk."""
    return [(start, min(start + k, T)) for start in range(0, T, k)]
