"""Linear classifier: definitions, laws and cases. Classic mistakes: mistakes_linear_scores.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Function, Layer, Malformed


class TestLinearScores(Layer):
    rows = ("01.16",)

    def definition(self, x, w, b=None):
        """s_nc = sum_d x_nd w_dc + b_c. CS231n notes "Linear classification"."""
        bias = [0] * w.shape[1] if b is None else b
        return np.array([[sum(row * w[:, c]) + bias[c] for c in range(w.shape[1])] for row in x], object)

    def law_linear_in_w(self, run, problem):
        """Twice the weights and biases, twice the scores."""
        w, b = problem.inputs["w"], problem.inputs["b"]
        return run(w=2 * w, b=2 * b)["out"], 2 * run()["out"]

    def law_samples_do_not_mix(self, run, problem):
        """Samples in another order have their scores in that order."""
        return run(x=problem.inputs["x"][::-1].copy())["out"], run()["out"][::-1]

    cases = (
        Case("without a bias", without=("b",)),
        Case("N equals C", {"N": 3, "D": 2, "C": 3}),
        Case("D equals C", {"N": 2, "D": 3, "C": 3}),
        Case("D equals C, without a bias", {"N": 2, "D": 3, "C": 3}, without=("b",)),
    )
    ties = (Case("no samples", N=0), Case("no samples and no bias", N=0, without=("b",)), Case("no features", D=0))


class TestLinearPredict(Function):
    rows = ("01.18",)
    outputs = ("y",)
    discrete = True

    def definition(self, x, w, b=None):
        """The class with the largest score, the smallest of equals. Assignment 1, `LinearClassifier.predict`."""
        bias = [0] * w.shape[1] if b is None else b
        scores = [[sum(row * w[:, c]) + bias[c] for c in range(w.shape[1])] for row in x]
        return [row.index(max(row)) for row in scores]

    def law_a_common_offset_does_not_matter(self, run, problem):
        """The same number added to all biases changes no prediction."""
        return run(b=problem.inputs["b"] + problem.dtype.type(4))["y"], run()["y"]

    def law_the_negative_has_the_least_score_win(self, run, problem):
        """Of one weight for each class, x = 1 takes the largest and x = -1 the smallest."""
        w, b = problem.inputs["w"][:1], 0 * problem.inputs["b"]
        x = np.array([[1], [-1]], problem.dtype)
        wanted = [w[0].argmax(), w[0].argmin()]
        return run(x=x, w=w, b=b)["y"], wanted

    cases = (
        Case("without a bias", without=("b",)),
        Case("N equals C", {"N": 3, "D": 2, "C": 3}),
        Case("more samples than classes", {"N": 7, "D": 3, "C": 2}),
        Case("the bias decides", N=1, D=1, C=3, inputs={"x": [[0.0]], "b": [1.0, 3.0, 2.0]}),
    )
    ties = (
        Case("equal scores", N=2, D=1, C=3, inputs={"x": [[1.0], [-1.0]], "w": [[2.0, 1.0, 2.0]], "b": [0, 0, 0]}),
        Case("equal scores of the last two", N=1, D=1, C=3, inputs={"x": [[1.0]], "w": [[0, 3, 3]], "b": [0, 0, 0]}),
        Case("an infinite score", N=1, D=1, C=3, inputs={"x": [[1.0]], "w": [[0, np.inf, 1]], "b": [0, 0, 0]}),
        Case("no samples", N=0),
    )
    bad = (
        Malformed("a score of NaN", "x", lambda x: x * np.nan),
        Malformed("weights of NaN", "w", lambda w: w * np.nan),
        Malformed("no classes", "w", C=0),
    )


class TestScoresCols(Function):
    rows = ("01.16",)
    outputs = ("scores",)

    def definition(self, w, x, b=None):
        """s_cn = sum_d w_cd x_dn + b_c, a sample in each column. CS231n notes "Linear classification"."""
        bias = np.zeros(len(w), int) if b is None else b
        return np.array([[sum(w[c] * x[:, n]) + bias[c] for n in range(x.shape[1])] for c in range(len(w))], object)

    def law_samples_do_not_mix(self, run, problem):
        """Columns in another order have their scores in that order."""
        return run(x=problem.inputs["x"][:, ::-1].copy())["scores"], run()["scores"][:, ::-1]

    cases = (
        Case("without a bias", without=("b",)),
        Case("N equals C", {"N": 3, "D": 2, "C": 3}),
    )
    ties = (Case("no samples", N=0),)
