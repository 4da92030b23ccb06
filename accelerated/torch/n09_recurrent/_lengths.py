"""Sequences of different lengths as a packed one."""

import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence


def run_packed(run, x, lengths, *states):
    """(h of all steps, last states): run(data, batch sizes, states) goes through a packed sequence.

    No sequence of no steps can be packed: it is given one, and then its own states back, of which h is the first.
    """
    (N, T, _), last, h0 = x.shape, lengths.clamp(min=1) - 1, states[0]
    packed = pack_padded_sequence(x, last + 1, batch_first=True, enforce_sorted=False)
    start = [state[None, packed.sorted_indices] for state in states]
    data, *ends = run(packed.data, packed.batch_sizes, start)
    h, _ = pad_packed_sequence(PackedSequence(data, *packed[1:]), batch_first=True, total_length=T)
    steps = torch.minimum(torch.arange(T), last[:, None])  # (N, T): from its end on, a sequence stays where it is
    h = h.gather(1, steps[..., None].expand(N, T, h0.shape[1]))
    empty = (lengths == 0)[:, None]
    found = [
        torch.where(empty, state, end[0, packed.unsorted_indices]) for state, end in zip(states, ends, strict=True)
    ]
    return torch.where(empty[..., None], h0[:, None], h), *found
