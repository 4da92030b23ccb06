"""Classic mistakes of noise injection."""

import numpy as np

from nnspec.reference import add_noise_forward
from nnspec.spec_tests._known import mistake


class MistakesOfAddNoise:
    @mistake("N1711", replaces="add_noise_forward")
    def sigma_taken_for_a_variance(x, *, sigma, noise=None, **options):
        """sigma is the deviation: noise is multiplied by it, and not by its root."""
        return add_noise_forward(x, sigma=sigma**0.5, noise=noise, **options)

    @mistake("N1711", replaces="add_noise_forward")
    def sigma_squared(x, *, sigma, noise=None, **options):
        """sigma is the deviation: noise is multiplied by it, and not by the variance."""
        return add_noise_forward(x, sigma=sigma * sigma, noise=noise, **options)

    @mistake("N1711", replaces="add_noise_forward")
    def sigma_forgotten(x, *, sigma, noise=None, **options):
        """Multiply the noise by sigma."""
        return add_noise_forward(x, sigma=1.0, noise=noise, **options)

    @mistake("N1712", replaces="add_noise_forward")
    def multiplied(x, *, sigma, noise=None, **options):
        """Noise is added: x + sigma noise. x (1 + sigma noise) is Gaussian dropout."""
        return x * (1 + x.dtype.type(sigma) * noise), add_noise_forward(x, sigma=sigma, noise=noise, **options)[1]

    @mistake("N1712", replaces="add_noise_backward")
    def gradient_scaled(dout, cache):
        """What is added has no part in the slope: dx = dout."""
        return dout / 2

    @mistake("N42", replaces="add_noise_forward")
    def given_noise_ignored(x, *, sigma, noise=None, **options):
        """Use the noise that is given."""
        return add_noise_forward(x, sigma=sigma, rng=np.random.default_rng(0), **options)

    @mistake("M77", replaces="add_noise_forward")
    def noise_of_the_first_sample(x, *, sigma, noise=None, **options):
        """Every sample has noise of its own."""
        first = noise if noise.ndim == 0 else np.broadcast_to(noise[:1], noise.shape)
        return add_noise_forward(x, sigma=sigma, noise=first, **options)

    @mistake("M45", replaces="add_noise_forward")
    def x_changed_in_place(x, *, sigma, noise=None, **options):
        """Return a new array: x += noise changes the caller's images."""
        out, cache = add_noise_forward(x, sigma=sigma, noise=noise, **options)
        x[...] = out
        return out, cache


class MistakesOfAddNoiseDrawn:
    @mistake("N721", replaces="add_noise_forward")
    def noise_in_float64(x, *, sigma, rng):
        """Keep the dtype: a generator draws float64, and so is its sum with float32."""
        return x + sigma * rng.standard_normal(x.shape), add_noise_forward(x, sigma=sigma, rng=rng)[1]

    @mistake("N1713", replaces="add_noise_forward", convention=True)
    def drawn_in_float32(x, *, sigma, rng):
        """Draw as rng.standard_normal(x.shape), and round that: float32 are other draws."""
        return add_noise_forward(x, sigma=sigma, noise=rng.standard_normal(x.shape, np.float32).astype(x.dtype))


class MistakesOfAddNoiseNoise:
    @mistake("M77", replaces="add_noise_forward")
    def one_draw_for_the_batch(x, *, sigma, rng):
        """Draw for every sample, not one for the whole batch."""
        return add_noise_forward(
            x, sigma=sigma, noise=np.repeat(rng.standard_normal((1, *x.shape[1:])), len(x), axis=0)
        )

    @mistake("N1714", replaces="add_noise_forward")
    def uniform(x, *, sigma, rng):
        """Draw from a normal distribution: rng.standard_normal, not rng.random."""
        return add_noise_forward(x, sigma=sigma, noise=(rng.random(x.shape) - 0.5) * 12**0.5)

    @mistake("N1714", replaces="add_noise_forward")
    def of_positive_mean(x, *, sigma, rng):
        """The mean of the noise is 0."""
        return add_noise_forward(x, sigma=sigma, noise=rng.random(x.shape))

    @mistake("N1711", replaces="add_noise_forward")
    def sigma_taken_for_a_variance(x, *, sigma, rng):
        """sigma is the deviation: noise is multiplied by it, and not by its root."""
        return add_noise_forward(x, sigma=sigma**0.5, rng=rng)

    @mistake("N1712", replaces="add_noise_forward")
    def multiplied(x, *, sigma, rng):
        """Noise is added: x + sigma noise. x (1 + sigma noise) is Gaussian dropout."""
        return x * (1 + sigma * rng.standard_normal(x.shape)), ()

    @mistake("N43", replaces="add_noise_forward")
    def the_same_noise_in_every_call(x, *, sigma, rng):
        """Draw from the generator that is given: a seed of one's own repeats the noise."""
        return add_noise_forward(x, sigma=sigma, rng=np.random.default_rng(0))


class MistakesOfAddNoiseEval:
    @mistake("M77", replaces="add_noise_forward")
    def added_in_evaluation(x, *, sigma, train, **options):
        """Add nothing without train."""
        return add_noise_forward(x, sigma=sigma, **({"rng": np.random.default_rng(0)} | options))

    @mistake("N44", replaces="add_noise_forward")
    def x_itself(x, **options):
        """Return a new array: out must not be x itself."""
        return x, add_noise_forward(x, **options)[1]
