"""Vocabulary: ids of characters or words, and back. CS231n, assignment 3, `coco_utils.py`; notes "RNN", character-level
language model.

    vocab = {special_0: 0, …, token_0: S, token_1: S + 1, …}, S specials in the order given, then all tokens, sorted

tokens: a text, which is its characters, or a list of words    ids (T,) int64

Sorted, and not in the order of a set, so that every run numbers a text alike. A token that is not in the vocabulary is
<UNK>, if there is one. What is decoded ends before the first <END>; <NULL>, which fills up short sequences, and <START>
are left out. A model of characters needs no specials: specials=().
"""

from collections.abc import Sequence

import numpy as np

from nnspec.shapes import Array, Int

NULL, START, END, UNKNOWN = "<NULL>", "<START>", "<END>", "<UNK>"


def build_vocab(tokens: Sequence[str], *, specials: Sequence[str] = (NULL, START, END, UNKNOWN)) -> dict[str, int]:
    """The id of each special and of each token."""
    if len(set(specials)) < len(specials):
        raise ValueError(f"build_vocab: specials must differ, got {specials}")
    known = [*specials, *sorted(set(tokens) - set(specials))]
    return {token: i for i, token in enumerate(known)}


def encode_tokens(tokens: Sequence[str], vocab: dict[str, int]) -> Int[Array, "T"]:
    """ids (T,)."""
    ids = [vocab.get(token, vocab.get(UNKNOWN)) for token in tokens]
    if None in ids:
        unknown = tokens[ids.index(None)]
        raise ValueError(f"encode_tokens: tokens must be in vocab, which has no {UNKNOWN}; got {unknown!r}")
    return np.array(ids, np.int64)


def decode_ids(ids: Sequence[int], vocab: dict[str, int]) -> list[str]:
    """The list of tokens; `"".join` makes a text of characters. Of an array of ids take its tolist()."""
    token_of = {i: token for token, i in vocab.items()}
    tokens = []
    for i in ids:
        if i not in token_of:
            raise ValueError(f"decode_ids: ids must be in vocab, got {i}")
        if token_of[i] == END:
            break
        if token_of[i] not in (NULL, START):
            tokens.append(token_of[i])
    return tokens
