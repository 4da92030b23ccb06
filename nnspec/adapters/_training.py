"""`LinearClassifier.train` draws minibatches: which samples those are is seen by the loss that it calls, and so is
whether labels come along with their images and W moves against its gradient."""

from collections.abc import Callable

import numpy as np

from nnspec.adapters._course_folder import Folder
from nnspec.adapters._stubs import Stubs

LR, SLOPE = 0.5, 3.0


def minibatches(folder: Folder, stubs: Stubs) -> dict[str, Callable]:
    theirs = folder.get("LinearClassifier")
    if theirs is None:
        return {}

    def sample_batch(N, size, *, rng, replace=True):
        """They sample with replacement or without, as the assignment leaves it to them: measured, as far as it can."""
        seed = int(rng.integers(2**31))
        if replace != _with_replacement(theirs, stubs):
            raise NotImplementedError(f"LinearClassifier.train draws {'without' if replace else 'with'} replacement")
        return _drawn(theirs, stubs, N, size, seed)

    return {"sample_batch": sample_batch}


def _with_replacement(theirs, stubs) -> bool:
    """Whether two of a hundred draws of all of ten samples are the same."""
    return any(len(set(_drawn(theirs, stubs, 10, 10, seed).tolist())) < 10 for seed in range(10))


def _drawn(theirs, stubs, N, size, seed) -> np.ndarray:
    """The samples of one step on N samples that tell which they are."""
    from nnspec.spec_tests._verdict import require

    seen = []

    class Watched(theirs):
        def loss(self, X_batch, y_batch, reg):
            X_batch, y_batch = np.asarray(X_batch), np.asarray(y_batch)
            seen.append((X_batch, y_batch, self.W.copy()))
            return 1.0, np.full_like(self.W, SLOPE)

    def step():
        del seen[:]
        np.random.seed(seed)
        model = Watched()
        model.W = np.zeros((2, N))
        x = np.stack([np.arange(N), -np.arange(N)], axis=1).astype(float)
        model.train(x, np.arange(N), learning_rate=LR, reg=0.0, num_iters=1, batch_size=size, verbose=False)
        return seen[0][0], model

    state = np.random.get_state()
    try:
        _, model = stubs.asked("LinearClassifier.train", step, says_nothing=_saw_nothing)
    finally:
        np.random.set_state(state)
    ((x, y, before),) = seen
    require(x.shape == (size, 2), f"LinearClassifier.train: X_batch must be of shape ({size}, 2), got {x.shape}")
    paired = np.array_equal(x[:, 0], y)
    require(
        paired, "LinearClassifier.train: take X_batch and y_batch by one and the same indices, here labels are others'"
    )
    moved, want = model.W - before, np.full_like(before, -LR * SLOPE)
    told = (
        f"LinearClassifier.train: a step must add -learning_rate * grad = {-LR * SLOPE:g} to W, here {moved.flat[0]:g}"
    )
    require(np.allclose(moved, want), told)
    return x[:, 0].astype(np.int64)


def _saw_nothing(answer) -> bool:
    """No batch was taken, or W did not move."""
    if not isinstance(answer, tuple):
        return True
    batch, model = answer
    return batch.dtype == object or not model.W.any()
