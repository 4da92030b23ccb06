"""`mean`, and arithmetic that broadcasts, as in `torchvision.transforms.Normalize`."""


def channel_stats(x):
    if 0 in (len(x), *x.shape[2:]):
        raise ValueError(f"channel_stats: x must hold at least one pixel of each channel, got shape {tuple(x.shape)}")
    mean = x.mean(dim=(0, 2, 3))
    return mean, ((x - mean[:, None, None]) ** 2).mean(dim=(0, 2, 3)).sqrt()  # torch.var_mean loses more digits


def channel_normalize_forward(x, mean, std):
    if not (std > 0).all():
        told = f"std must be above 0, got {std.tolist()}: set that of a constant channel to 1"
        raise ValueError(f"channel_normalize_forward: {told}")
    return (x - mean[:, None, None]) / std[:, None, None]


def channel_denormalize(x, mean, std):
    return std[:, None, None] * x + mean[:, None, None]
