"""Sequences of different lengths in one array. CS231n, assignment 3, `coco_utils.py`; `captions_out != NULL`.

    ids_nt = sequence_n[t] where t < lengths_n, else value        mask_nt = (t < lengths_n)

sequences: N lists of ids    ids (N, T)    lengths (N,)    mask (N, T), True where a step counts

T is that of the longest sequence, unless a larger one is asked for. In the mask True is a step that counts, as it is a
key that may be attended to (`masked_softmax`). The mask is made from lengths and not from ids that are the padding's:
that id may stand in a sequence as well.
"""

from collections.abc import Sequence

import numpy as np

from nnspec.shapes import Array, Between, Int


def pad_sequences(sequences: Sequence[Sequence[int]], *, value: int = 0, T: Between[0, None] | None = None):
    """(ids (N, T), lengths (N,)): each sequence from the left, `value` behind it."""
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)  # (N,)
    longest = int(lengths.max(initial=0))
    if T is not None and longest > T:
        raise ValueError(f"pad_sequences: T must be at least {longest}, the longest of the sequences, got {T}")
    ids = np.full((len(sequences), longest if T is None else T), value, np.int64)  # (N, T)
    for n, sequence in enumerate(sequences):
        ids[n, : len(sequence)] = sequence
    return ids, lengths


def lengths_to_mask(lengths: Int[Array, "N"], T: Between[0, None]):
    low, high = lengths.min(initial=0), lengths.max(initial=0)
    if low < 0 or high > T:
        raise ValueError(f"lengths_to_mask: lengths must lie in 0 … T = {T}, got {low} … {high}")
    return np.arange(T) < lengths[:, None]  # (N, T)
