"""Kaiming initialization: the laws of the numbers drawn, and classic mistakes."""

from math import prod, sqrt

import numpy as np

from nnspec.reference import kaiming_normal
from nnspec.spec_tests._kinds import Case, Drawing, Malformed, mistake

DENSE, CONV = (150, 400), (48, 30, 3, 5)
CALL = Case("", inputs={"shape": DENSE}, options={"rng": lambda dims, dtype: np.random.default_rng(0)})


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


class TestKaimingNormal(Drawing):
    rows = ("08.03",)

    bad = tuple(
        Malformed(f"shape {shape}", "shape", lambda _, shape=shape: shape, case=CALL)
        for shape in ((), (3,), (3, 4, 5), (2, 2, 2, 2, 2), (0, 3), (3, -1), (2.5, 3), (4, 0, 3, 3), 7)
    )

    def drawn(self, init, rng):
        return init((3, 4), rng=rng)

    def law_shape_and_dtype(self, init):
        """(D, M) or (F, C, KH, KW), as asked for, in float64."""
        drawn = [init(shape, rng=np.random.default_rng(0)) for shape in ((3, 4), (5, 2, 3, 1), [1, 1])]
        wanted = [((3, 4), "float64"), ((5, 2, 3, 1), "float64"), ((1, 1), "float64")]
        return [(w.shape, str(w.dtype)) for w in drawn], wanted

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

    @mistake("M75", "The fan of the forward is what comes in: D, axis 0 of (D, M).", replaces="kaiming_normal")
    def fan_out_for_fan_in(shape, *, rng, mode="fan_in", a=0.0):
        return kaiming_normal(shape, rng=rng, mode="fan_out" if mode == "fan_in" else "fan_in", a=a)

    @mistake("M75", "Look at mode: fan_out has a variance of its own.", replaces="kaiming_normal")
    def always_fan_in(shape, *, rng, mode="fan_in", a=0.0):
        return kaiming_normal(shape, rng=rng, a=a)

    @mistake("M75", "(D, M) has its fan_in on axis 0; PyTorch's weights (M, D) have it on axis 1.",
             replaces="kaiming_normal")  # fmt: skip
    def affine_weights_taken_as_transposed(shape, *, rng, mode="fan_in", a=0.0):
        if len(shape) == 2:
            return kaiming_normal(shape[::-1], rng=rng, mode=mode, a=a).T
        return kaiming_normal(shape, rng=rng, mode=mode, a=a)

    @mistake("M75", "The fan of a convolution is C KH KW: every place of the kernel counts.", replaces="kaiming_normal")
    def kernel_places_not_counted(shape, *, rng, mode="fan_in", a=0.0):
        return kaiming_normal(shape, rng=rng, mode=mode, a=a) * sqrt(prod(shape[2:]))

    @mistake("M75", "A kernel has KH KW places, not KH^2.", replaces="kaiming_normal")
    def kernel_taken_as_square(shape, *, rng, mode="fan_in", a=0.0):
        return kaiming_normal(shape, rng=rng, mode=mode, a=a) * sqrt(prod(shape[2:]) / shape[-1] ** len(shape[2:]))

    @mistake("M75", "A filter is on axis 0 of (F, C, KH, KW): C and not F goes into fan_in.", replaces="kaiming_normal")
    def filters_taken_as_channels(shape, *, rng, mode="fan_in", a=0.0):
        if len(shape) == 2:
            return kaiming_normal(shape, rng=rng, mode=mode, a=a)
        return kaiming_normal((shape[1], shape[0], *shape[2:]), rng=rng, mode=mode, a=a).swapaxes(0, 1)

    @mistake("M75", "2 / fan is the variance: the standard deviation is its root.", replaces="kaiming_normal")
    def variance_as_deviation(shape, *, rng, mode="fan_in", a=0.0):
        w = kaiming_normal(shape, rng=rng, mode=mode, a=a)
        into, out_of = (0, 1) if len(shape) == 2 else (1, 0)
        fan = shape[into if mode == "fan_in" else out_of] * prod(shape[2:])
        return w * sqrt(2 / ((1 + a * a) * fan))

    @mistake("M75", "A ReLU lets half of the variance through, hence the 2; 1 / fan is for tanh.",
             replaces="kaiming_normal")  # fmt: skip
    def gain_of_tanh(shape, *, rng, mode="fan_in", a=0.0):
        return kaiming_normal(shape, rng=rng, mode=mode, a=a) / sqrt(2)

    @mistake("M75", "The gain is sqrt 2 times the deviation, not 2.", replaces="kaiming_normal")
    def gain_not_rooted(shape, *, rng, mode="fan_in", a=0.0):
        return kaiming_normal(shape, rng=rng, mode=mode, a=a) * sqrt(2)

    @mistake("M75", "Square the slope: a leaky ReLU lets (1 + a^2) / 2 of the variance through.",
             replaces="kaiming_normal")  # fmt: skip
    def slope_not_squared(shape, *, rng, mode="fan_in", a=0.0):
        return kaiming_normal(shape, rng=rng, mode=mode) / sqrt(1 + a)

    @mistake("M75", "Draw from a normal distribution: a uniform one has another bound for the same deviation.",
             replaces="kaiming_normal")  # fmt: skip
    def uniform_weights(shape, *, rng, mode="fan_in", a=0.0):
        std = kaiming_normal(shape, rng=np.random.default_rng(0), mode=mode, a=a).std()
        return rng.uniform(-sqrt(3) * std, sqrt(3) * std, shape)

    @mistake("M57", "Draw every weight by itself: units that begin equal stay equal.", replaces="kaiming_normal")
    def all_weights_equal(shape, *, rng, mode="fan_in", a=0.0):
        return np.full(shape, kaiming_normal(shape, rng=rng, mode=mode, a=a).std())

    @mistake("M57", "Draw every unit by itself: units that begin equal stay equal.", replaces="kaiming_normal")
    def one_unit_for_all(shape, *, rng, mode="fan_in", a=0.0):
        w = kaiming_normal(shape, rng=rng, mode=mode, a=a)
        return np.broadcast_to(w[:, :1] if len(shape) == 2 else w[:1], shape).copy()

    @mistake("M75", "Divide by one fan; Glorot's 2 / (fan_in + fan_out) is for tanh.", replaces="kaiming_normal")
    def glorot_in_its_place(shape, *, rng, mode="fan_in", a=0.0):
        into, out_of = (0, 1) if len(shape) == 2 else (1, 0)
        std = sqrt(2 / ((shape[into] + shape[out_of]) * prod(shape[2:])))
        return std * rng.standard_normal(shape)

    @mistake("N723", "Every number counts: cut off at two deviations, the deviation is too small.",
             replaces="kaiming_normal")  # fmt: skip
    def truncated_at_two_deviations(shape, *, rng, mode="fan_in", a=0.0):
        w = kaiming_normal(shape, rng=rng, mode=mode, a=a)
        limit = 2 * w.std()
        return np.clip(w, -limit, limit)

    @mistake("N82", "Use the generator that is given, or no run can be repeated.", replaces="kaiming_normal")
    def generator_ignored(shape, *, rng, mode="fan_in", a=0.0):
        return kaiming_normal(shape, rng=np.random.default_rng(), mode=mode, a=a)
