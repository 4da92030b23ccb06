"""NT-Xent: definition, laws and cases. Classic mistakes: mistakes_nt_xent.py."""

from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Loss, Malformed
from nnspec.spec_tests._truth import exp, log, named, sqrt, where_positive

TAU = 0.5
ZEROS = {"zl": [[0, 0, 0], [1, 2, -1]], "zr": [[2, 1, 0], [0, 0, 0]]}


class TestNtXent(Loss):
    rows = ("02.23",)
    options = {"tau": TAU}
    tall = ((257, 33),)  # of N samples there are (2N)^2 similarities

    def definition(self, zl, zr, *, tau, reduction="mean"):
        """loss_i = -log(exp(u_i . u_p(i) / tau) / sum_{k != i} exp(u_i . u_k / tau)), u = z / |z|. Chen et al. 2020,
        eq. 1."""
        N, ul, ur = len(zl), named(direction(zl)), named(direction(zr))
        u = np.concatenate([ul, ur])
        weight = named(exp(u @ u.T / tau))
        rows = [(i, (i + N) % (2 * N)) for i in range(2 * N)]
        loss = np.array([log(np.delete(weight[i], i).sum() / weight[i, p]) for i, p in rows], object)
        return {"none": loss, "sum": sum(loss), "mean": sum(loss) / (2 * N)}[reduction]

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """A gradient is what is left across z of the slope by u, over |z|, and rounds at the size of that: of a single
        feature nothing is left."""
        found = super().budgets(problem, want, lenient, at_tie)
        if not (lenient and problem.douts):
            return found
        divisor = 2 * len(problem.inputs["zl"]) if problem.options.get("reduction", "mean") == "mean" else 1
        largest = 2 * abs(problem.douts[0]).max() / divisor / problem.options["tau"]  # the sum of |p - onehot| is 2
        more = {f"d{name}": largest / lengths(problem.inputs[name]) for name in ("zl", "zr")}
        half_ulp = np.finfo(problem.dtype).eps / 2
        wider = {name: found[name].rounding + half_ulp * more[name] for name in more}
        return found | {name: replace(found[name], rounding=wider[name]) for name in wider}

    def law_only_directions_count(self, run, problem):
        """A vector that is four times as long changes no loss, and has a quarter of the gradient."""
        zl, factor = problem.inputs["zl"], np.array([[4.0], [1], [0.5]][: problem.dims["N"]], problem.dtype)
        longer, here = run(zl=zl * factor), run()
        sides = longer["dzl"] * factor, here["dzl"]
        return [np.append(a["loss"], d) for a, d in zip((longer, here), sides, strict=True)]

    def law_the_gradient_turns_and_does_not_stretch(self, run, problem):
        """z_i . dz_i = 0: a longer vector has the same direction."""
        answer = run()
        along = [(problem.inputs[name] * answer[f"d{name}"]).sum(axis=1) for name in ("zl", "zr")]
        return along, np.zeros((2, problem.dims["N"]))

    def law_left_and_right_are_alike(self, run, problem):
        """The views of all samples exchanged: the same loss, and the gradients are exchanged, too."""
        zl, zr = problem.inputs["zl"], problem.inputs["zr"]
        forth, back = run(), run(zl=zr, zr=zl)
        return [forth["loss"], *forth["dzl"].ravel(), *forth["dzr"].ravel()], [
            back["loss"],
            *back["dzr"].ravel(),
            *back["dzl"].ravel(),
        ]

    def law_a_rotation_changes_nothing(self, run, problem):
        """All vectors turned together are as similar as they were."""
        turned = {name: problem.inputs[name][:, ::-1] * problem.dtype.type(-1) for name in ("zl", "zr")}
        return run(**turned)["loss"], run()["loss"]

    def law_all_alike_cost_log_of_the_others(self, run, problem):
        """Where all vectors are equal, each of the 2N - 1 others is as likely: the first check of a training run."""
        ones = np.ones((3, 2), problem.dtype)
        return run(zl=ones, zr=ones)["loss"], np.log(np.longdouble(5))

    def law_by_hand(self, run, problem):
        """Two samples at right angles, whose views agree: log(1 + 2 exp(-1 / tau))."""
        z = np.array([[2.0, 0.0], [0.0, 0.5]], problem.dtype)
        return run(zl=z, zr=z)["loss"], np.log1p(2 * np.exp(np.longdouble(-1) / TAU))

    cases = (
        Case("one sample", N=1),
        Case("more samples than features", N=4, D=2),
        Case("one feature", N=3, D=1),
        Case("a low temperature", tau=0.125),
        Case("a high temperature, one by one", tau=2.0, reduction="none"),
        Case("a high temperature summed", N=3, tau=2.0, reduction="sum"),
    )
    extremes = (
        Case("a very low temperature", tau=2.0**-11),
        Case("long vectors", inputs={"zl": [[1e6, -2e6], [3e5, 1e6]], "zr": [[2e6, 1e6], [1e5, -1e6]]}),
        Case("short vectors", inputs={"zl": [[1e-6, -2e-6], [3e-7, 1e-6]], "zr": [[2e-6, 1e-6], [1e-7, -1e-6]]}),
    )
    ties = (
        Case("vectors of zeros", inputs=ZEROS),
        Case("nothing but zeros", N=2, inputs={"zl": [[0, 0]] * 2, "zr": [[0, 0]] * 2}),
    )
    bad = (
        Malformed("reduction unknown", "reduction", lambda _: "median"),
        Malformed("no samples", "zl", N=0),
        Malformed("tau of 0", "tau", lambda _: 0.0),
        Malformed("tau negative", "tau", lambda _: -0.5),
        Malformed("tau NaN", "tau", lambda _: float("nan")),
        Malformed("tau infinite", "tau", lambda _: float("inf")),
    )


def direction(z):
    square = (z * z).sum(axis=1, keepdims=True)
    return where_positive(square, z / sqrt(square))


def lengths(z):
    """(N, 1), of zeros without end."""
    square = (z.astype(np.longdouble) ** 2).sum(axis=1, keepdims=True)
    return np.sqrt(np.where(square > 0, square, np.inf))
