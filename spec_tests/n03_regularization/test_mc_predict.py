"""Averages of a random network: their laws, and classic mistakes."""

import itertools

import numpy as np

from nnspec.reference import mc_predict
from nnspec.spec_tests._kinds import Case, Drawing, Malformed, mistake
from nnspec.spec_tests.n03_regularization._dropped import settled

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]])


class Noisy:
    """A pass that `nnspec explain --example` can write down."""

    def __call__(self, x, rng):
        return x + rng.standard_normal(x.shape).astype(x.dtype)

    def __repr__(self):
        return "lambda x, rng: x + rng.standard_normal(x.shape).astype(x.dtype)"


class Seen:
    """A pass that writes down what it is given and what it gives."""

    def __init__(self, f):
        self.f, self.given, self.answers = f, [], []

    def __call__(self, x, rng):
        self.given.append(x.copy())
        self.answers.append(self.f(x, rng))
        return self.answers[-1].copy()


def generator(seed=0):
    return np.random.default_rng(seed)


def scripted(*answers):
    """A pass whose answers are known."""
    left = iter(answers)
    return lambda x, rng: np.array(next(left), x.dtype)


def by_n(var, y):
    """The variance of these passes, of whoever divided it by n - 1 that by n, to twelve digits."""
    one_less, n = y.var(axis=0, ddof=1), len(y)
    return np.round(var * (n - 1) / n if np.allclose(var, one_less, rtol=1e-12, atol=0) else var, 12)


def mixed(*answers):
    """The same in the dtype of each."""
    left = itertools.cycle(answers)
    return lambda x, rng: np.array(next(left))


noisy = Noisy()
CALL = Case("", options={"rng": lambda dims, dtype: generator()}, inputs={"network": noisy, "x": X, "n": 3})


class TestMcPredict(Drawing):
    """Whether the variance is divided by n or by n - 1 is left open: NumPy does the one and PyTorch the other."""

    rows = ("03.12",)
    options = CALL.options

    def drawn(self, predict, rng):
        return predict(noisy, X, 3, rng=rng)[0]

    def law_mean_and_variance_by_hand(self, predict):
        """Of 1, 2 and 6 the mean is 3 and the variance (4 + 1 + 9) / 3; entry by entry."""
        answers = [1.0, -1.0], [2.0, -1.0], [6.0, 2.0]
        mean, var = predict(scripted(*answers), X, 3, rng=generator())
        return [*mean, *by_n(var, np.array(answers))], [3, 0, round(14 / 3, 12), 2]

    def law_of_the_passes_that_were_made(self, predict):
        """Mean and variance are those of what the passes gave, each of which counts once."""
        seen = Seen(noisy)
        mean, var = predict(seen, X, 7, rng=generator())
        y = np.array(seen.answers)
        return [np.round(mean, 12), by_n(var, y)], [np.round(y.mean(axis=0), 12), np.round(y.var(axis=0), 12)]

    def law_n_passes_of_one_input(self, predict):
        """n passes are made, and every one of them of x itself."""
        seen = Seen(noisy)
        predict(seen, X, 5, rng=generator())
        return np.array(seen.given), np.repeat(X[None], 5, axis=0)

    def law_every_pass_draws_anew(self, predict):
        """No two passes are the same: the generator goes on from one to the next."""
        seen = Seen(noisy)
        predict(seen, X, 9, rng=generator())
        return len({y.tobytes() for y in seen.answers}), 9

    def law_a_single_pass(self, predict):
        """n = 1 is that pass, which agrees with itself; divided by n - 1 its variance is not known."""
        mean, var = predict(scripted([3.0, 0.5]), X, 1, rng=generator())
        return np.array([mean, np.nan_to_num(var)]), np.array([[3.0, 0.5], [0.0, 0.0]])

    def law_what_leaves_nothing_to_chance(self, predict):
        """Of a network without noise it is what the network says, and the variance is 0."""
        found = [predict(lambda x, rng: 2 * x, x, 4, rng=generator()) for x in (X, -X)]
        return np.array(found), np.array([[2 * X, 0 * X], [-2 * X, 0 * X]])

    def law_dropout(self, predict):
        """Inverted dropout of ones has the mean 1 and the variance (1 - keep) / keep: by five standard errors."""
        n, keep, x = 400, 0.25, np.ones(250)
        mean, var = predict(lambda x, rng: x * (rng.random(x.shape) < keep) / keep, x, n, rng=generator())
        spread = ((1 - keep) / keep / n / len(x)) ** 0.5
        of_var = abs(1 - 2 * keep) / keep * spread * 5  # sd of (y - 1)^2 is |1 - 2 keep| / keep times that of y
        return [settled(mean.mean(), 1.0, 5 * spread), settled(var.mean(), 3.0, of_var + 3 / n)], [1.0, 3.0]

    def law_any_shape(self, predict):
        """The answer has the shape of what f gives, whatever that of x is."""
        shapes = [
            [np.shape(a) for a in predict(scripted(y, y), X, 2, rng=generator())] for y in (1.0, [1.0], [[[2.0]]])
        ]
        return shapes, [[(), ()], [(1,), (1,)], [(1, 1, 1)] * 2]

    def law_a_pass_may_spoil_its_input(self, predict):
        """What f does to its argument is seen neither by the next pass nor by the caller."""

        def spoiling(x, rng):
            x *= 2
            return x

        x = X.copy()
        mean, _ = predict(spoiling, x, 3, rng=generator())
        return np.array([mean, x]), np.array([2 * X, X])

    def law_a_pass_may_write_into_its_own_memory(self, predict):
        """A network that gives one array again and again is asked for what stood there after each pass."""
        buffer = np.zeros(2)

        def counting(x, rng):
            buffer[...] += 1
            return buffer

        mean, var = predict(counting, X, 3, rng=generator())
        return [*mean, *by_n(var, np.array([1.0, 2.0, 3.0]))], [2, 2, round(2 / 3, 12), round(2 / 3, 12)]

    def law_a_large_offset(self, predict):
        """Passes that differ by little beside their size: the differences from the mean are squared."""
        answers = 1e8 + 1, 1e8 - 1
        _, var = predict(scripted(*answers), X, 2, rng=generator())
        return by_n(var, np.array(answers)), 1.0

    def law_the_dtype_stays(self, predict):
        """float32 stays float32."""
        found = predict(noisy, X.astype(np.float32), 3, rng=generator())
        return [str(np.asarray(value).dtype) for value in found], ["float32"] * 2

    bad = (
        Malformed("no pass", "n", lambda _: 0, case=CALL),
        Malformed("n a fraction", "n", lambda _: 2.5, case=CALL),
        Malformed("a network that is no function", "network", lambda _: X, case=CALL),
        Malformed("x a list", "x", lambda x: x.tolist(), case=CALL),
        Malformed("a seed for a generator", "rng", lambda _: 0, case=CALL),
        Malformed("passes of several shapes", "network", lambda _: scripted([1.0], [1.0, 2.0], [3.0]), case=CALL),
        Malformed("one pass of integers", "network", lambda _: mixed([1.0, 2.0], [1, 2]), case=CALL),
        Malformed("labels instead of probabilities", "network", lambda _: lambda x, rng: x.argmax(axis=1), case=CALL),
    )

    def draw(self, case, dims, dtype):
        """What it is made of is found by a call that says nothing else."""
        return dict(case.inputs or CALL.inputs)

    @mistake("M31", replaces="mc_predict")
    def same_noise_in_every_pass(network, x, n, *, rng, ops=None):
        """Let the generator go on: seeded anew for each pass, all passes are the same one."""
        seed = int(rng.integers(2**31))
        return mc_predict(lambda x, _: network(x, np.random.default_rng(seed)), x, n, rng=rng)

    @mistake("M31", replaces="mc_predict")
    def one_pass_repeated(network, x, n, *, rng, ops=None):
        """Run the network n times: the mean of one pass is that pass."""
        y = network(x.copy(), rng)
        return mc_predict(lambda x, rng: y, x, n, rng=rng)

    @mistake("M31", replaces="mc_predict")
    def generator_of_its_own(network, x, n, *, rng, ops=None):
        """Draw from the generator that is given, or no answer can be had again."""
        return mc_predict(network, x, n, rng=np.random.default_rng())

    @mistake("N1559", replaces="mc_predict")
    def passes_one_after_the_other(network, x, n, *, rng, ops=None):
        """Every pass begins with x: its output is no input of the next one."""
        y = [x]
        for _ in range(n):
            y.append(network(y[-1].copy(), rng))
        return np.mean(y[1:], axis=0), np.var(y[1:], axis=0)

    @mistake("N1559", replaces="mc_predict")
    def one_pass_too_few(network, x, n, *, rng, ops=None):
        """Make n passes."""
        return mc_predict(network, x, max(1, n - 1), rng=rng)

    @mistake("N1559", replaces="mc_predict")
    def summed(network, x, n, *, rng, ops=None):
        """Divide by n: the sum grows with the number of passes."""
        mean, var = mc_predict(network, x, n, rng=rng)
        return n * mean, var

    @mistake("N1336", replaces="mc_predict")
    def deviation_for_variance(network, x, n, *, rng, ops=None):
        """var is the mean of the squares, without a root."""
        mean, var = mc_predict(network, x, n, rng=rng)
        return mean, np.sqrt(var)

    @mistake("N1560", replaces="mc_predict")
    def second_moment(network, x, n, *, rng, ops=None):
        """Take the mean away before squaring."""
        mean, var = mc_predict(network, x, n, rng=rng)
        return mean, var + mean * mean

    @mistake("N1560", replaces="mc_predict")
    def difference_of_moments(network, x, n, *, rng, ops=None):
        """Square the differences from the mean: mean(y^2) - mean(y)^2 cancels where y is large beside its spread."""
        seen = []
        mean, var = mc_predict(lambda x, rng: seen.append(network(x, rng)) or seen[-1], x, n, rng=rng)
        y = np.array(seen)
        return mean, ((y * y).mean(axis=0) - mean * mean).astype(var.dtype)

    @mistake("N1560", replaces="mc_predict")
    def one_variance_for_all(network, x, n, *, rng, ops=None):
        """Every entry of the answer has a variance of its own, over the passes."""
        mean, var = mc_predict(network, x, n, rng=rng)
        return mean, np.full_like(var, var.mean())

    @mistake("N1561", replaces="mc_predict")
    def x_handed_to_every_pass(network, x, n, *, rng, ops=None):
        """Give every pass a copy of x: a network that works in place spoils it for the next one."""
        seen = [np.array(network(x, rng)) for _ in range(n)]
        left = iter(seen)
        return mc_predict(lambda x, rng: next(left), x, n, rng=rng)

    @mistake("N1561", replaces="mc_predict")
    def answers_kept_by_reference(network, x, n, *, rng, ops=None):
        """Copy what a pass gives: a network that writes into one array has overwritten all earlier answers."""
        seen = [network(x.copy(), rng) for _ in range(n)]
        left = iter(seen)
        return mc_predict(lambda x, rng: next(left), x, n, rng=rng)
