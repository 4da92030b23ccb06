"""Batched matrix product: definition, laws and cases. Classic mistakes: mistakes_matmul.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer


def without_batch(rng, shape):
    """One matrix for all of the batch."""
    return rng.standard_normal(shape[-2:])


def one_along_the_first_axis(rng, shape):
    return rng.standard_normal((1, *shape[1:]))


def one_along_the_second_axis(rng, shape):
    return rng.standard_normal((shape[0], 1, *shape[-2:]))


class TestMatmul(Layer):
    rows = ("05.13",)
    tall = ((65, 33), (5000, 4))

    def definition(self, a, b):
        """out_nm = sum_k a_nk b_km, for each matrix of the batch. CS231n notes "Optimization-2"."""
        batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        rows, columns = (np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (a, b.swapaxes(-1, -2)))
        out = np.zeros((*batch, a.shape[-2], b.shape[-1]), object)
        for *of, n, m in np.ndindex(out.shape):
            out[(*of, n, m)] = sum(rows[(*of, n)] * columns[(*of, m)])
        return out

    def law_linear_in_a(self, run, problem):
        """(a + 2 z) b = a b + 2 z b."""
        a = problem.inputs["a"]
        z = a[..., ::-1, ::-1]
        return run(a=a + 2 * z)["out"], run()["out"] + 2 * run(a=z)["out"]

    def law_linear_in_b(self, run, problem):
        """a (b + 2 z) = a b + 2 a z."""
        b = problem.inputs["b"]
        z = b[..., ::-1, ::-1]
        return run(b=b + 2 * z)["out"], run()["out"] + 2 * run(b=z)["out"]

    def law_matrices_do_not_mix(self, run, problem):
        """Other matrices elsewhere in the batch change nothing here."""
        a = problem.inputs["a"].copy()
        a[1:] *= 3
        changed, same = run(a=a), run()
        return changed["out"][0], same["out"][0]

    beyond = (
        Case("no batch", {"batch": ()}),
        Case("one b for all", inputs={"b": without_batch}),
        Case("one a for all", inputs={"a": without_batch}),
        Case("one b of size 1", inputs={"b": one_along_the_first_axis}),
        Case("one a of size 1", inputs={"a": one_along_the_first_axis}),
        Case("one b for all, two axes", {"batch": (2, 3)}, inputs={"b": without_batch}),
        Case(
            "each broadcasts",
            {"batch": (2, 3)},
            inputs={"a": one_along_the_second_axis, "b": one_along_the_first_axis},
        ),
        Case("square, one b for all", {"batch": (3,), "N": 3, "K": 3, "M": 3}, inputs={"b": without_batch}),
    )
    extremes = (
        Case(
            "rows of 1e10 beside rows of 1e-10",
            N=2,
            inputs={"a": lambda rng, shape: rng.standard_normal(shape) * [[1e10], [1e-10]]},
        ),
    )
    ties = (
        Case("nothing to add up", K=0),
        Case("no rows", N=0),
        Case("no matrices", {"batch": (0,)}),
        Case("no matrices, one b for all", {"batch": (0,)}, inputs={"b": without_batch}),
    )
