"""Functions to compare optimisers on: definitions, laws. Classic mistakes: mistakes_landscapes.py."""

import numpy as np

from nnspec.reference import gradient_descent, nesterov, sgd, sgd_momentum
from nnspec.spec_tests import _truth
from nnspec.spec_tests._kinds import Case, Drawing, Malformed, Procedure
from nnspec.spec_tests.n04_optimization._slopes import near

W = np.array([[0.3, -1.1], [1.7, 0.7], [-2.3, 0.1]])


class Landscape(Procedure):
    """What each of them owes to its definition in sympy, `height(w, **constants)`, of the `constants` tried."""

    constants = ({},)

    def law_it_is_what_sympy_has_and_derives(self, f):
        """The value and the gradient at three points, for every choice of the constants."""
        found, wanted = [], []
        for chosen in self.constants:
            found.append(side_by_side(*f(**chosen)(W)))
            wanted.append(in_sympy(self.height, W, chosen))
        return near(found, wanted, 1e-13)

    def law_one_point_and_many(self, f):
        """A point has a number and a gradient of its own shape, and many have as many, in whatever axes."""
        of = f()
        one, many = of(W[1]), of(np.stack([W, 2 * W]))
        shapes = [np.shape(one[0]), np.shape(one[1]), many[0].shape, many[1].shape]
        return [*shapes, *near(side_by_side(*one), side_by_side(*of(W))[1], 1e-13)], [
            *((), (2,), (2, 3), (2, 3, 2)),
            *[side_by_side(*of(W))[1]] * 2,
        ]

    def law_the_dtype_stays(self, f):
        """float32 stays float32, and w is not written to."""
        w = W.astype(np.float32)
        return [str(np.asarray(each).dtype) for each in f()(w)] + [w], ["float32", "float32", W.astype(np.float32)]


class TestQuadratic(Landscape):
    rows = ("04.33",)
    constants = ({}, {"kappa": 3.0}, {"kappa": 1.0})

    @staticmethod
    def height(w, *, kappa=100.0):
        x, y = w
        return (x**2 + kappa * y**2) / 2

    def law_descent_converges_below_two_over_kappa(self, f):
        """The steepest direction decides: at kappa = 100 a rate of 0.0195 gets down, and one of 0.0205 does not."""
        ends = [path_of(f(kappa=100.0), sgd, 200, lr=lr)[-1] for lr in (0.0195, 0.0205)]
        return [abs(end[1]) < 1 for end in ends], [True, False]

    def law_momentum_is_faster_than_descent(self, f):
        """At kappa = 100, each with its best rate, a hundred steps of momentum leave less than a thousandth of f."""
        of, root = f(kappa=100.0), 100**0.5
        plain = path_of(of, sgd, 100, lr=2 / 101)
        lr, mu = (2 / (root + 1)) ** 2, ((root - 1) / (root + 1)) ** 2
        heavy = path_of(of, sgd_momentum, 100, lr=lr, mu=mu)
        ahead = path_of(of, nesterov, 100, lr=1 / 100, mu=(root - 1) / (root + 1))
        left = [float(of(path[-1])[0] / of(path[0])[0]) for path in (plain, heavy, ahead)]
        return [left[0] > 0.01, left[1] < 1e-3 * left[0], left[2] < 1e-3 * left[0]], [True, True, True]

    def law_one_step_of_momentum(self, f):
        """From 1, at lr = 0.1 and mu = 0.9 along the flat axis: 0.9, 0.72, 0.486."""
        path = path_of(f(kappa=1.0), sgd_momentum, 3, lr=0.1, mu=0.9, start=(1.0, 0.0))
        return near(path[1:, 0], [0.9, 0.72, 0.486], 1e-12)


class TestRosenbrock(Landscape):
    rows = ("04.33",)
    constants = ({}, {"a": 2.0, "b": 3.0}, {"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 1.0})

    @staticmethod
    def height(w, *, a=1.0, b=100.0):
        x, y = w
        return (a - x) ** 2 + b * (y - x**2) ** 2

    def law_its_minimum(self, f):
        """f and its gradient are exactly 0 at (a, a^2)."""
        return side_by_side(*f(a=1.5)(np.array([1.5, 2.25]))), np.zeros(3)

    def law_the_valley_is_bent(self, f):
        """Descent from (-1, 1), which lies on its floor, creeps along it: after 500 steps it is still at w_1 < 0.9."""
        end = path_of(f(), sgd, 500, lr=1e-3, start=(-1.0, 1.0))[-1]
        return [end[0] < 0.9, abs(end[1] - end[0] ** 2) < 0.02], [True, True]


class TestSaddle(Landscape):
    rows = ("04.33",)

    @staticmethod
    def height(w):
        x, y = w
        return (x**2 - y**2) / 2

    def law_descent_is_stuck_on_its_axis(self, f):
        """From w_2 = 0 the second weight stays exactly 0, and the first one goes to the saddle."""
        path = path_of(f(), sgd, 500, lr=0.1, start=(1.0, 0.0))
        return [path[:, 1], abs(path[-1, 0]) < 1e-9], [np.zeros(501), True]

    def law_it_is_left_from_beside_it(self, f):
        """A millionth beside the axis is enough, after long enough."""
        path = path_of(f(), sgd, 200, lr=0.1, start=(1.0, 1e-6))
        return abs(path[-1, 1]) > 1, True


class TestNoisyQuadratic(Drawing):
    rows = ("04.33",)

    def drawn(self, f, rng):
        return f(rng=rng)(W)[1]

    def law_the_value_is_exact(self, f):
        """The noise is in the gradient alone."""
        return near(f(kappa=3.0, rng=generator())(W)[0], in_sympy(TestQuadratic.height, W, {"kappa": 3.0})[:, 0], 1e-13)

    def law_noise_of_this_size_around_the_gradient(self, f):
        """Over 4000 calls the mean is the gradient, and the deviation sigma, by default 1, in each direction alike."""
        found = []
        for options, sigma in (({}, 1.0), ({"sigma": 0.25}, 0.25)):
            of = f(kappa=3.0, rng=generator(), **options)
            off = np.array([of(W)[1] for _ in range(4000)]) - [1.0, 3.0] * W
            found += [
                abs(off.mean(axis=0)).max() < 5 * sigma / 4000**0.5,
                abs(off.std(axis=0) / sigma - 1).max() < 0.06,
            ]
        return found, [True] * 4

    def law_the_dtype_stays(self, f):
        """float32 stays float32, and the noise has as many digits as w."""
        found = [f(rng=generator())(W.astype(dtype))[1] for dtype in (np.float32, np.float64)]
        return [[str(dw.dtype) for dw in found], (found[1] == np.float16(found[1])).any()], [
            ["float32", "float64"],
            False,
        ]

    def law_every_call_draws_anew(self, f):
        """For every point of its own, and in the next call another one."""
        of = f(kappa=1.0, rng=generator())
        noise = np.concatenate([of(np.zeros((4, 2)))[1].ravel() for _ in range(3)])
        return len(set(noise.tolist())), 24

    def law_without_noise_it_is_the_quadratic(self, f):
        """sigma = 0."""
        return near(side_by_side(*f(sigma=0.0, rng=generator())(W)), in_sympy(TestQuadratic.height, W, {}), 1e-13)

    def law_descent_ends_in_a_cloud(self, f):
        """It does not come to rest: the deviation along the flat axis is near sigma sqrt(lr / (2 - lr))."""
        path = path_of(f(kappa=1.0, rng=generator()), sgd, 80, lr=0.1, start=np.zeros((4000, 2)))
        return abs(path[-1].std() / (0.1 / 1.9) ** 0.5 - 1) < 0.06, True

    bad = (Malformed("a seed for a generator", "rng", lambda _: 0, case=Case("", rng=lambda dims, dtype: generator())),)


def generator(seed=0):
    return np.random.default_rng(seed)


def in_sympy(height, w, constants):
    """(N, 3): value and gradient at each point."""
    rows = []
    for point in w:
        (value,), gradients = _truth.evaluate(height, {"w": point}, constants, [np.ones(())])
        rows.append([float(value), *gradients["w"].astype(float)])
    return np.array(rows)


def side_by_side(f, dw):
    return np.concatenate([np.asarray(f)[..., None], dw], axis=-1)


def path_of(of, rule, steps, start=(10.0, 1.0), **options):
    """(steps + 1, 2): descent by a rule, or plainly."""
    if rule is sgd:
        return gradient_descent(lambda w: of(w)[1], np.array(start), steps=steps, **options)
    w, state, path = np.array(start), None, [np.array(start)]
    for _ in range(steps):
        w, state = rule(w, of(w)[1], state, **options)
        path.append(w)
    return np.array(path)
