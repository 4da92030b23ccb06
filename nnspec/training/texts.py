"""Models that tell which character of a text comes next."""

from typing import Literal

import numpy as np

from nnspec import reference
from nnspec.training.data import Text
from nnspec.training.loop import Recipe


class CharLM:
    """A recurrent network. It reads the text in as many places at once as a batch has sequences, and goes on from
    batch to batch where it stood."""

    unit, measure, better = "characters", "bits per character", staticmethod(min)

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
        for start, stop in reference.tbptt_chunks(length, self.T):
            yield (ids[places + np.arange(start, stop + 1)], start == 0), N * self.T

    def loss(self, ops, params, batch, states):
        ids, first = batch
        states = self._nothing_read(len(ids)) if first else states
        return ops.char_lm_loss(params, ids, states, cell=self.cell)

    def measured(self, ops, params, states, part):
        """All of it in one go, from a few places that each begin with nothing read."""
        N, T = 8, self.T
        length = (len(self.data.ids[part]) - 1) // (N * T) * T
        places, states, losses = np.arange(N)[:, None] * length, self._nothing_read(N), []
        for start, stop in reference.tbptt_chunks(length, T):
            ids = self.data.ids[part][places + np.arange(start, stop + 1)]
            scores, states = ops.char_lm_scores(params, ids[:, :-1], states, cell=self.cell)
            losses.append(ops.temporal_softmax_loss_forward(scores, ids[:, 1:], normalize="tokens")[0])
        return float(reference.bits_per_character(np.array(losses, float)))

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
    return reference.sample_step(scores, rng.random(len(scores)).astype(scores.dtype), temperature=temperature)


class GPT:
    """A transformer. It reads windows of a fixed length, wherever in the text they begin."""

    unit, measure, better = "characters", "bits per character", staticmethod(min)

    def __init__(self, data: Text, recipe: Recipe, *, T=128, E=128, H=512, L=4, heads=4):
        self.data, self.recipe, self.T, self.E, self.H, self.L, self.heads = data, recipe, T, E, H, L, heads

    def init(self, rng):
        return reference.gpt_init(len(self.data.vocab), self.T, self.E, self.H, self.L, rng=rng), {}

    def steps_of_an_epoch(self) -> int:
        return (len(self.data.ids["train"]) - 1) // (self.recipe.batch * self.T)

    def batches(self, rng):
        ids, N = self.data.ids["train"], self.recipe.batch
        for _ in range(self.steps_of_an_epoch()):
            places = rng.integers(len(ids) - self.T, size=(N, 1))
            yield ids[places + np.arange(self.T + 1)], N * self.T

    def loss(self, ops, params, ids, states):
        return (*ops.gpt_loss(params, ids, heads=self.heads), states)

    def measured(self, ops, params, states, part):
        """One window behind the other: the first characters of each are foretold from few before them."""
        ids, losses = self.data.ids[part], []
        places = np.arange((len(ids) - 1) // self.T)[:, None] * self.T + np.arange(self.T + 1)
        for window in np.array_split(ids[places], range(self.recipe.batch, len(places), self.recipe.batch)):
            scores = ops.gpt_scores(params, window[:, :-1], heads=self.heads)
            loss, _ = ops.temporal_softmax_loss_forward(scores, window[:, 1:], normalize="tokens")
            losses += [float(loss)] * len(window)
        return float(reference.bits_per_character(np.array(losses)))

    def sample(self, ops, params, prompt: str, length: int, rng) -> str:
        """What the model goes on with, character by character, each drawn from its distribution."""
        ids = list(reference.encode_tokens(prompt, self.data.vocab))
        for _ in range(length):
            scores = ops.gpt_scores(params, np.array([ids[-self.T :]]), heads=self.heads)
            ids.append(int(drawn(scores[:, -1], rng)[0]))
        return self.data.decoded(ids[len(prompt) :])

    def attention(self, ops, params, states, length=32):
        """(weights (T, T), characters) of the first head of the first layer, on what the test part begins with."""
        ids = self.data.ids["test"][None, :length]
        x, _ = ops.embedding_forward(ids, params["wte"])  # (1, T, E)
        x, _ = ops.add_pe_forward(x, params["wpe"])
        of_layer = {key.removeprefix("layers.1."): w for key, w in params.items() if key.startswith("layers.1.")}
        x, _ = ops.layernorm_forward(x, of_layer["ln1.gamma"], of_layer["ln1.beta"])
        of_heads = {key.removeprefix("mha."): w for key, w in of_layer.items() if key.startswith("mha.")}
        weights = ops.attention_map(x, x, of_heads, heads=self.heads, mask=reference.causal_mask(length))
        return weights[0, 0], list(self.data.decoded(ids[0]))
