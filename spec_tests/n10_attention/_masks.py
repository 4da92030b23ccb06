"""Masks for cases: of scores (batch, T), and of the pairs of queries and keys (batch, Tq, Tk). True means allowed."""

import numpy as np


def some(dims, dtype):
    """Two thirds of the scores, at least one in every row."""
    allowed = np.random.default_rng(0).random((*dims["batch"], dims["T"])) < 0.6
    allowed[..., -1] |= ~allowed.any(axis=-1)
    return allowed


def a_row_with_none(dims, dtype):
    allowed = some(dims, dtype)
    allowed[(0,) * len(dims["batch"])] = False
    return allowed


def one_each(dims, dtype):
    return np.arange(dims["T"]) == some(dims, dtype).argmax(axis=-1)[..., None]


def the_same_in_every_row(dims, dtype):
    return np.arange(dims["T"]) % 3 != 1


def one_for_each_first_index(dims, dtype):
    return some(dims, dtype)[:, :1]


def causal(dims, dtype):
    """Aligned to the end: the last query sees every key."""
    return np.tri(dims["Tq"], dims["Tk"], dims["Tk"] - dims["Tq"], dtype=bool)


def padding(dims, dtype):
    """Of each first index its own number of keys, the same for all heads and queries."""
    lengths = 1 + np.arange(dims["batch"][0]) % dims["Tk"]
    allowed = np.arange(dims["Tk"]) < lengths[:, None]
    return allowed.reshape(len(allowed), *[1] * len(dims["batch"]), dims["Tk"])


def window(dims, dtype):
    """Keys near the place of the query."""
    return abs(np.arange(dims["Tq"])[:, None] - np.arange(dims["Tk"])) < 20


def some_pairs(dims, dtype):
    """For each head its own, three fifths allowed."""
    return np.random.default_rng(0).random((*dims["batch"], dims["Tq"], dims["Tk"])) < 0.6


def a_query_with_none(dims, dtype):
    allowed = np.ones((dims["Tq"], dims["Tk"]), bool)
    allowed[-1] = False
    return allowed


def one_key_each(dims, dtype):
    return np.arange(dims["Tk"]) == (np.arange(dims["Tq"]) * 2 % dims["Tk"])[:, None]


def padded(dims, dtype):
    """Of each sequence its own number of keys, the same for all heads and queries."""
    Tk = dims.get("Tk", dims.get("T"))
    lengths = 1 + np.arange(dims["N"]) % Tk
    return (np.arange(Tk) < lengths[:, None])[:, None, None]


def of_two_heads(dims, dtype):
    """For each sequence and head its own, three fifths allowed."""
    return np.random.default_rng(0).random((dims["N"], 2, dims["Tq"], dims["Tk"])) < 0.6


def causal_among_themselves(dims, dtype):
    return np.tri(dims["T"], dtype=bool)
