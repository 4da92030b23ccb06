"""One pass over the elements."""

from .._formula import drawn_below, elementwise, like


def dropout_forward(x, *, keep, train=True, mask=None, rng=None):
    if not 0 < keep <= 1:
        raise ValueError(f"dropout_forward: keep must lie in (0, 1], got {keep}")
    if not train:
        return _copied(x), (None, keep)
    if mask is None:
        if rng is None:
            raise ValueError("dropout_forward: mask or rng must be given in training, got neither")
        mask = drawn_below(rng, x.shape, keep)
    return _kept(x, mask, 1 / keep), (mask, keep)


def dropout_backward(dout, cache):
    mask, keep = cache
    return _copied(dout) if mask is None else _kept(dout, mask, 1 / keep)


@elementwise
def _copied(x):
    return x


@elementwise
def _kept(x, mask, scale):
    return x * scale if mask else like(x, 0)
