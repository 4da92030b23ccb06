"""`LinearClassifier.train` draws minibatches: which samples those are is seen by the loss that it calls, and so is
whether labels come along with their images and W moves against its gradient."""

import contextlib
from collections.abc import Callable

import numpy as np

from nnspec.backends.adapters._course_folder import Folder
from nnspec.backends.adapters._stubs import Stubs

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

    rows = np.stack([np.arange(N), -np.arange(N)], axis=1).astype(float)
    x, y, before, after = _one_step(theirs, stubs, rows, size, seed)
    if x.shape == (N, size) != (size, 2):  # a sample in each column, as in 2015
        x, y, before, after = _one_step(theirs, stubs, rows.T.copy(), size, seed)
        x = x.T
    told = "LinearClassifier.train: "
    require(x.shape == (size, 2), f"{told}X_batch must be of shape ({size}, 2), got {x.shape}")
    paired = x.shape[0] == len(y) and np.array_equal(x[:, 0], y)
    require(paired, f"{told}X_batch and y_batch are not taken by one and the same indices")
    against = bool((after < before).all())
    require(against, f"{told}a step must move W against its gradient: W -= learning_rate * grad")
    return x[:, 0].astype(np.int64)


def _one_step(theirs, stubs, x, size, seed):
    """X_batch and y_batch of the loss that the last step called, and W before and after."""
    seen = []

    class Watched(theirs):
        def loss(self, X_batch, y_batch, reg):
            seen.append((np.asarray(X_batch), np.asarray(y_batch), self.W.copy()))
            return 1.0, np.full_like(self.W, SLOPE)

    def step():
        del seen[:]
        np.random.seed(seed)  # noqa: NPY002, it is the one they draw from
        model = Watched()
        labels = np.arange(max(x.shape))
        model.train(x, labels, learning_rate=LR, reg=0.0, num_iters=1, batch_size=size, verbose=False)
        return *seen[-1], model.W

    with kept_random_state():
        return stubs.asked("LinearClassifier.train", step, says_nothing=_saw_nothing)


def _saw_nothing(answer) -> bool:
    """No batch was taken, or W did not move."""
    if not isinstance(answer, tuple):
        return True
    x, _, before, after = answer
    return x.dtype == object or np.array_equal(before, after)


@contextlib.contextmanager
def kept_random_state():
    """What is measured draws from NumPy's global generator, and leaves it as it was."""
    state = np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
