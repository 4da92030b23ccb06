"""Recurrence with one stacked matrix, embeddings by sorting, and what a language model is judged by and drawn from."""

import math
from itertools import zip_longest

import numpy as np


def embedding_forward(ids, w, *, padding_idx=None):
    """A product with one-hot rows, a block of the table at a time."""
    out = np.zeros((ids.size, w.shape[1]), w.dtype)
    for start in range(0, len(w), 64):
        block = w[start : start + 64]
        out += (ids.reshape(-1, 1) == np.arange(start, start + len(block))).astype(w.dtype) @ block
    return out.reshape(*ids.shape, w.shape[1]), [ids.ravel().astype(int), w.shape, padding_idx]


def embedding_backward(dout, cache):
    """The places of an id are brought together by sorting, and each run of them is added up."""
    ids, shape, padding_idx = cache
    dw, order = np.zeros(shape, dout.dtype), np.argsort(ids, kind="stable")
    if len(ids):
        found, starts = np.unique(ids[order], return_index=True)
        dw[found] = np.add.reduceat(dout.reshape(len(ids), -1)[order], starts, axis=0) if shape[1] else 0
    if padding_idx is not None:
        dw[padding_idx] = 0
    return dw


def rnn_step_forward(x, h, Wx, Wh, b):
    """tanh as 1 - 2 / (exp(2a) + 1), of one product of what stands side by side."""
    beside, stacked = np.hstack([h, x]), np.vstack([Wh, Wx])
    h_next = np.tanh(beside @ stacked + b)
    return h_next, {"beside": beside, "stacked": stacked, "slope": (1 - h_next) * (1 + h_next), "H": len(Wh)}


def rnn_step_backward(dh_next, cache):
    H, da = cache["H"], dh_next * cache["slope"]
    both, dW = da @ cache["stacked"].T, cache["beside"].T @ da
    return both[:, H:], both[:, :H], dW[H:], dW[:H], np.ones(len(da), da.dtype) @ da


def rnn_forward(x, h0, Wx, Wh, b, *, lengths=None):
    """Steps lie in front, so that each is one piece of memory."""
    N, T, _ = x.shape
    over = np.arange(T)[:, None, None] >= (np.full(N, T) if lengths is None else lengths)[:, None]
    steps = np.where(over, 0, x.transpose(1, 0, 2))
    projected, states = steps @ Wx + b, [h0]
    for t in range(T):
        states.append(np.where(over[t], states[t], np.tanh(projected[t] + states[t] @ Wh)))
    hs = np.array(states)
    return hs[1:].transpose(1, 0, 2).copy(), (steps, hs, over, Wx, Wh)


def rnn_backward(dh, cache):
    steps, hs, over, Wx, Wh = cache
    T, N, D = steps.shape
    da, upstream = np.zeros_like(hs[1:]), np.zeros_like(hs[0])
    for t in range(T - 1, -1, -1):
        upstream = upstream + dh[:, t]
        da[t] = np.where(over[t], 0, upstream * (1 - hs[t + 1]) * (1 + hs[t + 1]))
        upstream = np.where(over[t], upstream, da[t] @ Wh.T)
    flat, H = da.reshape(T * N, -1), Wh.shape[0]
    flat = flat.reshape(T * N, H)
    dWx, dWh = steps.reshape(T * N, D).T @ flat, hs[:-1].reshape(T * N, H).T @ flat
    return (da @ Wx.T).transpose(1, 0, 2), upstream, dWx, dWh, flat.sum(axis=0)


def pad_sequences(sequences, *, value=0, T=None):
    """Step after step of all sequences, and then turned."""
    steps = list(zip_longest(*sequences, fillvalue=value))
    if T is not None and len(steps) > T:
        raise ValueError(f"T must be at least {len(steps)}, got {T}")
    steps += [(value,) * len(sequences)] * ((T or len(steps)) - len(steps))
    ids = np.array(steps, np.int64).reshape(len(steps), len(sequences)).T
    return ids.copy(), np.array([len(sequence) for sequence in sequences], np.int64)


def lengths_to_mask(lengths, T):
    """Each row is a run of True and a run of False."""
    if any(not 0 <= int(length) <= T for length in lengths):
        raise ValueError(f"lengths must lie in 0 … T = {T}, got {lengths}")
    rows = [np.repeat([True, False], [int(length), T - int(length)]) for length in lengths]
    return np.array(rows, bool).reshape(len(lengths), T)


def perplexity(nll, tokens=None):
    return nll.dtype.type(math.exp(_nats(nll, tokens)))


def bits_per_character(nll, tokens=None):
    return nll.dtype.type(_nats(nll, tokens) * math.log2(math.e))


def _nats(nll, tokens):
    """Added up exactly, and rounded once."""
    counts = [1] * nll.size if tokens is None else tokens.ravel().tolist()
    if min(counts, default=0) < 0 or not sum(counts):
        raise ValueError(f"tokens must be 0 or more, and one of them more, got {counts} of nll {nll.shape}")
    counted = zip(counts, nll.ravel().tolist(), strict=True)
    return math.fsum(count * entry for count, entry in counted if count) / sum(counts)


def sampling_distribution(scores, *, temperature=1.0, top_k=None, top_p=None):
    """Row by row, the likeliest token taken first, until as many or as much as asked for is there."""
    if not 0 <= temperature < math.inf:
        raise ValueError(f"temperature must be 0 or more, got {temperature}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must be above 0 and at most 1, got {top_p}")
    out = np.zeros_like(scores)
    for row, here in zip(scores.astype(np.float64), out, strict=True):
        order = sorted(range(len(row)), key=row.__getitem__, reverse=True)[: 1 if temperature == 0 else top_k]
        logs = (row[order] - row[order[0]]) / (temperature or 1)
        p = np.exp(logs - np.log(np.exp(logs).sum()))
        if top_p is not None and top_p < 1:
            enough = int(np.searchsorted(np.cumsum(p), top_p)) + 1
            order, p = order[:enough], p[:enough] / p[:enough].sum()
        here[order] = p
    return out
