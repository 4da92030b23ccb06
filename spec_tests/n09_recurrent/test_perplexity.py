"""Perplexity and bits per character: definition, laws, cases and classic mistakes."""

import math

import numpy as np

from nnspec.reference import bits_per_character, perplexity
from nnspec.spec_tests._kinds import Case, Function, Malformed, mistake
from nnspec.spec_tests._truth import exp, log

PADDED = {"nll": [[1.5, 0.25, 3.0], [2.0, 7.0, 9.0]], "tokens": [[1, 1, 1], [1, 0, 0]]}
BATCHES = {"nll": [2.5, 1.25, 0.5], "tokens": [3, 40, 1]}


class OverTokens(Function):
    def law_batches_count_by_their_tokens(self, run, problem):
        """The means of two halves, with as many tokens as they are of, give what all tokens give."""
        nll, T = problem.inputs["nll"].ravel(), 2
        parts = nll[:T], nll[T:]
        halves = np.array([part.mean() for part in parts], nll.dtype)
        counts = np.array([part.size for part in parts])
        return run(nll=halves, tokens=counts)["out"], run(tokens=np.ones_like(problem.inputs["tokens"]))["out"]

    def law_twice_as_many_of_all(self, run, problem):
        """Only the shares of the tokens count."""
        return run(tokens=2 * problem.inputs["tokens"])["out"], run()["out"]

    cases = (
        Case("each one token", without=("tokens",)),
        Case("padded steps", {"shape": (2, 3)}, inputs=PADDED),
        Case("means of batches", {"shape": (3,)}, inputs=BATCHES),
        Case("one token", {"shape": (1,)}, inputs={"nll": [2.0], "tokens": [1]}),
    )
    extremes = (Case("sure", {"shape": (3,)}, inputs={"nll": [1e-9, 2e-9, 0.0], "tokens": [1, 2, 1]}),)
    ties = (
        Case("not a number where nothing counts", {"shape": (3,)}, inputs={"nll": [1, np.nan, 2], "tokens": [1, 0, 2]}),
        Case("infinite where nothing counts", {"shape": (2,)}, inputs={"nll": [1, np.inf], "tokens": [5, 0]}),
    )
    bad = (
        Malformed("nothing counts", "tokens", lambda tokens: 0 * tokens),
        Malformed("fewer than no tokens", "tokens", lambda tokens: -tokens),
        Malformed(
            "one entry of fewer than no tokens", "tokens", lambda tokens: np.where(tokens == tokens[0, 0], -1, 9)
        ),
        Malformed("no entries", "tokens", lambda tokens: tokens, ("nll",), case=Case("", {"shape": (0,)})),
    )

    def draw(self, case, dims, dtype):
        inputs = super().draw(case, dims, dtype)
        if "nll" not in case.inputs:
            inputs["nll"] = abs(inputs["nll"])
        if "tokens" in inputs and "tokens" not in case.inputs:
            inputs["tokens"] = inputs["tokens"] + 1
        return inputs


class TestPerplexity(OverTokens):
    rows = ("09.27",)

    def definition(self, nll, tokens=None):
        """exp(sum_k tokens_k nll_k / sum_k tokens_k). Jurafsky and Martin, eq. 3.15."""
        return exp(mean_of(nll, tokens))

    def law_nothing_known(self, run, problem):
        """Where every token has the probability 1/7, the perplexity is 7."""
        nll = np.full_like(problem.inputs["nll"], math.log(7))
        return run(nll=nll)["out"], 7

    @mistake("M88", replaces="perplexity")
    def every_entry_counts_the_same(nll, tokens=None):
        """Weigh every entry by its tokens: the last batch of an epoch is smaller, and padded steps have none."""
        return np.exp(nll.mean())

    @mistake("M88", replaces="perplexity")
    def mean_of_the_perplexities(nll, tokens=None):
        """Take the mean first and exp of it: the mean of exp is another number."""
        tokens = np.ones(nll.shape, int) if tokens is None else tokens
        return (np.where(tokens > 0, np.exp(nll) * tokens, 0).sum() / tokens.sum()).astype(nll.dtype)

    @mistake("M88", replaces="perplexity")
    def not_divided_by_the_tokens(nll, tokens=None):
        """Divide by the number of tokens: the perplexity is that of a token, not of the text."""
        counted = nll if tokens is None else np.where(tokens > 0, nll * tokens, 0)
        return np.exp(counted.sum()).astype(nll.dtype)

    @mistake("N952", replaces="perplexity")
    def two_to_the_nats(nll, tokens=None):
        """nll is in nats, so the base is e: 2^mean belongs to bits."""
        return (2 ** np.log(perplexity(nll, tokens))).astype(nll.dtype)


class TestBitsPerCharacter(OverTokens):
    rows = ("09.27",)

    def definition(self, nll, tokens=None):
        """sum_k tokens_k nll_k / sum_k tokens_k / ln 2. Graves 2013, arXiv:1308.0850, sec. 3.1."""
        return mean_of(nll, tokens) / log(2)

    def law_nothing_known(self, run, problem):
        """Where every character has the probability 1/8, they are 3 bits."""
        nll = np.full_like(problem.inputs["nll"], math.log(8))
        return run(nll=nll)["out"], 3

    @mistake("M88", replaces="bits_per_character")
    def every_entry_counts_the_same(nll, tokens=None):
        """Weigh every entry by its tokens: the last batch of an epoch is smaller, and padded steps have none."""
        return nll.mean() / math.log(2)

    @mistake("N953", replaces="bits_per_character")
    def still_in_nats(nll, tokens=None):
        """A nat is 1 / ln 2 bits: divide by ln 2."""
        return bits_per_character(nll, tokens) * math.log(2)

    @mistake("N953", replaces="bits_per_character")
    def multiplied_instead_of_divided(nll, tokens=None):
        """A nat is more than a bit: divide by ln 2, which is below 1."""
        return bits_per_character(nll, tokens) * math.log(2) ** 2

    @mistake("N953", replaces="bits_per_character")
    def logarithm_of_the_mean(nll, tokens=None):
        """The mean is a logarithm already: change its base, do not take another one."""
        return np.log2(bits_per_character(nll, tokens) * math.log(2)).astype(nll.dtype)


def mean_of(nll, tokens):
    if tokens is None:
        return sum(nll.ravel()) / nll.size
    counted = [(count, entry) for count, entry in zip(tokens.ravel(), nll.ravel(), strict=True) if count]
    return sum(count * entry for count, entry in counted) / sum(count for count, _ in counted)
