"""Classic mistakes of Kaiming initialization."""

from math import prod, sqrt

import numpy as np

from nnspec.reference import kaiming_normal
from nnspec.spec_tests._known import mistake


class MistakesOfKaimingNormal:
    @mistake("M75", replaces="kaiming_normal")
    def fan_out_for_fan_in(shape, *, rng, mode="fan_in", a=0.0):
        """The fan of the forward is what comes in: D, axis 0 of (D, M)."""
        return kaiming_normal(shape, rng=rng, mode="fan_out" if mode == "fan_in" else "fan_in", a=a)

    @mistake("M75", replaces="kaiming_normal")
    def always_fan_in(shape, *, rng, mode="fan_in", a=0.0):
        """Look at mode: fan_out has a variance of its own."""
        return kaiming_normal(shape, rng=rng, a=a)

    @mistake("M75", replaces="kaiming_normal")
    def affine_weights_taken_as_transposed(shape, *, rng, mode="fan_in", a=0.0):
        """(D, M) has its fan_in on axis 0; PyTorch's weights (M, D) have it on axis 1."""
        if len(shape) == 2:
            return kaiming_normal(shape[::-1], rng=rng, mode=mode, a=a).T
        return kaiming_normal(shape, rng=rng, mode=mode, a=a)

    @mistake("M75", replaces="kaiming_normal")
    def kernel_places_not_counted(shape, *, rng, mode="fan_in", a=0.0):
        """The fan of a convolution is C KH KW: every place of the kernel counts."""
        return kaiming_normal(shape, rng=rng, mode=mode, a=a) * sqrt(prod(shape[2:]))

    @mistake("M75", replaces="kaiming_normal")
    def kernel_taken_as_square(shape, *, rng, mode="fan_in", a=0.0):
        """A kernel has KH KW places, not KH^2."""
        return kaiming_normal(shape, rng=rng, mode=mode, a=a) * sqrt(prod(shape[2:]) / shape[-1] ** len(shape[2:]))

    @mistake("M75", replaces="kaiming_normal")
    def filters_taken_as_channels(shape, *, rng, mode="fan_in", a=0.0):
        """A filter is on axis 0 of (F, C, KH, KW): C and not F goes into fan_in."""
        if len(shape) == 2:
            return kaiming_normal(shape, rng=rng, mode=mode, a=a)
        return kaiming_normal((shape[1], shape[0], *shape[2:]), rng=rng, mode=mode, a=a).swapaxes(0, 1)

    @mistake("M75", replaces="kaiming_normal")
    def variance_as_deviation(shape, *, rng, mode="fan_in", a=0.0):
        """2 / fan is the variance: the standard deviation is its root."""
        w = kaiming_normal(shape, rng=rng, mode=mode, a=a)
        into, out_of = (0, 1) if len(shape) == 2 else (1, 0)
        fan = shape[into if mode == "fan_in" else out_of] * prod(shape[2:])
        return w * sqrt(2 / ((1 + a * a) * fan))

    @mistake("M75", replaces="kaiming_normal")
    def gain_of_tanh(shape, *, rng, mode="fan_in", a=0.0):
        """A ReLU lets half of the variance through, hence the 2; 1 / fan is for tanh."""
        return kaiming_normal(shape, rng=rng, mode=mode, a=a) / sqrt(2)

    @mistake("M75", replaces="kaiming_normal")
    def gain_not_rooted(shape, *, rng, mode="fan_in", a=0.0):
        """The gain is sqrt 2 times the deviation, not 2."""
        return kaiming_normal(shape, rng=rng, mode=mode, a=a) * sqrt(2)

    @mistake("M75", replaces="kaiming_normal")
    def slope_not_squared(shape, *, rng, mode="fan_in", a=0.0):
        """Square the slope: a leaky ReLU lets (1 + a^2) / 2 of the variance through."""
        return kaiming_normal(shape, rng=rng, mode=mode) / sqrt(1 + a)

    @mistake("M75", replaces="kaiming_normal")
    def uniform_weights(shape, *, rng, mode="fan_in", a=0.0):
        """Draw from a normal distribution: a uniform one has another bound for the same deviation."""
        std = kaiming_normal(shape, rng=np.random.default_rng(0), mode=mode, a=a).std()
        return rng.uniform(-sqrt(3) * std, sqrt(3) * std, shape)

    @mistake("M57", replaces="kaiming_normal")
    def all_weights_equal(shape, *, rng, mode="fan_in", a=0.0):
        """Draw every weight by itself: units that begin equal stay equal."""
        return np.full(shape, kaiming_normal(shape, rng=rng, mode=mode, a=a).std())

    @mistake("M57", replaces="kaiming_normal")
    def one_unit_for_all(shape, *, rng, mode="fan_in", a=0.0):
        """Draw every unit by itself: units that begin equal stay equal."""
        w = kaiming_normal(shape, rng=rng, mode=mode, a=a)
        return np.broadcast_to(w[:, :1] if len(shape) == 2 else w[:1], shape).copy()

    @mistake("M75", replaces="kaiming_normal")
    def glorot_in_its_place(shape, *, rng, mode="fan_in", a=0.0):
        """Divide by one fan; Glorot's 2 / (fan_in + fan_out) is for tanh."""
        into, out_of = (0, 1) if len(shape) == 2 else (1, 0)
        std = sqrt(2 / ((shape[into] + shape[out_of]) * prod(shape[2:])))
        return std * rng.standard_normal(shape)

    @mistake("N723", replaces="kaiming_normal")
    def truncated_at_two_deviations(shape, *, rng, mode="fan_in", a=0.0):
        """Every number counts: cut off at two deviations, the deviation is too small."""
        w = kaiming_normal(shape, rng=rng, mode=mode, a=a)
        limit = 2 * w.std()
        return np.clip(w, -limit, limit)

    @mistake("N82", replaces="kaiming_normal")
    def generator_ignored(shape, *, rng, mode="fan_in", a=0.0):
        """Use the generator that is given, or no run can be repeated."""
        return kaiming_normal(shape, rng=np.random.default_rng(), mode=mode, a=a)
