"""One pass over the elements; the backward is a copy."""

from .._formula import drawn_normal, elementwise


def add_noise_forward(x, *, sigma, train=True, noise=None, rng=None):
    if not 0 <= sigma < float("inf"):
        raise ValueError(f"add_noise_forward: sigma must be at least 0 and finite, got {sigma}")
    if not train:
        return _copied(x), ()
    if noise is None:
        if rng is None:
            raise ValueError("add_noise_forward: noise or rng must be given in training, got neither")
        noise = drawn_normal(rng, x.shape, x.dtype)
    return _noisy(x, noise, sigma), ()


def add_noise_backward(dout, cache):
    return _copied(dout)


@elementwise
def _copied(x):
    return x


@elementwise
def _noisy(x, noise, sigma):
    return x + sigma * noise
