"""One pass over the elements."""

from .._formula import drawn_below, elementwise, like


def dropout_vanilla_forward(x, *, keep, train=True, mask=None, rng=None):
    if not 0 < keep <= 1:
        raise ValueError(f"dropout_vanilla_forward: keep must lie in (0, 1], got {keep}")
    if not train:
        return _scaled(x, keep), (None, keep)
    if mask is None:
        if rng is None:
            raise ValueError("dropout_vanilla_forward: mask or rng must be given in training, got neither")
        mask = drawn_below(rng, x.shape, keep)
    return _masked(x, mask), (mask, 1)


def dropout_vanilla_backward(dout, cache):
    mask, scale = cache
    return _scaled(dout, scale) if mask is None else _masked(dout, mask)


@elementwise
def _scaled(x, keep):
    return keep * x


@elementwise
def _masked(x, mask):
    return x if mask else like(x, 0)
