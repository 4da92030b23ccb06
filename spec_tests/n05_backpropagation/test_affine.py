"""Affine layer: definition, laws and cases. Classic mistakes: mistakes_affine.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer


class TestAffine(Layer):
    rows = ("05.01",)

    def definition(self, x, w, b):
        """out_nm = sum_d x_nd w_dm + b_m. CS231n, assignment 1, `affine_forward`."""
        rows = [row.ravel() for row in x]  # each (D,)
        return np.array([[sum(row * w[:, m]) + b[m] for m in range(len(b))] for row in rows])

    def law_affine_in_x(self, run, problem):
        """out(x + z) - out(z) = out(x) - out(0)."""
        x = problem.inputs["x"]
        z = 2 * x[::-1]
        return run(x=x + z)["out"] - run(x=z)["out"], run(x=x)["out"] - run(x=0 * x)["out"]

    cases = (
        Case("image input", {"N": 2, "d": (2, 2, 3), "M": 2}),
        Case("D equals M", {"N": 2, "d": (3,), "M": 3}),
        Case("N equals M", {"N": 3, "d": (2,), "M": 3}),
    )
    ties = (Case("empty batch", N=0),)
