"""Perplexity and bits per character of a language model. Jelinek et al. 1977; Jurafsky and Martin, "Speech and Language
Processing", 3rd ed., eq. 3.15 and 3.16.

    mean = sum_k tokens_k nll_k / sum_k tokens_k        perplexity = exp(mean)        bits per character = mean / ln 2

nll of any shape, -log p of a token, in nats, or the mean of several: of so many as `tokens`, of the same shape, says,
0 or more (None: each entry is one token)    a scalar

Batches count by their tokens: the mean of their perplexities is another number. An entry of 0 tokens, such as a padded
step, does not count, whatever stands in it. A model that knows nothing has the perplexity V and log2 V bits.
"""

import math

import numpy as np

from nnspec.shapes import Array, Float, Int


def perplexity(nll: Float[Array, "*shape"], tokens: Int[Array, "*shape"] | None = None):
    return np.exp(_mean("perplexity", nll, tokens))


def bits_per_character(nll: Float[Array, "*shape"], tokens: Int[Array, "*shape"] | None = None):
    return _mean("bits_per_character", nll, tokens) / math.log(2)


def _mean(op, nll, tokens):
    """Over the tokens."""
    tokens = np.ones(nll.shape, np.int64) if tokens is None else tokens
    if not tokens.sum() > 0 or tokens.min() < 0:
        raise ValueError(f"{op}: tokens must be 0 or more, and one of them more, of nll {nll.shape}")
    total = np.where(tokens > 0, nll * tokens.astype(nll.dtype), 0).sum()
    return total / int(tokens.sum())
