"""Kaiming initialization: the laws of the numbers drawn. Classic mistakes: mistakes_kaiming_normal.py."""

from math import prod, sqrt

import numpy as np

from nnspec.spec_tests._kinds import Case, Drawing, Malformed

DENSE, CONV = (150, 400), (48, 30, 3, 5)
CALL = Case("", rng=lambda dims, dtype: np.random.default_rng(0), inputs={"shape": DENSE})


class TestKaimingNormal(Drawing):
    rows = ("08.03",)

    def drawn(self, init, rng):
        return init((3, 4), rng=rng)

    def law_shape_and_dtype(self, init):
        """(D, M) or (F, C, KH, KW), as asked for, in float64."""
        drawn = [init(shape, rng=np.random.default_rng(0)) for shape in ((3, 4), (5, 2, 3, 1), [1, 1])]
        wanted = [((3, 4), "float64"), ((5, 2, 3, 1), "float64"), ((1, 1), "float64")]
        return [(w.shape, str(w.dtype)) for w in drawn], wanted

    def law_no_number_twice(self, init):
        """Of 300 numbers no two are equal, as some are of few digits."""
        return len(np.unique(init((15, 20), rng=np.random.default_rng(0)))), 300

    def law_fan_in_of_an_affine_layer(self, init):
        """(D, M): normal with variance 2 / D."""
        return departures(init, DENSE, sqrt(2 / 150)), []

    def law_fan_in_of_a_convolution(self, init):
        """(F, C, KH, KW): normal with variance 2 / (C KH KW)."""
        return departures(init, CONV, sqrt(2 / (30 * 3 * 5))), []

    def law_fan_out_of_an_affine_layer(self, init):
        """(D, M): normal with variance 2 / M."""
        return departures(init, DENSE, sqrt(2 / 400), mode="fan_out"), []

    def law_fan_out_of_a_convolution(self, init):
        """(F, C, KH, KW): normal with variance 2 / (F KH KW)."""
        return departures(init, CONV, sqrt(2 / (48 * 3 * 5)), mode="fan_out"), []

    def law_slope_of_the_leaky_relu(self, init):
        """A slope of a below 0 lets more through: variance 2 / ((1 + a^2) fan)."""
        return departures(init, DENSE, sqrt(2 / (1.25 * 150)), a=0.5), []

    def law_activations_keep_their_size(self, init):
        """Through ten layers of 256 ReLUs the mean square stays of order 1: it neither vanishes nor explodes."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal((64, 256))
        for _ in range(10):
            x = np.maximum(x, 0) @ init((256, 256), rng=rng)
        return 0.2 < (x * x).mean() < 5, True

    def law_the_generator_decides(self, init):
        """The same generator state draws the same weights, and the next draw is another one."""
        rng = np.random.default_rng(7)
        first, second = init(DENSE, rng=rng), init(DENSE, rng=rng)
        again = init(DENSE, rng=np.random.default_rng(7))
        return [np.array_equal(first, again), np.array_equal(first, second)], [True, False]

    bad = tuple(
        Malformed(f"shape {shape}", "shape", lambda _, shape=shape: shape, case=CALL)
        for shape in ((), (3,), (3, 4, 5), (2, 2, 2, 2, 2), (0, 3), (3, -1), (2.5, 3), (4, 0, 3, 3), 7)
    )


def departures(init, shape, std, **options):
    """Which of mean, deviation and share within one deviation are five standard errors off: none should be."""
    w = init(shape, rng=np.random.default_rng(0), **options) / std
    n, share = prod(shape), 0.6827
    errors = {
        "mean": abs(w.mean()) * sqrt(n),
        "deviation": abs(w.std() - 1) * sqrt(2 * n),
        "share within one deviation": abs((abs(w) < 1).mean() - share) * sqrt(n / (share * (1 - share))),
    }
    return [name for name, error in errors.items() if not error < 5]
