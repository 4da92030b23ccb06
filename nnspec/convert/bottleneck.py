"""torchvision's `Bottleneck`, or any module with its names; the projection is its `downsample`. See `basic_block`."""

from nnspec.convert.basic_block import from_torch, to_torch

__all__ = ["from_torch", "to_torch"]
