"""How the kernels of this folder are compiled, cached, launched and fed."""

from functools import cached_property, partial

import numba
import numpy as np

from nnspec.accelerated.cpu._cache import cached
from nnspec.accelerated.cpu._fork import forking

PARALLEL_FROM = 1 << 15  # units of work (about a multiply-add each) from which waking the threads pays


class kernel:
    """A function whose last loop is over `prange`, compiled once for one thread and for all of them, when it is needed.

    name[work](...) picks how many. Every number of threads gives the same bits: no kernel leaves the order of its
    additions to the compiler, which is why there is no `fastmath` here.
    """

    def __init__(self, function):
        self.function = function

    @cached_property
    def forked(self):
        """Made when it is first launched: to read the source of all kernels would cost every process half a second."""
        return forking(self.function)

    @cached_property
    def compiled(self):
        return cached(self.forked or self.function)

    @cached_property
    def serial(self):
        return partial(self.compiled, 1) if self.forked else self.compiled

    @cached_property
    def parallel(self):
        """In as many parts as there are threads; where fewer of them are allowed to run, each takes several."""
        return partial(self.compiled, numba.config.NUMBA_NUM_THREADS) if self.forked else self.compiled

    def __getitem__(self, work):
        return self.serial if work < PARALLEL_FROM else self.parallel


def contiguous(*arrays):
    """Read-only C-contiguous views: every layout that a caller may pass is one type to the compiler."""
    views = []
    for array in arrays:
        view = np.ascontiguousarray(array).view()
        view.setflags(False)  # not writeable; by its place, since small inputs feel every name and call here
        views.append(view)
    return views


def flat(*arrays):
    """The same, as vectors."""
    views = []
    for array in arrays:
        view = np.ascontiguousarray(array).reshape(-1)
        view.setflags(False)
        views.append(view)
    return views


def of_each_row(dloss, n):
    """(n,) of one number for all rows, or of one for each. `np.broadcast_to` takes as long as a small backward."""
    return dloss if dloss.shape else np.full(n, dloss, dloss.dtype)
