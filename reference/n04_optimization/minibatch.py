"""Minibatches: which samples a step of gradient descent sees. Robbins and Monro 1951; CS231n notes "Optimization",
assignment 1, `LinearClassifier.train` and `Solver`.

    sample_batch    idx (size,): each uniform over 0 … N - 1, with replacement independent of each other, else distinct
    epoch_batches   a random permutation of 0 … N - 1, cut in order into batches of `size`; the last one may be shorter

What comes out are indices and no rows, so that inputs and labels are taken by one and the same draw: x[idx], y[idx].
Files are often sorted by class: no batch may consist of neighbours. size 1 is stochastic gradient descent, N gradient
descent.
"""

import numpy as np

from nnspec.shapes import Between


def sample_batch(N: Between[1, None], size: Between[1, None], *, rng: np.random.Generator, replace: bool = True):
    """idx (size,). The assignment draws with replacement."""
    if not replace and size > N:
        raise ValueError(f"sample_batch: size must be at most N = {N} without replacement, got {size}")
    return rng.choice(N, size, replace=replace)


def epoch_batches(N: Between[1, None], size: Between[1, None], *, rng: np.random.Generator, drop_last: bool = False):
    """A list of idx (size,). A shorter last batch is kept, or with drop_last left out: each time other samples."""
    if drop_last and size > N:
        raise ValueError(f"epoch_batches: size must be at most N = {N} with drop_last, or no batch is left, got {size}")
    order = rng.permutation(N)
    end = N - N % size if drop_last else N
    return [order[start : start + size] for start in range(0, end, size)]
