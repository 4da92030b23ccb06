"""Classic mistakes of the functions that optimisers are compared on."""

import numpy as np

from nnspec.reference import noisy_quadratic, quadratic, rosenbrock, saddle
from nnspec.spec_tests._known import mistake


def with_gradient(of, changed):
    """The same function with another gradient: changed(w, f, dw)."""

    def other(w):
        f, dw = of(w)
        return f, changed(w, f, dw)

    return other


class MistakesOfQuadratic:
    @mistake("N1658", replaces="quadratic")
    def half_forgotten(*, kappa=100.0):
        """There is a half in front, so that the curvatures are 1 and kappa: the gradient is (w_1, kappa w_2)."""

        def of(w):
            f, dw = quadratic(kappa=kappa)(w)
            return 2 * f, 2 * dw

        return of

    @mistake("N1658", replaces="quadratic")
    def value_without_its_half(*, kappa=100.0):
        """Value and gradient belong together: the value has a half."""

        def of(w):
            f, dw = quadratic(kappa=kappa)(w)
            return 2 * f, dw

        return of

    @mistake("N1658", replaces="quadratic")
    def steep_along_the_first(*, kappa=100.0):
        """The second weight is the steep one."""

        def of(w):
            f, dw = quadratic(kappa=kappa)(w[..., ::-1])
            return f, dw[..., ::-1]

        return of

    @mistake("N1658", replaces="quadratic")
    def kappa_squared(*, kappa=100.0):
        """kappa is the ratio of the curvatures, and not of the axes of the ellipses."""
        return quadratic(kappa=kappa * kappa)

    @mistake("M38", replaces="quadratic")
    def downhill(*, kappa=100.0):
        """The gradient points uphill: the minus stands in the step."""
        return with_gradient(quadratic(kappa=kappa), lambda w, f, dw: -dw)


class MistakesOfRosenbrock:
    @mistake("N1659", replaces="rosenbrock")
    def chain_rule_left_out(*, a=1.0, b=100.0):
        """w_1 stands in the second square as well: its slope has the term -4 b (w_2 - w_1^2) w_1."""

        def changed(w, f, dw):
            return np.stack([-2 * (a - w[..., 0]), dw[..., 1]], axis=-1)

        return with_gradient(rosenbrock(a=a, b=b), changed)

    @mistake("N1659", replaces="rosenbrock")
    def inner_minus_lost(*, a=1.0, b=100.0):
        """The inner derivatives of a - w_1 and of w_2 - w_1^2 are negative."""
        return with_gradient(rosenbrock(a=a, b=b), lambda w, f, dw: dw * np.array([-1, 1], dw.dtype))

    @mistake("N1659", replaces="rosenbrock")
    def other_way_round(*, a=1.0, b=100.0):
        """The valley is w_2 = w_1^2."""

        def of(w):
            f, dw = rosenbrock(a=a, b=b)(w[..., ::-1])
            return f, dw[..., ::-1]

        return of

    @mistake("N1659", replaces="rosenbrock")
    def minimum_at_a_a(*, a=1.0, b=100.0):
        """Its minimum is at (a, a^2): the valley is (w_2 - w_1^2)^2, without a."""

        def of(w):
            x, y = w[..., 0], w[..., 1]
            above = a * y - x * x
            dw = [-2 * (a - x) - 4 * b * above * x, 2 * a * b * above]
            return (a - x) ** 2 + b * above**2, np.stack(dw, axis=-1)

        return of


class MistakesOfSaddle:
    @mistake("N1660", replaces="saddle")
    def both_upwards():
        """A saddle goes up along the first weight and down along the second."""
        return quadratic(kappa=1.0)

    @mistake("N1660", replaces="saddle")
    def gradient_of_both_upwards():
        """Along the second weight the slope is -w_2."""
        return with_gradient(saddle(), lambda w, f, dw: 1 * w)

    @mistake("N1660", replaces="saddle")
    def turned():
        """w_1 w_2 is a saddle as well, but turned: from w_2 = 0 it is left."""
        return lambda w: (w[..., 0] * w[..., 1], w[..., ::-1].copy())

    @mistake("N1660", replaces="saddle")
    def nudged():
        """On the axis the slope is exactly 0: whoever leaves it has added something."""
        return with_gradient(saddle(), lambda w, f, dw: dw + dw.dtype.type(1e-6))


class MistakesOfNoisyQuadratic:
    @mistake("N1661", replaces="noisy_quadratic")
    def one_draw_for_all(*, kappa=100.0, sigma=1.0, rng):
        """Draw in every call: noise that stays is another gradient, and no noise."""
        noise = sigma * rng.standard_normal(2)
        return with_gradient(quadratic(kappa=kappa), lambda w, f, dw: dw + noise)

    @mistake("N1661", replaces="noisy_quadratic")
    def uniform_noise(*, kappa=100.0, sigma=1.0, rng):
        """Draw from a normal distribution around 0."""
        return with_gradient(quadratic(kappa=kappa), lambda w, f, dw: dw + sigma * rng.random(dw.shape))

    @mistake("N1661", replaces="noisy_quadratic")
    def noise_grows_with_the_slope(*, kappa=100.0, sigma=1.0, rng):
        """The noise is added: multiplied by the gradient it would vanish at the minimum."""
        return with_gradient(quadratic(kappa=kappa), lambda w, f, dw: dw * (1 + sigma * rng.standard_normal(dw.shape)))

    @mistake("N1661", replaces="noisy_quadratic")
    def noise_in_the_value(*, kappa=100.0, sigma=1.0, rng):
        """The value that is told is the true one."""

        def of(w):
            f, dw = noisy_quadratic(kappa=kappa, sigma=sigma, rng=rng)(w)
            return f + sigma * rng.standard_normal(np.shape(f)), dw

        return of

    @mistake("N1661", replaces="noisy_quadratic")
    def variance_for_deviation(*, kappa=100.0, sigma=1.0, rng):
        """sigma is the deviation, not the variance."""
        return noisy_quadratic(kappa=kappa, sigma=sigma**0.5, rng=rng)

    @mistake("N82", replaces="noisy_quadratic")
    def generator_ignored(*, kappa=100.0, sigma=1.0, rng):
        """Use the generator that is given, or no run can be repeated."""
        return noisy_quadratic(kappa=kappa, sigma=sigma, rng=np.random.default_rng())
