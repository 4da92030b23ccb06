"""Output projection of a language model: definition, laws and classic mistakes."""

import numpy as np

from nnspec.reference import lm_head_backward, lm_head_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake


class TestLmHead(Layer):
    rows = ("10.23",)
    outputs = ("scores",)

    def definition(self, x, w):
        """scores_ntv = sum_e x_nte w_ve. Press and Wolf 2017, eq. 1, with the embedding's own table."""
        return x @ w.T

    def law_a_token_that_is_its_row(self, run, problem):
        """The score of v is the product with row v: where x is row 1 itself, it is the square of its length."""
        w = problem.inputs["w"]
        x = np.broadcast_to(w[1], problem.inputs["x"].shape).copy()
        return run(x=x)["scores"][..., 1], np.full(x.shape[:2], (w[1] * w[1]).sum())

    def law_tokens_alone(self, run, problem):
        """A token has the scores that it has in any company."""
        return run(x=problem.inputs["x"][::-1, ::-1])["scores"][::-1, ::-1], run()["scores"]

    sizes = {"N": 2, "T": 3, "E": 4, "V": 5}
    apart = (1,)
    ties = (Case("no sequences", N=0), Case("no tokens", T=0))
    bad = (Malformed("w transposed", "w", lambda w: w.T, ("x",)),)

    def cases_of_scale(self):
        return [Case("many tokens", {"N": 30, "T": 40, "E": 17, "V": 65})]

    @mistake("M52", replaces="lm_head_forward")
    def table_reshaped_instead_of_transposed(x, w):
        """scores = x w^T: transpose the table (V, E); reshaping it to (E, V) mixes its rows."""
        _, cache = lm_head_forward(x, w)
        return x @ w.reshape(w.shape[::-1]), cache

    @mistake("M115", replaces="lm_head_forward")
    def scaled_by_the_root_of_the_width(x, w):
        """Nothing is scaled: sqrt(E) multiplies the embeddings of Vaswani et al., and never the scores."""
        _, cache = lm_head_forward(x, w)
        return (x @ w.T) / np.sqrt(x.dtype.type(x.shape[-1])), cache

    @mistake("N989", replaces="lm_head_backward")
    def gradient_of_the_last_token(dscores, cache):
        """Every token adds to dw: sum over the sequence as well as over the batch."""
        dx, _ = lm_head_backward(dscores, cache)
        last = np.arange(dscores.shape[1]) == dscores.shape[1] - 1
        return dx, lm_head_backward(dscores * last[:, None], cache)[1]

    @mistake("N1000", replaces="lm_head_forward")
    def probabilities_instead_of_scores(x, w):
        """Give scores: the loss takes their softmax itself, and in two softmaxes nearly nothing is left."""
        scores, cache = lm_head_forward(x, w)
        e = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-np.inf))
        return e / e.sum(axis=-1, keepdims=True), cache
