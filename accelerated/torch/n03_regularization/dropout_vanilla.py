"""x where it is kept or 0, as PyTorch's users write what `F.dropout` does not have."""

import torch


def dropout_vanilla_forward(x, *, keep, train=True, mask=None, rng=None):
    if not 0 < keep <= 1:
        raise ValueError(f"dropout_vanilla_forward: keep must lie in (0, 1], got {keep}")
    if not train:
        return keep * x
    if mask is None:
        if rng is None:
            raise ValueError("dropout_vanilla_forward: mask or rng must be given in training, got neither")
        mask = torch.from_numpy(rng.random(x.shape)) < keep
    return torch.where(mask, x, 0)
