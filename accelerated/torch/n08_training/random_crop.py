"""`F.pad` and a slice of each image, as in `torchvision.transforms.RandomCrop`."""

import torch
import torch.nn.functional as F

from nnspec.reference.n08_training.random_crop import _require_inside


def random_crop_forward(x, top, left, *, size, pad=0):
    _require_inside("random_crop_forward", tuple(x.shape), top.numpy(), left.numpy(), size, pad)
    images = zip(F.pad(x, (pad, pad, pad, pad)), top.tolist(), left.tolist(), strict=True)
    crops = [image[:, i : i + size, j : j + size] for image, i, j in images]
    return torch.stack(crops) if crops else x.new_empty((0, x.shape[1], size, size))
