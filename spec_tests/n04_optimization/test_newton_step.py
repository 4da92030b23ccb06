"""Newton's step: definition, laws and cases. Classic mistakes: mistakes_newton_step.py."""

import numpy as np

from nnspec.reference.n03_regularization import _linear_system as linear_system
from nnspec.spec_tests._kinds import Case, Function, Malformed, variant
from nnspec.spec_tests._truth import named
from nnspec.spec_tests.n03_regularization.test_ridge import solved

SADDLE = [[1.0, 3.0], [3.0, 1.0]]  # eigenvalues 4 and -2


class TestNewtonStep(Function):
    """The Hessian is symmetric and positive definite, unless a case says otherwise."""

    rows = ("04.20",)
    outputs = ("w_new",)
    tall = ((65, 33),)  # of P weights there are P^2 second derivatives

    def definition(self, w, dw, hessian, *, damping=0):
        """(H + damping I) (w - w_new) = dw. Nocedal and Wright 2006, eq. 2.15 and 3.23."""
        damped = named(hessian + damping * np.eye(len(w), dtype=int))
        return w - solved(damped, dw)

    def law_a_quadratic_is_done_in_one_step(self, run, problem):
        """Of f = w^T A w / 2 - b^T w the slope is A w - b: one step ends at A^-1 b, wherever it began."""
        a, b = np.array([[1000.0, 0], [0, 0.125]], problem.dtype), np.array([500, 0.25], problem.dtype)
        starts = np.array([[1.0, 1.0], [-3.0, 8.0]], problem.dtype)
        return [run(w=w, dw=a @ w - b, hessian=a)["w_new"] for w in starts], np.array([[0.5, 2.0]] * 2)

    def law_slope_and_hessian_of_sympy(self, run, problem):
        """Of f = exp(u v) + u^2 + 2 v^4 + u v, whose derivatives sympy takes, at (1/2, 1)."""
        wanted, dw, hessian = step_of_sympy(at=(0.5, 1.0))
        given = [np.array(part, problem.dtype) for part in ((0.5, 1.0), dw, hessian)]
        exact = given[0].astype(np.longdouble) - inverse_of_two(given[2].astype(np.longdouble)) @ given[1]
        answer = run(w=given[0], dw=given[1], hessian=given[2])["w_new"]
        near = np.abs(np.asarray(answer, float) - wanted).max() < 1e-5
        return np.append(answer, near), np.append(exact, True)

    def law_errors_are_squared(self, run, problem):
        """Of f = e^w - 2 w Newton's steps from 1 end at log 2: each is off by about the square of the one before."""
        w = np.ones(1, problem.dtype)
        for _ in range(6):
            w = run(w=w, dw=np.exp(w) - 2, hessian=np.exp(w)[None])["w_new"].astype(problem.dtype)
        return w, np.log(np.full(1, 2, problem.dtype))

    def law_units_do_not_matter(self, run, problem):
        """Weights that are measured in units of 1/4 move four times as far: the step is the same."""
        w, dw, hessian = (problem.inputs[name] for name in ("w", "dw", "hessian"))
        return run(w=4 * w, dw=dw / 4, hessian=hessian / 16)["w_new"] / 4, run()["w_new"]

    def law_where_the_slope_is_0_it_stays(self, run, problem):
        """At a minimum nothing moves."""
        return run(dw=0 * problem.inputs["dw"])["w_new"], problem.inputs["w"]

    def law_much_damping_is_gradient_descent(self, run, problem):
        """With a damping far above H a step is that of gradient descent with the rate 1 / damping."""
        problem.options = {"damping": 2.0**40}
        w, dw = problem.inputs["w"], problem.inputs["dw"]
        return 2.0**40 * (run(w=0 * w)["w_new"]), -dw * (1 - 2.0**-40 * np.diag(problem.inputs["hessian"]))

    cases = (
        Case("damped", damping=0.5),
        Case("much damped", P=3, damping=8.0),
        Case("three weights", P=3),
        Case("a saddle that is damped enough", damping=2.5, inputs={"hessian": SADDLE}),
        Case("nothing but damping", damping=0.5, inputs={"hessian": [[0, 0], [0, 0]]}),
    )
    extremes = (
        Case("ill-conditioned", inputs={"hessian": [[1e6, 10], [10, 1e-3]]}),
        Case("steep", inputs={"hessian": [[1e20, 0], [0, 2e20]], "dw": [1e15, -1e15]}),
    )
    ties = (Case("no weights", P=0),)
    bad = (
        Malformed("a saddle", "hessian", lambda _: np.array(SADDLE)),
        Malformed("a saddle with too little damping", "hessian", lambda _: np.array(SADDLE), damping=1.5),
        Malformed("a maximum", "hessian", lambda hessian: -hessian),
        Malformed("a flat valley", "hessian", lambda hessian: 0 * hessian),
        Malformed("not symmetric", "hessian", lambda hessian: hessian + np.triu(np.ones_like(hessian), 1)),
        Malformed("small and not symmetric", "hessian", lambda hessian: (hessian + np.triu(hessian + 1, 1)) * 1e-8),
        Malformed("a Hessian of NaN", "hessian", lambda hessian: hessian * np.nan),
        Malformed("damping below 0", "damping", lambda _: -0.5),
        Malformed("damping NaN", "damping", lambda _: float("nan")),
        Malformed("damping infinite", "damping", lambda _: float("inf")),
    )

    def draw(self, case, dims, dtype):
        inputs = super().draw(case, dims, dtype)
        if "hessian" not in case.inputs:
            inputs["hessian"] = positive_definite(inputs["hessian"])
        return inputs

    @variant("damping of the diagonal", source="Marquardt 1963", replaces="newton_step")
    def damping_of_the_diagonal(w, dw, hessian, *, damping=0.0):
        """Damping multiplies the diagonal of the Hessian and not the identity, so that units do not matter."""
        damped = hessian + damping * np.diag(np.diag(hessian))
        with np.errstate(divide="ignore", invalid="ignore"):
            return w - linear_system.solved(damped, dw)


def positive_definite(a):
    """A symmetric one of order 1, made of any square one."""
    made = a @ a.T / max(1, len(a)) + np.eye(len(a), dtype=a.dtype)
    return (np.tril(made) + np.tril(made, -1).T).astype(a.dtype)


def step_of_sympy(at):
    """(w_new, slope, Hessian) as floats, of derivatives that sympy takes and solves."""
    import sympy as sp

    u, v = sp.symbols("u v")
    f = sp.exp(u * v) + u**2 + 2 * v**4 + u * v
    point = dict(zip((u, v), map(sp.Rational, at), strict=True))
    slope = sp.Matrix([sp.diff(f, name) for name in (u, v)]).subs(point)
    hessian = sp.hessian(f, (u, v)).subs(point)
    found = (sp.Matrix(list(point.values())) - hessian.LUsolve(slope), slope, hessian)
    new, slope, hessian = (np.array(part.evalf(30).tolist(), float) for part in found)
    return new[:, 0], slope[:, 0], hessian


def inverse_of_two(a):
    return np.array([[a[1, 1], -a[0, 1]], [-a[1, 0], a[0, 0]]]) / (a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0])
