"""A scalar computational graph: its laws, against what sympy derives. Classic mistakes: mistakes_value.py."""

import math

import numpy as np

from nnspec.backends import NotSupplied
from nnspec.spec_tests._kinds import Case, Malformed, Procedure
from nnspec.spec_tests.n04_optimization._slopes import near
from nnspec.spec_tests.n05_backpropagation._programs import OF_VALUES, computed, true_gradient

LEAVES = np.array([0.7, -1.3, 0.4])


class TestValue(Procedure):
    rows = ("05.15",)

    def law_random_expressions(self, value):
        """Value and gradients of forty random computations are those that sympy derives."""
        found, wanted = [], []
        for seed in range(40):
            leaves = [value(x) for x in LEAVES.tolist()]
            out = computed(leaves, seed, OF_VALUES)
            out.backward()
            true_value, gradient = true_gradient(LEAVES, seed)
            found.append([out.data, *(leaf.grad for leaf in leaves)])
            wanted.append([true_value, *gradient])
        return near(found, wanted, 1e-12)

    def law_each_operation(self, value):
        """x + y, x * y, x ** 3, x ** -0.5, x ** 0, exp, tanh, relu: what comes out, and the slope in x."""
        found = []
        for operation in (
            lambda x: x + value(3.0),
            lambda x: x * value(3.0),
            lambda x: x**3,
            lambda x: x**-0.5,
            lambda x: x**0,
            lambda x: x.exp(),
            lambda x: x.tanh(),
            lambda x: x.relu(),
            lambda x: (x * -1.0).relu(),
        ):
            found.append(value_and_slope(operation, value(0.25)))
        e, t = math.exp(0.25), math.tanh(0.25)
        powers = [[0.25**3, 3 * 0.0625], [2, -4], [1, 0]]
        return near(found, [[3.25, 1], [0.75, 3], *powers, [e, e], [t, 1 - t * t], [0.25, 1], [0, 0]], 1e-14)

    def law_a_number_beside_a_value(self, value):
        """x + 2 and x * 2 are those with value(2)."""
        found = [value_and_slope(operation, value(1.5)) for operation in (lambda x: x + 2, lambda x: x * 2.5)]
        return near(found, [[3.5, 1], [3.75, 2.5]], 1e-14)

    def law_the_same_value_twice(self, value):
        """x * x has the slope 2x, x + x the slope 2, and x * x + x the sum of all uses."""
        found = [value_and_slope(f, value(3.0)) for f in (lambda x: x * x, lambda x: x + x, lambda x: x * x + x)]
        return near(found, [[9, 6], [6, 2], [12, 7]], 1e-14)

    def law_two_leaves_of_one_number(self, value):
        """They are two: of x^2 y at x = y = 2 the slopes are 2 x y and x^2."""
        number = 2.0
        x, y = value(number), value(number)
        (x * x * y).backward()
        return [x.grad, y.grad], [8.0, 4.0]

    def law_a_diamond(self, value):
        """Both ways from x to out count, also where one is longer: x + tanh(x)^2 exp(x)."""

        def diamond(x):
            t = x.tanh()
            return x + t * t * x.exp()

        t, e = math.tanh(0.5), math.exp(0.5)
        slope = 1 + 2 * t * (1 - t * t) * e + t * t * e
        return near(value_and_slope(diamond, value(0.5)), [0.5 + t * t * e, slope], 1e-14)

    def law_a_value_waits_for_all_its_uses(self, value):
        """y is used at once and at the end of a chain, whichever is added to which: x comes when both are known."""
        found = []
        for chain_first in (True, False):
            x = value(2.0)
            y = x * 3.0
            z = y
            for _ in range(5):
                z = z * 1.5 + 1.0
            (z + y if chain_first else y + z).backward()
            found.append([y.grad, x.grad])
        return near(found, [[1 + 1.5**5, 3 * (1 + 1.5**5)]] * 2, 1e-14)

    def law_a_chain_of_ten_thousand(self, value):
        """10,000 operations in a row are no other than ten, or too many for a recursion, which says so."""
        x = value(1.0)
        out = x
        for _ in range(10_000):
            out = out * 1.0001
        try:
            out.backward()
        except RecursionError:
            return True, True
        return near([out.data, x.grad], [1.0001**10_000] * 2, 1e-9)

    def law_a_ladder_of_diamonds(self, value):
        """y = y + y two hundred times has 2^200 ways to x, and 200 values: each is gone through once."""
        x = value(1.0)
        out = x
        for _ in range(200):
            out = out + out
        out.backward()
        return near(x.grad / 2.0**200, 1.0, 1e-12)

    def law_every_value_has_its_gradient(self, value):
        """Also those in between, and the output itself has 1."""
        x, y = value(-2.0), value(3.0)
        between = x * y
        out = between * 5.0 + x
        out.backward()
        return [v.grad for v in (out, between, x, y)], [1.0, 5.0, 16.0, -10.0]

    def law_gradients_add_up_until_they_are_reset(self, value):
        """A leaf of two graphs has the sum of both; with grad = 0 in between that of the second."""
        x = value(3.0)
        (x * x).backward()
        (x * 2.0).backward()
        both, x.grad = x.grad, 0
        (x * 2.0).backward()
        return [both, x.grad], [8.0, 2.0]

    def law_operands_stay(self, value):
        """An operation makes a new value: what went in has its number still, and no gradient yet."""
        x, y = value(2.0), value(3.0)
        made = [x + y, x * y, x**2, x.exp(), x.tanh(), x.relu()]
        return [x.data, y.data, x.grad, y.grad, any(v is x or v is y for v in made)], [2.0, 3.0, 0, 0, False]

    def law_what_is_beside_it_has_no_part(self, value):
        """A value that out does not depend on has the gradient 0, also if it was made of the same leaf."""
        x = value(2.0)
        aside = x * 7.0
        (x * x).backward()
        return [aside.grad, x.grad], [0, 4.0]

    def law_further_operations(self, value):
        """Where it has them: -x, x - y, x / y, 2 + x, 2 * x, 2 - x, 2 / x, log, sigmoid."""
        found, wanted = [], []
        for needed, operation, *known in FURTHER:
            if all(hasattr(value(1.0), name) for name in needed.split()):
                found.append(value_and_slope(operation, value(0.5)))
                wanted.append(known)
        if not found:
            raise NotSupplied("it has none of them")
        return near(found, wanted, 1e-14)

    def law_far_out(self, value):
        """tanh and sigmoid saturate without overflow, and relu hands NaN on."""
        operations = [(lambda x: x.tanh(), k) for k in (800.0, -800.0)]
        if hasattr(value(0.0), "sigmoid"):
            operations += [(lambda x: x.sigmoid(), k) for k in (800.0, -800.0)]
        found = [value_and_slope(operation, value(k)) for operation, k in operations]
        found.append([math.isnan(value(math.nan).relu().data), 0])
        return found, [*[[1, 0], [-1, 0], [1, 0], [0, 0]][: len(operations)], [True, 0]]

    bad = (Malformed("a text for a number", "data", lambda _: "2", case=Case("", inputs={"data": 2.0})),)


S = 1 / (1 + math.exp(-0.5))
FURTHER = (  # of x = 0.5: the methods it takes, the operation, what comes out, and the slope
    ("__neg__", lambda x: -x, -0.5, -1.0),
    ("__sub__", lambda x: x - 2.0, -1.5, 1.0),
    ("__sub__", lambda x: x - x * 3.0, -1.0, -2.0),
    ("__truediv__", lambda x: x / 4.0, 0.125, 0.25),
    ("__truediv__", lambda x: x / (x + 1.5), 0.25, 0.375),
    ("__radd__", lambda x: 2 + x, 2.5, 1.0),
    ("__rmul__", lambda x: 2 * x, 1.0, 2.0),
    ("__rsub__", lambda x: 2 - x, 1.5, -1.0),
    ("__rtruediv__", lambda x: 2 / x, 4.0, -8.0),
    ("log", lambda x: x.log(), math.log(0.5), 2.0),
    ("sigmoid", lambda x: x.sigmoid(), S, S * (1 - S)),
    ("sigmoid", lambda x: (x * -1.0).sigmoid(), 1 - S, -S * (1 - S)),
)


def value_and_slope(operation, x):
    out = operation(x)
    out.backward()
    return [out.data, x.grad]
