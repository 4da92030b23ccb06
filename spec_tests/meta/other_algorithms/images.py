"""Images and residual networks in other forms: by indices, Einstein sums, and pixel by pixel."""

import numpy as np


def global_avg_pool_forward(x):
    """A weighted sum of pixels, all of the same weight."""
    N, C, H, W = x.shape
    return x.reshape(N, C, H * W) @ np.full(H * W, 1 / (H * W), x.dtype), {"shape": x.shape}


def global_avg_pool_backward(dout, cache):
    *_, H, W = cache["shape"]
    return np.einsum("nc,hw->nchw", dout, np.full((H, W), 1 / (H * W), dout.dtype))


def concat_channels_forward(x1, x2, x3=None, x4=None):
    """Each put into its place."""
    given = [x1, x2, x3, x4]
    counts = [0 if x is None else x.shape[1] for x in given]
    out, start = np.empty((len(x1), sum(counts), *x1.shape[2:]), x1.dtype), 0
    for x, count in zip(given, counts, strict=True):
        if x is not None:
            out[:, start : start + count] = x
            start += count
    return out, [x is not None for x in given] + counts


def concat_channels_backward(dout, cache):
    there, counts = cache[:4], cache[4:]
    pieces = np.split(dout, np.cumsum(counts)[:-1], axis=1)
    return tuple(piece.copy() if given else None for given, piece in zip(there, pieces, strict=True))


def residual_add_forward(fx, x):
    return np.add.reduce([x, fx]), None


def residual_add_backward(dout, cache):
    return 1 * dout, 1 * dout


def padding_shortcut_forward(x, *, F, stride=1):
    """The product with a rectangular unit matrix takes channels to channels."""
    wider = np.eye(x.shape[1], F, dtype=x.dtype)
    out = np.einsum("nchw,cf->nfhw", x[..., ::stride, ::stride], wider)
    return out, {"wider": wider, "shape": x.shape, "stride": stride}


def padding_shortcut_backward(dout, cache):
    dx = np.zeros(cache["shape"], dout.dtype)
    dx[..., :: cache["stride"], :: cache["stride"]] = np.einsum("nfhw,cf->nchw", dout, cache["wider"])
    return dx


def channel_stats(x):
    """Of all pixels of a channel, laid in a row."""
    rows = np.moveaxis(x, 1, 0).reshape(x.shape[1], -1)
    if not rows.size:
        raise ValueError("channel_stats: x must hold a pixel")
    return rows.mean(axis=1), rows.std(axis=1)


def channel_normalize_forward(x, mean, std):
    if (std <= 0).any():
        raise ValueError("channel_normalize_forward: std must be above 0")
    return np.moveaxis((np.moveaxis(x, 1, -1) - mean) / std, -1, 1).copy(), std.copy()


def channel_normalize_backward(dout, cache):
    return np.moveaxis(np.moveaxis(dout, 1, -1) / cache, -1, 1).copy()


def channel_denormalize(x, mean, std):
    return np.moveaxis(np.moveaxis(x, 1, -1) * std + mean, -1, 1).copy()


def hflip_forward(x, mask):
    """Only the images that are asked for are touched."""
    out = x.copy()
    out[mask] = np.flip(x[mask], axis=-1)
    return out, mask.copy()


def hflip_backward(dout, cache):
    return hflip_forward(dout, cache)[0]


def random_crop_forward(x, top, left, *, size, pad=0):
    """Every pixel is looked up, and those outside are 0."""
    (N, C, H, W), steps = x.shape, np.arange(size)
    rows, columns = top[:, None] + steps - pad, left[:, None] + steps - pad
    for name, start, length in (("top", top, H), ("left", left, W)):
        if length + 2 * pad < size or ((start < 0) | (start > length + 2 * pad - size)).any():
            raise ValueError(f"random_crop_forward: {name} and size must lie in the padded image")
    inside = ((rows >= 0) & (rows < H))[:, :, None] & ((columns >= 0) & (columns < W))[:, None]  # (N, size, size)
    n, i, j = np.nonzero(inside)
    out = np.zeros((N, C, size, size), x.dtype)
    out[n, :, i, j] = x[n, :, rows[n, i], columns[n, j]]
    return out, {"from": (n, rows[n, i], columns[n, j]), "to": (n, i, j), "shape": x.shape}


def random_crop_backward(dout, cache):
    (n, row, column), (_, i, j) = cache["from"], cache["to"]
    dx = np.zeros(cache["shape"], dout.dtype)
    dx[n, :, row, column] = dout[n, :, i, j]
    return dx
