"""Random computations on scalars, of a backend's values and of sympy's symbols alike."""

from types import SimpleNamespace

import numpy as np

from nnspec.spec_tests import _truth

STEPS = 14
OF_VALUES = SimpleNamespace(
    exp=lambda v: v.exp(), tanh=lambda v: v.tanh(), relu=lambda v: v.relu(), named=lambda v: v, log=lambda v: v.log()
)
IN_SYMPY = SimpleNamespace(
    exp=_truth.exp,
    tanh=_truth.tanh,
    relu=lambda x: _truth.where_positive(x, x),
    named=_truth.named,
    log=_truth.log,
)


def computed(leaves, seed, of):
    """Some steps, each of two values that are there already or of one twice; of the last ones all count."""
    rng, made = np.random.default_rng(seed), list(leaves)
    for _ in range(STEPS):
        x, y = (made[i] for i in rng.integers(len(made), size=2))
        steps = (
            lambda x=x, y=y: x + y,
            lambda x=x, y=y: x * y,
            lambda x=x: x * 0.5 + 1.5,
            lambda x=x: of.tanh(x),
            lambda x=x: of.exp(of.tanh(x)),
            lambda x=x, y=y: of.relu(x + y) * 0.75,
            lambda x=x: of.tanh(x) ** 3,
            lambda x=x: (x * x + 1.0) ** -1,
            lambda x=x: (x * x + 1.0) ** 0.5,
        )
        made.append(of.named(steps[rng.integers(len(steps))]()))
    total = made[-1]
    for x in made[-4:-1]:
        total = total + of.tanh(x)
    return total


def in_sympy(x, *, seed):
    return computed(list(x), seed, IN_SYMPY)


def true_gradient(x, seed):
    """(value, gradient), as sympy derives it."""
    (value,), gradients = _truth.evaluate(in_sympy, {"x": x}, {"seed": seed}, [np.ones(())])
    return float(value), gradients["x"].astype(float)
