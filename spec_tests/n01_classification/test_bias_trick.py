"""The bias trick: definitions, laws and cases. Classic mistakes: mistakes_bias_trick.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Function


class TestAppendOnes(Function):
    rows = ("01.17",)

    def definition(self, x):
        """(x_n, 1): the ones stand in the last column. CS231n notes "Linear classification", bias trick."""
        return np.array([[*row, 1] for row in x], object)

    def law_it_replaces_the_bias(self, run, problem):
        """[x, 1] [w; b] = x w + b."""
        x = problem.inputs["x"]
        w, b = np.arange(2.0 * x.shape[1]).reshape(-1, 2).astype(x.dtype), np.array([5, -3], x.dtype)
        return run()["out"] @ np.concatenate([w, b[None]]), x @ w + b

    ties = (Case("no samples", N=0), Case("no features", D=0))


class TestFoldBias(Function):
    rows = ("01.17",)

    def definition(self, w, b):
        """[w; b]: the bias is the last row. CS231n notes "Linear classification", bias trick."""
        return np.array([*w, b], object)

    def law_it_replaces_the_bias(self, run, problem):
        """[x, 1] [w; b] = x w + b."""
        w, b = problem.inputs["w"], problem.inputs["b"]
        x = np.arange(2.0 * len(w)).reshape(2, -1).astype(w.dtype)
        return np.concatenate([x, np.ones((2, 1), x.dtype)], axis=1) @ run()["out"], x @ w + b

    cases = (Case("D equals C", {"D": 3, "C": 3}),)
    ties = (Case("no features", D=0), Case("no classes", C=0))
