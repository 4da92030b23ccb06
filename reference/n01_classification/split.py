"""Training, validation and test split. CS231n notes "Image classification", validation sets for hyperparameter tuning.

    parts of a permutation of 0 … N - 1, one after the other, whose sizes are as shares: (8, 1, 1) or (49000, 1000)

The parts are disjoint and hold every sample once. Sizes are rounded by the largest remainder: all are rounded down, and
the samples that are left go to the parts that lost most, of equals to the first. Shares that add up to N are the sizes.
A part whose share is above 0 must get a sample.

labels, `y.tolist()`, makes every class be split alike by itself: a rare class is on every side, as far as it goes.
"""

from collections.abc import Sequence

import numpy as np

from nnspec.shapes import Between


def split_indices(
    N: Between[1, None], shares: Sequence[int], *, rng: np.random.Generator, labels: Sequence[int] | None = None
):
    """A list of arrays of indices, one for each share."""
    if not shares or min(shares) < 0 or sum(shares) == 0:
        raise ValueError(f"split_indices: shares must be at least 0, and one of them above, got {shares}")
    if labels is not None and len(labels) != N:
        raise ValueError(f"split_indices: labels must be N = {N}, got {len(labels)}")
    classes = [np.arange(N)] if labels is None else [np.flatnonzero(labels == c) for c in np.unique(labels)]
    parts = [[] for _ in shares]
    for members in classes:
        ends = np.cumsum(_sizes(len(members), shares))
        for part, chosen in zip(parts, np.split(rng.permutation(members), ends[:-1]), strict=True):
            part.append(chosen)
    parts = [np.concatenate(part) for part in parts]
    if any(share and not len(part) for share, part in zip(shares, parts, strict=True)):
        told = [len(part) for part in parts]
        raise ValueError(f"split_indices: shares must leave a sample for each part, got {shares} of N = {N}: {told}")
    return parts if labels is None else [rng.permutation(part) for part in parts]


def _sizes(N, shares):
    """N in proportion to the shares, in whole numbers."""
    total = sum(shares)
    sizes = np.array([N * share // total for share in shares])
    lost = np.array([N * share % total for share in shares])
    sizes[np.argsort(-lost, kind="stable")[: N - sizes.sum()]] += 1
    return sizes
