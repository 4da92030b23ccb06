"""Ridge regression and the path of its strength: definitions, laws and cases. Classic mistakes: mistakes_ridge.py."""

from fractions import Fraction

import numpy as np

from nnspec.reference import regularization_path, ridge_fit
from nnspec.spec_tests._kinds import Case, Function, Malformed, variant
from nnspec.spec_tests._truth import named, sqrt

GLMNET = "Friedman, Hastie and Tibshirani 2010, eq. 1, the R package glmnet"
NEARLY_0 = Fraction(1, 10**40)
LINE = [[1.0, -1.0], [1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]


class TestRidgeFit(Function):
    """The first column of phi is ones, unless a case says otherwise."""

    rows = ("03.07",)
    outputs = ("w",)

    def definition(self, phi, t, lam, *, skip_bias=True):
        """(phi^T phi + lam I') w = phi^T t. Hoerl and Kennard 1970, eq. 2.1; lam = 0 is the limit, of smallest norm."""
        return weights(phi, t, lam, skip_bias)

    def law_no_other_weights_are_better(self, run, problem):
        """The gradient is 0: phi^T (phi w - t) = -lam I' w."""
        phi, t, w = problem.inputs["phi"], problem.inputs["t"], run(lam=0.5)["w"]
        return phi.T @ (phi @ w - t), -0.5 * np.r_[0, w[1:]]

    def law_a_row_for_each_penalty(self, run, problem):
        """A strength of 4 is least squares with the rows 2 I' in addition, of which the targets are 0."""
        phi, t = problem.inputs["phi"], problem.inputs["t"]
        rows = 2 * np.eye(phi.shape[1], dtype=phi.dtype)[1:]
        extended = np.concatenate([phi, rows]), np.concatenate([t, 0 * rows[:, 0]])
        return run(phi=extended[0], t=extended[1], lam=0.0)["w"], run(lam=4.0)["w"]

    def law_the_bias_takes_an_offset(self, run, problem):
        """Targets that are larger by 2 have a bias that is larger by 2, and the same weights: the bias is free."""
        w = run()["w"]
        return run(t=problem.inputs["t"] + problem.dtype.type(2))["w"], w + np.eye(len(w))[0] * 2

    def law_a_huge_lam_leaves_the_mean(self, run, problem):
        """Then all weights are 0, and the bias is the mean of t."""
        w = run(lam=1e20)["w"]
        return w, np.eye(len(w))[0] * problem.inputs["t"].astype(np.longdouble).mean()

    def law_the_scale_of_a_feature(self, run, problem):
        """Features of twice the size have half the weights where lam is four times as large, and not where it stays."""
        phi, lam = problem.inputs["phi"].copy(), problem.inputs["lam"]
        w = run()["w"]
        phi[:, 1:] *= 2
        return run(phi=phi, lam=4 * lam)["w"], np.r_[w[0], w[1:] / 2]

    def law_a_line_by_hand(self, run, problem):
        """x = -1, 0, 1, 2 and t = 0, 0, 2, 2: the slope is 4 / (5 + lam), the bias 1 - slope / 2."""
        phi, t = np.array(LINE, problem.dtype), np.array([0, 0, 2, 2], problem.dtype)
        found = [run(phi=phi, t=t, lam=lam)["w"] for lam in (0.0, 3.0, 11.0)]
        return found, [[1 - slope / 2, slope] for slope in np.longdouble(4) / np.array([5, 8, 16])]

    cases = (
        Case("lam 0", N=5, P=2, skip_bias=True, inputs={"lam": 0.0}),
        Case("everything is penalized", skip_bias=False),
        Case("everything is penalized, more samples", N=5, P=2, skip_bias=False),
        Case("a strong penalty", N=5, P=3, inputs={"lam": 100.0}),
        Case("no column of ones", N=4, P=2, inputs={"phi": lambda rng, shape: rng.standard_normal(shape)}),
        Case("a bias alone", N=3, P=1),
    )
    extremes = (
        Case("a weak penalty", N=6, P=3, inputs={"lam": 1e-6}),
        Case(
            "large and small features",
            inputs={"phi": [[1, 1e4, 1e-3], [1, -2e4, 3e-3], [1, 5e3, 1e-3]], "t": [1, 2, 3]},
        ),
    )
    ties = (
        Case("two equal features", inputs={"phi": [[1, 2, 2], [1, 4, 4], [1, 0, 0]], "t": [1, 3, 1], "lam": 0.0}),
        Case("more weights than samples", inputs={"phi": [[1, 0, 2, 1], [1, 2, 0, 1]], "t": [1, 3], "lam": 0.0}),
        Case("no feature", P=0, skip_bias=False),
        Case("no sample", N=0, P=2, skip_bias=False),
    )
    bad = (
        Malformed("lam below 0", "lam", lambda _: -0.5),
        Malformed("lam NaN", "lam", lambda _: float("nan")),
        Malformed("no column for the bias", "phi", lambda phi: phi * (np.arange(phi.shape[1]) > 0)),
        Malformed("no sample and a bias", "phi", N=0),
        Malformed("no column at all and a bias", "phi", P=0),
        Malformed("skip_bias a number", "skip_bias", lambda _: 1),
    )

    def draw(self, case, dims, dtype):
        inputs = super().draw(case, dims, dtype)
        if "phi" not in case.inputs:
            inputs["phi"][:, :1] = 1
        return inputs

    @variant("the mean of squares", source=GLMNET, replaces="ridge_fit")
    def mean_of_squares(phi, t, lam, *, skip_bias=True):
        """The penalty stands beside the mean of the squares and not their sum: lam counts once for each sample."""
        return ridge_fit(phi, t, lam * max(1, len(t)), skip_bias=skip_bias)


class TestRegularizationPath(Function):
    """Polynomials of several degrees under several strengths, on what they were fitted to."""

    rows = ("03.07",)
    outputs = ("error", "norm")
    sizes = {"N": 4}
    apart, tall = (1,), ((257, 33),)  # what is wide is asked of the fit

    def definition(self, x, t, degrees, lams):
        """error = 1/N |phi w - t|^2, norm = |w_1 … w_degree|, phi_nj = x_n^j. Bishop 2006, section 1.1."""
        fits = [[of_polynomial(x, t, degree, lam) for lam in lams] for degree in degrees]
        error, norm = np.moveaxis(np.array(fits, object).reshape(len(degrees), len(lams), 2), -1, 0)
        return error, norm

    def law_a_stronger_penalty_fits_worse_and_is_smaller(self, run, problem):
        """Along lam the error never falls and the norm never rises, whatever the degree."""
        answer = run(lams=np.array([2.0**-6, 0.25, 1, 8, 64, 2.0**20], problem.dtype))
        slack = np.finfo(problem.dtype).eps * 64
        falls = (np.diff(answer["error"]) < -slack * answer["error"].max()).any()
        rises = (np.diff(answer["norm"]) > slack * answer["norm"].max()).any()
        return [falls, rises], [False, False]

    def law_a_constant_is_not_penalized(self, run, problem):
        """Targets that are all the same are met by the bias alone, under any penalty."""
        answer = run(t=0 * problem.inputs["t"] + 3)
        return np.append(answer["error"], answer["norm"]), np.zeros(2 * answer["error"].size)

    def law_every_fit_by_itself(self, run, problem):
        """The strengths in another order give the columns in that order, and so do the degrees with the rows."""
        forth, back = run(), run(degrees=[3, 0, 1], lams=problem.inputs["lams"][::-1].copy())
        turned = {name: back[name][[1, 2, 0], ::-1] for name in back}
        return [forth[name] for name in self.outputs], [turned[name] for name in self.outputs]

    def law_degree_0_is_the_mean(self, run, problem):
        """A constant fits with the variance of t, and there are no weights."""
        answer = run(degrees=[0])
        return np.append(answer["error"], answer["norm"]), np.r_[[problem.inputs["t"].var()] * 3, np.zeros(3)]

    cases = (
        Case("one of each", L=1, inputs={"degrees": [2], "lams": [0.5]}),
        Case("least squares among them", N=5, L=2, inputs={"degrees": [1, 2], "lams": [0.0, 1.0]}),
        Case("more weights than samples", N=2, L=2, inputs={"degrees": [4], "lams": [0.25, 4.0]}),
    )
    extremes = (Case("a huge penalty", L=2, inputs={"lams": [1e20, 1.0]}),)
    ties = (Case("no strength", L=0),)
    bad = (
        Malformed("a degree below 0", "degrees", lambda _: [1, -1]),
        Malformed("no degree", "degrees", lambda _: []),
        Malformed("degrees a number", "degrees", lambda _: 3),
        Malformed("a strength below 0", "lams", lambda lams: lams / -64),
        Malformed("a strength of NaN", "lams", lambda lams: lams * np.nan),
        Malformed("no sample", "x", N=0),
    )

    @variant("the mean of squares", source=GLMNET, replaces="regularization_path")
    def mean_of_squares(x, t, degrees, lams):
        """The penalty stands beside the mean of the squares and not their sum: lam counts once for each sample."""
        return regularization_path(x, t, degrees, lams * lams.dtype.type(len(x)))

    def draw(self, case, dims, dtype):
        """x between -1 and 1, strengths above 0, and degrees 0, 1 and 3."""
        inputs = super().draw(case, dims, dtype)
        if "x" not in case.inputs:
            inputs["x"] = np.tanh(inputs["x"])
        if "lams" not in case.inputs:
            inputs["lams"] = abs(inputs["lams"]) + dtype.type(0.125)
        x, t, lams = (inputs[name] for name in ("x", "t", "lams"))
        return {"x": x, "t": t, "degrees": list(case.inputs.get("degrees", [0, 1, 3])), "lams": lams}


def weights(phi, t, lam, skip_bias):
    if lam == 0:
        lam, skip_bias = NEARLY_0, False
    diagonal = np.array([0 if p < skip_bias else lam for p in range(phi.shape[1])], object)
    return solved(named(phi.T @ phi + np.diag(diagonal)), named(phi.T @ t))


def solved(a, b):
    """One unknown after the other: no exchanges are needed, as the matrix is positive definite."""
    if len(b) == 0:
        return b
    share = named(a[1:, 0] / a[0, 0])
    others = solved(named(a[1:, 1:] - np.outer(share, a[0, 1:])), named(b[1:] - share * b[0]))
    return np.append(named((b[:1] - np.sum(a[0, 1:] * others)) / a[0, 0]), others)


def of_polynomial(x, t, degree, lam):
    """Mean squared error and norm of one fit."""
    phi = named(np.array([[entry**j for j in range(degree + 1)] for entry in x], object))
    w = weights(phi, t, lam, skip_bias=True)
    return np.sum((phi @ w - t) ** 2) / len(x), sqrt(np.sum(w[1:] ** 2)) if degree else 0
