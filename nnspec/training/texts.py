"""Models that tell which character of a text comes next."""

from typing import Literal

import numpy as np

from nnspec import reference
from nnspec.training.data import Text
from nnspec.training.loop import Recipe


class CharLM:
    """A recurrent network. It reads the text in as many places at once as a batch has sequences, and goes on from
    batch to batch where it stood."""

    unit, measure = "characters", "bits per character"

    def __init__(self, data: Text, cell: Literal["rnn", "lstm"], recipe: Recipe, *, E=64, H=256, T=64):
        self.data, self.cell, self.recipe, self.E, self.H, self.T = data, cell, recipe, E, H, T

    def init(self, rng):
        params = reference.char_lm_init(len(self.data.vocab), self.E, self.H, cell=self.cell, rng=rng)
        return params, self._nothing_read(self.recipe.batch)

    def _nothing_read(self, N):
        return {name: np.zeros((N, self.H), np.float32) for name in ("h", "c")[: 1 + (self.cell == "lstm")]}

    def steps_of_an_epoch(self) -> int:
        return (len(self.data.ids["train"]) - 1) // (self.recipe.batch * self.T)

    def batches(self, rng):
        ids, N = self.data.ids["train"], self.recipe.batch
        length = self.steps_of_an_epoch() * self.T  # of what each sequence reads in an epoch
        places = np.arange(N)[:, None] * length + int(rng.integers(len(ids) - N * length))
        for start in range(0, length, self.T):
            yield (ids[places + start + np.arange(self.T + 1)], start == 0), N * self.T

    def loss(self, ops, params, batch, states):
        ids, first = batch
        states = self._nothing_read(len(ids)) if first else states
        return ops.char_lm_loss(params, ids, states, cell=self.cell)

    def measured(self, ops, params, states, part):
        """All of it in one go, from a few places that each begin with nothing read."""
        N, T = 8, self.T
        length = (len(self.data.ids[part]) - 1) // (N * T) * T
        places, states, losses = np.arange(N)[:, None] * length, self._nothing_read(N), []
        for start in range(0, length, T):
            ids = self.data.ids[part][places + start + np.arange(T + 1)]
            scores, states = ops.char_lm_scores(params, ids[:, :-1], states, cell=self.cell)
            losses.append(ops.temporal_softmax_loss_forward(scores, ids[:, 1:], normalize="tokens")[0])
        return float(np.mean(losses) / np.log(2))

    def sample(self, ops, params, prompt: str, length: int, rng) -> str:
        """What the model goes on with, character by character, each drawn from its distribution."""
        ids = reference.encode_tokens(prompt, self.data.vocab)[None]
        states, written = self._nothing_read(1), []
        for _ in range(length):
            scores, states = ops.char_lm_scores(params, ids, states, cell=self.cell)
            ids = drawn(scores[:, -1], rng)[:, None]
            written.append(ids[0, 0])
        return self.data.decoded(written)


def drawn(scores, rng, temperature=0.8):
    """ids (N,), one for each row of scores (N, V)."""
    return reference.sample_step(scores, u=rng.random(len(scores)).astype(scores.dtype), temperature=temperature)
