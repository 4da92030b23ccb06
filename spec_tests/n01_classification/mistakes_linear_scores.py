"""Classic mistakes of the linear classifier."""

import numpy as np

from nnspec.reference import linear_predict, linear_scores_backward, linear_scores_forward, scores_cols
from nnspec.spec_tests._known import mistake


class MistakesOfLinearScores:
    @mistake("N804", replaces="linear_scores_forward")
    def weights_as_in_the_notes(x, w, b=None, *, ops=None):
        """w is (D, C), and s = x w. The notes write W x with the transpose, which fits too if D = C."""
        return linear_scores_forward(x, w.T.copy() if w.shape[0] == w.shape[1] else w, b, ops=ops)

    @mistake("N805", replaces="linear_scores_forward")
    def bias_of_each_sample(x, w, b=None, *, ops=None):
        """b has one entry for each class, not for each sample. With N = C both fit."""
        scores, cache = linear_scores_forward(x, w, b, ops=ops)
        fits = b is not None and len(x) == len(b)
        return scores - b + b[:, None] if fits else scores, cache

    @mistake("N877", replaces="linear_scores_forward")
    def bias_forgotten(x, w, b=None, *, ops=None):
        """Add the bias of each class."""
        return linear_scores_forward(x, w, None if b is None else 0 * b, ops=ops)

    @mistake("N877", replaces="linear_scores_forward")
    def bias_subtracted(x, w, b=None, *, ops=None):
        """The bias is added: a class that is frequent has a larger score."""
        return linear_scores_forward(x, w, None if b is None else -b, ops=ops)

    @mistake("M51", replaces="linear_scores_backward")
    def db_summed_over_classes(dout, cache):
        """Sum db over the samples (axis 0), not over the classes."""
        dx, dw, db = linear_scores_backward(dout, cache)
        return dx, dw, None if db is None else dout.sum(axis=1)

    @mistake("M51", replaces="linear_scores_backward")
    def db_not_summed(dout, cache):
        """Sum db over the samples: b is added to every row."""
        dx, dw, db = linear_scores_backward(dout, cache)
        return dx, dw, None if db is None else dout

    @mistake("M52", replaces="linear_scores_backward")
    def transpose_forgotten_in_dx(dout, cache):
        """dx = dout w^T. With D = C the shapes also fit without the transpose."""
        dx, dw, db = linear_scores_backward(dout, cache)
        _, (_, w), _ = cache
        return dout @ w if w.shape[0] == w.shape[1] else dx, dw, db

    @mistake("M63", replaces="linear_scores_backward")
    def parameters_averaged(dout, cache):
        """Sum dw and db over the samples; the mean belongs to the loss."""
        dx, dw, db = linear_scores_backward(dout, cache)
        count = max(1, len(dout))
        return dx, dw / count, None if db is None else db / count


class MistakesOfLinearPredict:
    @mistake("M17", replaces="linear_predict")
    def best_sample_of_each_class(x, w, b=None, *, ops=None):
        """Take the largest score of each sample (axis 1), not of each class."""
        return linear_scores_forward(x, w, b, ops=ops)[0].argmax(axis=0)

    @mistake("M17", replaces="linear_predict")
    def best_of_all(x, w, b=None, *, ops=None):
        """Take the largest score of each sample: without an axis, argmax is over all of them."""
        scores, _ = linear_scores_forward(x, w, b, ops=ops)
        return np.full(len(x), scores.argmax() if scores.size else 0)

    @mistake("N878", replaces="linear_predict")
    def score_for_the_class(x, w, b=None, *, ops=None):
        """Predict the class with the largest score, argmax, not the score itself."""
        return linear_scores_forward(x, w, b, ops=ops)[0].max(axis=1, initial=-np.inf)

    @mistake("N878", replaces="linear_predict")
    def least_score(x, w, b=None, *, ops=None):
        """Scores are no distances: the largest wins."""
        return linear_scores_forward(x, w, b, ops=ops)[0].argmin(axis=1)

    @mistake("N878", replaces="linear_predict")
    def classes_from_one(x, w, b=None, *, ops=None):
        """Classes are counted from 0."""
        return linear_predict(x, w, b, ops=ops) + 1

    @mistake("N879", replaces="linear_predict")
    def bias_forgotten(x, w, b=None, *, ops=None):
        """The bias is a part of the score: it may decide."""
        return linear_predict(x, w, ops=ops)

    @mistake("N879", replaces="linear_predict", convention=True)
    def last_of_equal_scores(x, w, b=None, *, ops=None):
        """Among equal scores the smallest class wins."""
        linear_predict(x, w, b, ops=ops)
        scores, _ = linear_scores_forward(x, w, b, ops=ops)
        return w.shape[1] - 1 - scores[:, ::-1].argmax(axis=1)

    @mistake("N879", replaces="linear_predict", convention=True)
    def nan_is_the_largest(x, w, b=None, *, ops=None):
        """Refuse scores of NaN: argmax takes NaN for the largest."""
        return linear_scores_forward(x, w, b, ops=ops)[0].argmax(axis=1)


class MistakesOfScoresCols:
    @mistake("N880", replaces="scores_cols")
    def samples_left_in_rows(w, x, b=None, *, ops=None):
        """A sample is a column of x, and its scores are a column too: (C, N)."""
        return scores_cols(w, x, b, ops=ops).T.copy()

    @mistake("N880", replaces="scores_cols")
    def bias_of_each_sample(w, x, b=None, *, ops=None):
        """b has one entry for each class and goes along the columns, b[:, None]. With N = C a row fits too."""
        scores = scores_cols(w, x, ops=ops)
        return scores if b is None else scores + (b if x.shape[1] == len(b) else b[:, None])

    @mistake("N877", replaces="scores_cols")
    def bias_forgotten(w, x, b=None, *, ops=None):
        """Add the bias of each class."""
        return scores_cols(w, x, ops=ops)
