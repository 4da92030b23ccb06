"""`bincount` of the bins of all pixels."""

import torch


def color_histogram_hsv(im, *, nbin=10, normalized=True):
    if im.numel() == 0:
        raise ValueError(f"color_histogram_hsv: im must hold at least one pixel, got shape {tuple(im.shape)}")
    im = im if im.is_floating_point() else im.double()
    r, g, b = im.unbind(2)
    largest = im.amax(dim=2)
    spread = largest - im.amin(dim=2)
    sixths = torch.where(largest == g, b - r + 2 * spread, r - g + 4 * spread)
    sixths = torch.where(largest == r, (g - b) + 6 * spread * (g < b), sixths)
    place = nbin * sixths / torch.where(spread > 0, 6 * spread, 1)
    counts = place.long().clamp(max=nbin - 1).flatten().bincount(minlength=nbin)
    return (counts.double() / spread.numel() if normalized else counts).to(im.dtype)
