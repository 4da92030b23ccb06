"""What the specifications of information theory and of soft targets share: distributions, and what is none."""

import numpy as np

from nnspec.spec_tests._cases import Malformed


class OfDistributions:
    """What takes distributions along `axis`, under the names in `distributions`. In front of a kind."""

    distributions = ("p",)
    at_0 = False  # whether the definition holds where one of them is 0

    def draw(self, case, dims, dtype):
        inputs, axis = super().draw(case, dims, dtype), case.options.get("axis", -1)
        drawn = [name for name in self.distributions if name not in case.inputs]
        return inputs | {name: distributions(inputs[name], axis) for name in drawn}

    def truth(self, problem):
        """Of log 0, which stands beside a 0, sympy makes NaN."""
        if self.at_0 or all((problem.inputs[name] > 0).all() for name in self.distributions):
            return super().truth(problem)
        return problem.wide()

    def overwrite(self, name, array):
        """Turned around it is a distribution still."""
        if name not in self.distributions:
            return super().overwrite(name, array)
        array[...] = np.flip(array).copy()


def distributions(x, axis=-1):
    """Of any numbers: nothing is 0, and along the axis the sum is 1."""
    e = np.exp(x - x.max(axis=axis, keepdims=True, initial=-np.inf))
    return e / e.sum(axis=axis, keepdims=True)


def no_distributions(name, **beside):
    return (
        Malformed(f"{name} sums to 2", name, lambda p: 2 * p, **beside),
        Malformed(f"{name} negative", name, negative, **beside),
        Malformed(f"{name} of NaN", name, lambda p: p * np.nan, **beside),
    )


def negative(p):
    """Sums stay 1."""
    p = p.copy()
    p[..., 0] += 1
    p[..., 1] -= 1
    return p
