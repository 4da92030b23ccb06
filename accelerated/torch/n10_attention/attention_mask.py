"""Comparisons of `torch.arange`."""

import torch


def padding_mask(lengths, Tk):
    return (torch.arange(Tk) < lengths.long()[:, None])[:, None, None]


def combine_masks(mask, other):
    try:
        return mask & other
    except RuntimeError as error:
        raise ValueError(f"combine_masks: other must broadcast with mask: {error}") from None
