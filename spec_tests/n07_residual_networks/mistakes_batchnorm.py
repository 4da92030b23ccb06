"""Classic mistakes of batch normalization."""

import numpy as np

from nnspec.reference import batchnorm2d_backward, batchnorm2d_forward, batchnorm_backward, batchnorm_forward
from nnspec.spec_tests._known import mistake


class MistakesOfBatchnorm:
    @mistake("M67", replaces="batchnorm_forward")
    def divided_by_n_minus_one(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        """Normalize by the biased variance: divide by N, not by N - 1."""
        with np.errstate(invalid="ignore", divide="ignore"):
            std = np.sqrt(x.var(axis=0) * len(x) / np.float64(len(x) - 1) + eps).astype(x.dtype)
        return normalized_by(x.mean(axis=0), std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("M67", replaces="batchnorm_forward")
    def running_variance_unbiased(x, gamma, beta, running_mean, running_var, *, unbiased_running=False, **options):
        """The running variance is biased too, unless unbiased_running asks for N - 1."""
        return batchnorm_forward(
            x, gamma, beta, running_mean, running_var, unbiased_running=len(x) > 1 and not unbiased_running, **options
        )

    @mistake("M68", replaces="batchnorm_forward")
    def momentum_inverted(x, gamma, beta, running_mean, running_var, *, momentum=0.9, **options):
        """momentum is what the running statistics keep: 0.9 old + 0.1 new."""
        return batchnorm_forward(x, gamma, beta, running_mean, running_var, momentum=1 - momentum, **options)

    @mistake("M68", replaces="batchnorm_forward")
    def running_statistics_replaced(x, gamma, beta, running_mean, running_var, *, momentum=0.9, **options):
        """Keep the old running statistics with weight momentum, do not replace them."""
        return batchnorm_forward(x, gamma, beta, running_mean, running_var, momentum=0.0, **options)

    @mistake("M69", replaces="batchnorm_forward")
    def running_statistics_in_training(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        """In training normalize by the statistics of the batch."""
        std = np.sqrt(running_var + x.dtype.type(eps))
        return normalized_by(running_mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("M70", replaces="batchnorm_backward")
    def statistics_treated_as_constants(dout, cache):
        """Mean and variance depend on x as well: dx has two more terms."""
        _, std, gamma, _ = cache
        _, dgamma, dbeta = batchnorm_backward(dout, cache)
        return dout * gamma / std, dgamma, dbeta

    @mistake("M70", replaces="batchnorm_backward")
    def variance_treated_as_constant(dout, cache):
        """The variance depends on x as well: the term - xhat mean(dxhat xhat) is missing."""
        _, std, gamma, _ = cache
        _, dgamma, dbeta = batchnorm_backward(dout, cache)
        return (dout - dout.mean(axis=0)) * gamma / std, dgamma, dbeta

    @mistake("M70", replaces="batchnorm_backward")
    def mean_treated_as_constant(dout, cache):
        """The mean depends on x as well: the term - mean(dxhat) is missing."""
        xhat, std, gamma, _ = cache
        _, dgamma, dbeta = batchnorm_backward(dout, cache)
        return (dout - xhat * (dout * xhat).mean(axis=0)) * gamma / std, dgamma, dbeta

    @mistake("M71", replaces="batchnorm_forward")
    def eps_outside_the_root(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        """eps stands inside the root: sqrt(var + eps)."""
        std = x.std(axis=0) + x.dtype.type(eps)
        return normalized_by(x.mean(axis=0), std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("M71", replaces="batchnorm_forward")
    def eps_missing(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        """eps is missing: a constant feature becomes 0/0."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return batchnorm_forward(x, gamma, beta, running_mean, running_var, eps=0.0, **options)

    @mistake("N35", replaces="batchnorm_forward")
    def variance_that_cancels(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        """mean(x^2) - mean(x)^2 cancels: subtract the mean first."""
        mean = x.mean(axis=0)
        var = np.maximum((x * x).mean(axis=0) - mean * mean, 0)
        std = np.sqrt(var + x.dtype.type(eps))
        return normalized_by(mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("N36", replaces="batchnorm_forward")
    def statistics_of_each_row(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        """Take the statistics over the batch (axis 0), not over the features."""
        mean, std = x.mean(axis=1, keepdims=True), np.sqrt(x.var(axis=1, keepdims=True) + x.dtype.type(eps))
        return normalized_by(mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("N37", replaces="batchnorm_forward")
    def deviation_kept_as_variance(x, gamma, beta, running_mean, running_var, *, momentum=0.9, **options):
        """The running statistics are those of x, not of what is normalized: var, not the deviation."""
        *answer, cache = batchnorm_forward(x, gamma, beta, running_mean, running_var, momentum=momentum, **options)
        answer[2] = x.dtype.type(momentum) * running_var + x.dtype.type(1 - momentum) * x.std(axis=0)
        return *answer, cache

    @mistake("M53", replaces="batchnorm_forward")
    def running_statistics_in_place(x, gamma, beta, running_mean, running_var, **options):
        """Return new running statistics: the caller's must not move."""
        answer = batchnorm_forward(x, gamma, beta, running_mean, running_var, **options)
        running_mean[...], running_var[...] = answer[1], answer[2]
        return answer

    @mistake("N38", replaces="batchnorm_backward")
    def dgamma_without_xhat(dout, cache):
        """dgamma = sum dout xhat: gamma multiplies the normalized x."""
        dx, _, dbeta = batchnorm_backward(dout, cache)
        return dx, dout.sum(axis=0), dbeta

    @mistake("N38", replaces="batchnorm_backward")
    def dgamma_with_the_scaled_x(dout, cache):
        """dgamma = sum dout xhat: xhat is before gamma and beta, out is after."""
        xhat, _, gamma, _ = cache
        dx, _, dbeta = batchnorm_backward(dout, cache)
        return dx, (dout * gamma * xhat).sum(axis=0), dbeta

    @mistake("N39", replaces="batchnorm_backward")
    def parameters_averaged(dout, cache):
        """Sum dgamma and dbeta over the batch; the mean belongs to the loss."""
        dx, dgamma, dbeta = batchnorm_backward(dout, cache)
        return dx, dgamma / len(dout), dbeta / len(dout)

    @mistake("N40", replaces="batchnorm_backward")
    def dx_without_gamma(dout, cache):
        """dx starts from dxhat = dout gamma."""
        xhat, std, gamma, train = cache
        _, dgamma, dbeta = batchnorm_backward(dout, cache)
        dx, _, _ = batchnorm_backward(dout, instead_of(cache, xhat, std, np.ones_like(gamma), train))
        return dx, dgamma, dbeta

    @mistake("N818", replaces="batchnorm_forward")
    def defaults_of_keras(x, gamma, beta, running_mean, running_var, *, momentum=0.99, eps=1e-3, **options):
        """eps is 1e-5 and momentum 0.9 by default; 1e-3 and 0.99 are those of Keras."""
        return batchnorm_forward(x, gamma, beta, running_mean, running_var, momentum=momentum, eps=eps, **options)

    @mistake("M52", replaces="batchnorm_forward")
    def parameters_of_each_sample(x, gamma, beta, *statistics, **options):
        """gamma and beta belong to the features. With N = D they also fit the samples."""
        out, *new, cache = batchnorm_forward(x, gamma, beta, *statistics, **options)
        if len(x) == len(gamma):
            xhat = batchnorm_forward(x, np.ones_like(gamma), 0 * beta, *statistics, **options)[0]
            out = gamma[:, None] * xhat + beta[:, None]
        return out, *new, cache


class MistakesOfBatchnormEval:
    @mistake("M69", replaces="batchnorm_forward")
    def statistics_of_the_batch(x, gamma, beta, running_mean, running_var, *, train=True, **options):
        """Without train normalize by the running statistics, not by the batch."""
        *_, rm, rv, _ = batchnorm_forward(x, gamma, beta, running_mean, running_var, train=train, **options)
        out, *_, cache = batchnorm_forward(x, gamma, beta, running_mean, running_var, **options)
        return out, rm, rv, cache

    @mistake("M69", replaces="batchnorm_forward")
    def running_statistics_updated(x, gamma, beta, running_mean, running_var, *, train=True, **options):
        """Leave the running statistics alone without train."""
        out, *_, cache = batchnorm_forward(x, gamma, beta, running_mean, running_var, train=train, **options)
        _, rm, rv, _ = batchnorm_forward(x, gamma, beta, running_mean, running_var, **options)
        return out, rm, rv, cache

    @mistake("M69", replaces="batchnorm_backward")
    def backward_of_training(dout, cache):
        """Without train the statistics are constants: dx = dout gamma / sqrt(running_var + eps)."""
        xhat, std, gamma, _ = cache
        return batchnorm_backward(dout, instead_of(cache, xhat, std, gamma, True))

    @mistake("M71", replaces="batchnorm_forward")
    def eps_missing(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        """eps belongs to the running variance too: sqrt(running_var + eps)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return batchnorm_forward(x, gamma, beta, running_mean, running_var, eps=0.0, **options)

    @mistake("M71", replaces="batchnorm_forward")
    def eps_outside_the_root(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        """eps stands inside the root: sqrt(running_var + eps)."""
        std = np.sqrt(running_var) + x.dtype.type(eps)
        return normalized_by(running_mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("M69", replaces="batchnorm_forward")
    def gamma_and_beta_left_out(x, gamma, beta, running_mean, running_var, **options):
        """gamma and beta belong to the evaluation as well."""
        *_, rm, rv, cache = batchnorm_forward(x, gamma, beta, running_mean, running_var, **options)
        out, *_ = batchnorm_forward(x, np.ones_like(gamma), 0 * beta, running_mean, running_var, **options)
        return out, rm, rv, cache

    @mistake("N37", replaces="batchnorm_forward")
    def variance_taken_for_deviation(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        """running_var is a variance: take its root."""
        std = running_var + x.dtype.type(eps)
        return normalized_by(running_mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)


class MistakesOfBatchnorm2d:
    @mistake("M68", replaces="batchnorm2d_forward")
    def momentum_inverted(x, gamma, beta, running_mean, running_var, *, momentum=0.9, **options):
        """momentum is what the running statistics keep: 0.9 old + 0.1 new."""
        return batchnorm2d_forward(x, gamma, beta, running_mean, running_var, momentum=1 - momentum, **options)

    @mistake("M68", replaces="batchnorm2d_forward")
    def momentum_ignored(x, gamma, beta, running_mean, running_var, *, momentum=0.9, **options):
        """Hand momentum on to what normalizes the rows."""
        return batchnorm2d_forward(x, gamma, beta, running_mean, running_var, **options)

    @mistake("M64", replaces="batchnorm2d_forward")
    def reshaped_without_transposing(x, gamma, beta, running_mean, running_var, **options):
        """Transpose channels to the end before reshaping to (N H W, C): reshape alone mixes them."""
        *_, cache = batchnorm2d_forward(x, gamma, beta, running_mean, running_var, **options)
        out, rm, rv, values = batchnorm_forward(
            x.reshape(-1, len(gamma)), gamma, beta, running_mean, running_var, **options
        )
        return answered(out.reshape(x.shape), rm, rv, *values, cache)

    @mistake("M64", replaces="batchnorm2d_backward")
    def dout_reshaped_without_transposing(dout, cache):
        """Transpose dout as the forward did x, not only reshape it."""
        N, C, H, W = dout.shape
        mixed = dout.reshape(N, H, W, C).transpose(0, 3, 1, 2)
        return batchnorm2d_backward(mixed, cache)

    @mistake("M67", replaces="batchnorm2d_forward")
    def unbiased_by_the_images_alone(
        x, gamma, beta, running_mean, running_var, *, momentum=0.9, unbiased_running=False, **options
    ):
        """A channel has N H W samples: its unbiased variance divides by N H W - 1, not by N - 1."""
        out, rm, rv, cache = batchnorm2d_forward(
            x, gamma, beta, running_mean, running_var, momentum=momentum, **options
        )
        if unbiased_running:
            rv = momentum * running_var + (1 - momentum) * x.var(axis=(0, 2, 3)) * len(x) / (len(x) - 1)
        return out, rm, rv, cache

    @mistake("M67", replaces="batchnorm2d_forward")
    def divided_by_one_less(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        """Normalize by the biased variance: divide by N H W."""
        n = x[:, 0].size
        with np.errstate(invalid="ignore", divide="ignore"):
            var = x.var(axis=(0, 2, 3), keepdims=True) * n / np.float64(n - 1)
        mean, std = x.mean(axis=(0, 2, 3), keepdims=True), np.sqrt(var + eps).astype(x.dtype)
        return images_normalized_by(mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("N36", replaces="batchnorm2d_forward")
    def statistics_of_each_position(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        """A channel has one mean over all positions, not one for each."""
        mean, std = x.mean(axis=0, keepdims=True), np.sqrt(x.var(axis=0, keepdims=True) + x.dtype.type(eps))
        return images_normalized_by(mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("N36", replaces="batchnorm2d_forward")
    def statistics_of_each_image(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        """A channel has one mean over the batch, not one for each image: that is instance normalization."""
        mean, var = (f(axis=(2, 3), keepdims=True) for f in (x.mean, x.var))
        std = np.sqrt(var + x.dtype.type(eps))
        return images_normalized_by(mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("M71", replaces="batchnorm2d_forward")
    def eps_outside_the_root(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        """eps stands inside the root: sqrt(var + eps)."""
        mean, std = (f(axis=(0, 2, 3), keepdims=True) for f in (x.mean, x.std))
        std = std + x.dtype.type(eps)
        return images_normalized_by(mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("M70", replaces="batchnorm2d_backward")
    def statistics_treated_as_constants(dout, cache):
        """Mean and variance depend on x as well: dx has two more terms."""
        _, std, gamma, _ = cache
        _, dgamma, dbeta = batchnorm2d_backward(dout, cache)
        return dout * (gamma / std)[:, None, None], dgamma, dbeta

    @mistake("N39", replaces="batchnorm2d_backward")
    def parameters_averaged_over_the_image(dout, cache):
        """Sum dgamma and dbeta over batch, height and width."""
        dx, dgamma, dbeta = batchnorm2d_backward(dout, cache)
        size = dout[0, 0].size
        return dx, dgamma / size, dbeta / size

    @mistake("M62", replaces="batchnorm2d_forward")
    def parameters_of_each_column(x, gamma, beta, *statistics, **options):
        """gamma and beta belong to the channels: shape them (C, 1, 1). With W = C columns fit too."""
        out, *new, cache = batchnorm2d_forward(x, gamma, beta, *statistics, **options)
        if x.shape[3] == len(gamma):
            out = gamma * batchnorm2d_forward(x, np.ones_like(gamma), 0 * beta, *statistics, **options)[0] + beta
        return out, *new, cache


class MistakesOfBatchnorm2dEval:
    @mistake("M71", replaces="batchnorm2d_forward")
    def eps_outside_the_root(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        """eps stands inside the root: sqrt(running_var + eps)."""
        mean, std = running_mean[:, None, None], (np.sqrt(running_var) + x.dtype.type(eps))[:, None, None]
        return images_normalized_by(mean, std, x, gamma, beta, running_mean, running_var, eps=eps, **options)

    @mistake("M69", replaces="batchnorm2d_forward")
    def gamma_and_beta_left_out(x, gamma, beta, running_mean, running_var, **options):
        """gamma and beta belong to the evaluation as well."""
        *_, rm, rv, cache = batchnorm2d_forward(x, gamma, beta, running_mean, running_var, **options)
        out, *_ = batchnorm2d_forward(x, np.ones_like(gamma), 0 * beta, running_mean, running_var, **options)
        return out, rm, rv, cache

    @mistake("M71", replaces="batchnorm2d_forward")
    def eps_missing(x, gamma, beta, running_mean, running_var, *, eps=1e-5, **options):
        """eps belongs to the running variance too: sqrt(running_var + eps)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return batchnorm2d_forward(x, gamma, beta, running_mean, running_var, eps=0.0, **options)

    @mistake("M69", replaces="batchnorm2d_forward")
    def statistics_of_the_batch(x, gamma, beta, running_mean, running_var, *, train=True, **options):
        """Without train normalize by the running statistics, not by the batch."""
        *_, rm, rv, _ = batchnorm2d_forward(x, gamma, beta, running_mean, running_var, train=train, **options)
        out, *_, cache = batchnorm2d_forward(x, gamma, beta, running_mean, running_var, **options)
        return out, rm, rv, cache

    @mistake("M69", replaces="batchnorm2d_forward")
    def running_statistics_updated(x, gamma, beta, running_mean, running_var, *, train=True, **options):
        """Leave the running statistics alone without train."""
        out, *_, cache = batchnorm2d_forward(x, gamma, beta, running_mean, running_var, train=train, **options)
        _, rm, rv, _ = batchnorm2d_forward(x, gamma, beta, running_mean, running_var, **options)
        return out, rm, rv, cache

    @mistake("M69", replaces="batchnorm2d_backward")
    def backward_of_training(dout, cache):
        """Without train the statistics are constants: dx = dout gamma / sqrt(running_var + eps)."""
        xhat, std, gamma, _ = cache
        return batchnorm2d_backward(dout, instead_of(cache, xhat, std, gamma, True))


def answered(out, running_mean, running_var, xhat, std, gamma, train, cache):
    """What a forward returns that normalized in its own way: a cache for the reference's backward comes with it."""
    values = (xhat, std, gamma, train)
    return out, running_mean, running_var, cache.of(values, cache.op, [out, running_mean, running_var])


def normalized_by(mean, std, x, gamma, beta, running_mean, running_var, train=True, **options):
    """The reference with other statistics of the rows of x."""
    *_, rm, rv, cache = batchnorm_forward(x, gamma, beta, running_mean, running_var, train=train, **options)
    xhat = (x - mean) / std
    return answered(gamma * xhat + beta, rm, rv, xhat, std, gamma, train, cache)


def images_normalized_by(mean, std, x, gamma, beta, running_mean, running_var, **options):
    """The reference with other statistics, which broadcast to the images x."""
    *_, rm, rv, cache = batchnorm2d_forward(x, gamma, beta, running_mean, running_var, **options)
    out = gamma[:, None, None] * ((x - mean) / std) + beta[:, None, None]
    return out, rm, rv, cache


def instead_of(cache, *values):
    """A cache of the same forward that holds other values."""
    changed = type(cache)(values)
    changed.__dict__.update(vars(cache))
    return changed
