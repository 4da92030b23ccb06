"""x over keep or 0, as inside of `F.dropout`, whose mask cannot be given."""

import torch


def dropout_forward(x, *, keep, train=True, mask=None, rng=None):
    if not 0 < keep <= 1:
        raise ValueError(f"dropout_forward: keep must lie in (0, 1], got {keep}")
    if not train:
        return x
    if mask is None:
        if rng is None:
            raise ValueError("dropout_forward: mask or rng must be given in training, got neither")
        mask = torch.from_numpy(rng.random(x.shape)) < keep
    return torch.where(mask, x / keep, 0)  # whatever stands where nothing is kept
