"""Standardized features, and the pipeline of assignment 1 that makes features of images. CS231n notes "Setting up the
data", normalization; assignment 1, `features.ipynb`, `extract_features`.

    standardize_fit     mean_f, std_f over the N training samples
    standardize         out_nf = (x_nf - mean_f) / std_f, and 0 where std_f is 0
    feature_pipeline    out_n = [standardized [hog(x_n), hue histogram(x_n)], 1]

x, out (N, F)    mean, std (F,)    images (N, H, W, 3)

mean and std are those of the training samples, also for what is validated and tested; std is divided by N, not by one
less. A feature that never changes in training says nothing: it is 0 everywhere. The pipeline is written once, and `ops`
is the implementation of its parts (None: the reference).
"""

import numpy as np

from nnspec.shapes import Array, Between, Float, Real


def standardize_fit(x: Float[Array, "N F"]):
    """mean, std."""
    if len(x) == 0:
        raise ValueError("standardize_fit: x must hold at least one sample: the mean of none is undefined")
    mean = x.mean(axis=0)  # (F,)
    var = ((x - mean) ** 2).mean(axis=0)  # (F,)
    return mean, np.sqrt(var)


def standardize(x: Float[Array, "N F"], mean: Float[Array, "F"], std: Float[Array, "F"]):
    if (std < 0).any() or np.isnan(std).any():
        raise ValueError(f"standardize: std must be at least 0, got {std.tolist()}")
    return np.where(std > 0, (x - mean) / np.where(std > 0, std, 1), 0)  # (N, F)


def feature_pipeline(
    x_train: Real[Array, "Nt H W 3"],
    x: Real[Array, "N H W 3"],
    *,
    nbin: Between[1, None] = 10,
    orientations: Between[1, None] = 9,
    cell: Between[1, None] = 8,
    ops=None,
):
    """(N, F + 1): the features of x, standardized as those of x_train have to be, and a one for the bias."""
    if ops is None:
        from nnspec import reference as ops

    def extracted(images):
        found = [
            np.concatenate(
                [ops.hog_feature(im, orientations=orientations, cell=cell), ops.color_histogram_hsv(im, nbin=nbin)]
            )
            for im in images
        ]
        F = images.shape[1] // cell * (images.shape[2] // cell) * orientations + nbin
        dtype = images.dtype if images.dtype.kind == "f" else np.float64
        return np.array(found, dtype).reshape(len(images), F)  # (N, F)

    mean, std = ops.standardize_fit(extracted(x_train))
    return ops.append_ones(ops.standardize(extracted(x), mean, std))
