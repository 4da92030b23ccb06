"""What recurrent layers over a sequence have in common: inputs, lengths, and the cases of both."""

from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer, Malformed


def some_lengths(dims, dtype):
    """T, 0, 1, 2, … steps, and so on: the longest, nothing at all, and what lies between."""
    return (dims["T"] + np.arange(dims["N"])) % (dims["T"] + 1)


def one_step(dims, dtype):
    return np.ones(dims["N"], np.int64)


def large(rng, shape):
    return 1000 * rng.standard_normal(shape)


def tiny(rng, shape):
    return 1e-12 * rng.standard_normal(shape)


def bias_of(gate, value):
    """The bias of one of four gates, counted from 0: 50 opens it for good, -50 shuts it."""
    return lambda rng, shape: value * (np.arange(shape[0]) // (shape[0] // 4) == gate)


class OverTime(Layer):
    """x (N, T, D) and lengths: h (N, T, H) of every step."""

    def law_does_not_see_the_future(self, run, problem):
        """Another last input changes the last h alone."""
        x = problem.inputs["x"].copy()
        x[:, -1] = 3 - x[:, -1]
        return run(x=x)["h"][:, :-1], run()["h"][:, :-1]

    ties = (
        Case("empty batch", N=0),
        Case("no steps", T=0),
        Case("no steps, and lengths", T=0, lengths=some_lengths),
        Case("no inputs", D=0),
    )
    bad = (
        Malformed("a length below 0", "lengths", lambda _: np.array([1, -1])),
        Malformed("a length above T", "lengths", lambda _: np.array([1, 1000])),
        Malformed("lengths of floats", "lengths", lambda _: np.array([1.0, 2.0])),
        Malformed("a length too many", "lengths", lambda _: np.array([1, 1, 1]), ("x",)),
    )

    def cases_of_law(self):
        return [
            replace(case, options={"lengths": some_lengths} if "padding" in case.name else {})
            for case in super().cases_of_law()
        ]

    def cases_of_scale(self):
        """Long, wide and with many sequences; batches of all sizes around a block."""
        sizes = {"long": (3, 200, 5, 6), "wide": (30, 3, 40, 70), "many sequences": (2500, 2, 4, 4)}
        sizes |= {f"{n} sequences": (n, 4, 6, 9) for n in (11, 12, 13, 25)}
        cases = [Case(name, dict(zip("NTDH", size, strict=True))) for name, size in sizes.items()]
        return [*cases, Case("lengths", N=27, T=6, D=5, H=9, lengths=some_lengths)]
