"""Concatenation of channels. Szegedy et al. 2014, arXiv:1409.4842, section 4: the filter concatenation of Inception.

    out = [x1 | x2 | x3 | x4] along the channels        dx1, dx2, … = dout, split in the same places

x1 (N, C1, H, W)    x2 (N, C2, H, W)    x3, x4 if there are so many branches    out (N, C1 + C2 + …, H, W)

The order is that of the arguments. Each branch has the gradient of its own channels; what went into several branches,
as x does in an Inception module, has the sum of theirs. Of a branch that is left out there is no gradient (None).
"""

import numpy as np

from nnspec.shapes import Array, Float


def concat_channels_forward(
    x1: Float[Array, "N C1 H W"],
    x2: Float[Array, "N C2 H W"],
    x3: Float[Array, "N C3 H W"] | None = None,
    x4: Float[Array, "N C4 H W"] | None = None,
):
    given = [x for x in (x1, x2, x3, x4) if x is not None]
    out = np.concatenate(given, axis=1)  # (N, C1 + C2 + …, H, W)
    return out, tuple(None if x is None else x.shape[1] for x in (x1, x2, x3, x4))


def concat_channels_backward(dout, cache):
    ends = np.cumsum([channels or 0 for channels in cache])
    pieces = {
        i: dout[:, ends[i] - channels : ends[i]].copy() for i, channels in enumerate(cache) if channels is not None
    }
    return tuple(map(pieces.get, range(len(cache))))
