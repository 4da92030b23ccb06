"""`aminmax`."""

import torch

from nnspec.reference.n01_classification.weights_to_images import _pixels


def weights_to_images(w, shape):
    templates = w[: _pixels(w, shape)].T
    low, high = torch.aminmax(templates, dim=1, keepdim=True)
    shares = (templates - low) / torch.where(high > low, high - low, 1)
    return (255 * shares).to(torch.uint8).reshape(-1, *shape)
