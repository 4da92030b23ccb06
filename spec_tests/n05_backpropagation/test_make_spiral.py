"""The spiral: its laws, and classic mistakes."""

import numpy as np

from nnspec.reference import accuracy, make_spiral, train_linear
from nnspec.spec_tests._kinds import Case, Drawing, Malformed, mistake
from nnspec.spec_tests.n04_optimization._slopes import near


def generator(seed=0):
    return np.random.default_rng(seed)


def call(N, n_classes):
    options = {"rng": lambda dims, dtype: generator()}
    return Case("", options=options, inputs={"N": N, "n_classes": n_classes})


class TestMakeSpiral(Drawing):
    rows = ("05.21",)

    def drawn(self, make, rng):
        return make(4, 3, rng=rng)

    def law_shapes_and_labels(self, make):
        """N points of each class, class after class; labels are integers from 0."""
        x, y = make(5, 3, rng=generator())
        return [np.shape(x), np.asarray(y).dtype.kind in "iu", list(y)], [(15, 2), True, [0] * 5 + [1] * 5 + [2] * 5]

    def law_three_arms_by_default(self, make):
        """As in the notes."""
        x, y = make(4, rng=generator())
        return [np.shape(x), max(y)], [(12, 2), 2]

    def law_without_noise(self, make):
        """Point n of class c has the radius r = n / (N - 1) and the angle 4 (c + r), counted from the second axis."""
        x, _ = make(8, 4, noise=0.0, rng=generator())
        r = np.arange(8) / 7
        wanted = [(s * np.sin(4 * (c + s)), s * np.cos(4 * (c + s))) for c in range(4) for s in r]
        return near(x, wanted, 1e-12)

    def law_the_noise_turns_and_does_not_move(self, make):
        """Every point keeps its distance to the origin: 0 for the first of an arm, 1 for the last."""
        x, _ = make(6, 3, noise=1.0, rng=generator())
        return near(np.hypot(*x.T), np.tile(np.arange(6) / 5, 3), 1e-12)

    def law_noise_in_radians(self, make):
        """It is normal, with the deviation `noise`, by default 0.2, and every point has its own."""
        found = []
        for options, wanted in (({}, 0.2), ({"noise": 0.05}, 0.05)):
            x, y = make(3000, 2, rng=generator(), **options)
            off = turned_back(x, y, 3000)
            within = (abs(off) < wanted).mean()
            found += [abs(off.std() / wanted - 1) < 0.05, abs(off.mean()) < 5 * wanted / len(off) ** 0.5]
            found += [abs(within - 0.683) < 0.03, len(set(off.round(12).tolist())) > 0.99 * len(off)]
        return found, [True] * 8

    def law_digits(self, make):
        """Points have more digits than half or single precision holds."""
        x, _ = make(20, 3, rng=generator())
        return bool((x != x.astype(np.float32)).any()), True

    def law_one_point_of_each(self, make):
        """A single point lies in the origin."""
        x, y = make(1, 3, rng=generator())
        return [abs(x), list(y)], [np.zeros((3, 2)), [0, 1, 2]]

    def law_no_line_parts_it(self, make):
        """A linear classifier, with a bias, has about half of the notes' 300 points right, and of other draws."""
        shares = []
        for seed in range(3):
            x, y = make(100, 3, rng=generator(seed))
            with_bias = np.hstack([x, np.ones((300, 1))])
            w, _ = train_linear(with_bias, y, lr=1.0, reg=1e-3, steps=200, batch=300, rng=generator())
            shares.append(float(accuracy((with_bias @ w).argmax(axis=1), y)))
        return [0.42 < share < 0.62 for share in shares], [True] * 3

    bad = (
        Malformed("N of 0", "N", lambda _: 0, case=call(5, 3)),
        Malformed("no classes", "n_classes", lambda _: 0, case=call(5, 3)),
        Malformed("N a fraction", "N", lambda _: 2.5, case=call(5, 3)),
        Malformed("a seed for a generator", "rng", lambda _: 0, case=call(5, 3)),
    )

    @mistake("N1669", replaces="make_spiral")
    def noise_in_the_plane(N, n_classes=3, *, noise=0.2, rng):
        """The noise is added to the angle, and not to the coordinates: near the origin arms must not overlap more."""
        x, y = make_spiral(N, n_classes, noise=0.0, rng=rng)
        return x + noise * rng.standard_normal(x.shape), y

    @mistake("N1669", replaces="make_spiral")
    def noise_of_the_radius(N, n_classes=3, *, noise=0.2, rng):
        """The noise is of the angle: the radius grows evenly from 0 to 1."""
        x, y = make_spiral(N, n_classes, noise=0.0, rng=rng)
        return x * (1 + noise * rng.standard_normal((len(x), 1))), y

    @mistake("N1669", replaces="make_spiral")
    def no_noise(N, n_classes=3, *, noise=0.2, rng):
        """Without noise the task is a drawing, and every run of it the same."""
        return make_spiral(N, n_classes, noise=0.0, rng=rng)

    @mistake("N1669", replaces="make_spiral")
    def uniform_noise(N, n_classes=3, *, noise=0.2, rng):
        """Draw from a normal distribution, on both sides of the arm."""
        x, y = make_spiral(N, n_classes, noise=0.0, rng=rng)
        return rotated(x, noise * rng.random(len(x))), y

    @mistake("N1669", replaces="make_spiral")
    def one_noise_for_all_arms(N, n_classes=3, *, noise=0.2, rng):
        """Draw for every point: arms that share their noise are copies of each other."""
        x, y = make_spiral(N, n_classes, noise=0.0, rng=rng)
        return rotated(x, np.tile(noise * rng.standard_normal(N), n_classes)), y

    @mistake("N1669", replaces="make_spiral")
    def arms_on_top_of_each_other(N, n_classes=3, *, noise=0.2, rng):
        """Each arm begins where the one before ends: at the angle 4 c."""
        x, y = make_spiral(N, n_classes, noise=noise, rng=rng)
        return rotated(x, -4.0 * y), y

    @mistake("N1669", replaces="make_spiral")
    def end_left_out(N, n_classes=3, *, noise=0.2, rng):
        """The last point of an arm has the radius 1: n / (N - 1), not n / N."""
        x, y = make_spiral(N, n_classes, noise=noise, rng=rng)
        return x * (N - 1) / N, y

    @mistake("N1669", replaces="make_spiral")
    def sine_and_cosine_exchanged(N, n_classes=3, *, noise=0.2, rng):
        """x = (r sin t, r cos t)."""
        x, y = make_spiral(N, n_classes, noise=noise, rng=rng)
        return x[:, ::-1].copy(), y

    @mistake("N1669", replaces="make_spiral")
    def labels_of_floats(N, n_classes=3, *, noise=0.2, rng):
        """Labels index scores: let them be integers."""
        x, y = make_spiral(N, n_classes, noise=noise, rng=rng)
        return x, y.astype(float)

    @mistake("M25", replaces="make_spiral")
    def labels_in_a_column(N, n_classes=3, *, noise=0.2, rng):
        """Labels have the shape (N,): a column broadcasts to N x N wherever it is used."""
        x, y = make_spiral(N, n_classes, noise=noise, rng=rng)
        return x, y[:, None]

    @mistake("N1669", replaces="make_spiral")
    def labels_by_turns(N, n_classes=3, *, noise=0.2, rng):
        """A label belongs to its arm: class after class, as the points."""
        x, y = make_spiral(N, n_classes, noise=noise, rng=rng)
        return x, np.arange(len(y)) % n_classes

    @mistake("N82", replaces="make_spiral")
    def generator_ignored(N, n_classes=3, *, noise=0.2, rng):
        """Use the generator that is given, or no run can be repeated."""
        return make_spiral(N, n_classes, noise=noise, rng=np.random.default_rng())


def rotated(x, by):
    """Points turned by these angles, as t grows."""
    sin, cos = np.sin(by), np.cos(by)
    return np.stack([x[:, 0] * cos + x[:, 1] * sin, x[:, 1] * cos - x[:, 0] * sin], axis=1)


def turned_back(x, y, N):
    """The angle of each point but the first, beside that of its arm without noise."""
    along = np.tile(np.linspace(0, 1, N), y.max() + 1)
    off = np.arctan2(*x.T) - 4 * (y + along)
    return (np.mod(off + np.pi, 2 * np.pi) - np.pi)[along > 0]
