"""`exp` of a weighted mean, and that mean in bits."""

import math

import torch


def perplexity(nll, tokens=None):
    return _mean("perplexity", nll, tokens).exp()


def bits_per_character(nll, tokens=None):
    return _mean("bits_per_character", nll, tokens) / math.log(2)


def _mean(op, nll, tokens):
    tokens = torch.ones_like(nll) if tokens is None else tokens.long()
    if not tokens.sum() > 0 or tokens.min() < 0:
        raise ValueError(f"{op}: tokens must be 0 or more, and one of them more, of nll {tuple(nll.shape)}")
    return torch.where(tokens > 0, nll * tokens, 0).sum() / tokens.sum()
