"""How the kernels of this folder are compiled, cached, launched and fed."""

import hashlib
from functools import cache
from pathlib import Path

import numba
import numpy as np

from nnspec.common import cache_root

PARALLEL_FROM = 1 << 15  # units of work (about a multiply-add each) from which waking the threads pays


class kernel:
    """A function with `prange` loops, compiled once for one thread and once for all of them, each when it is needed.

    name[work](...) picks one. Both give the same bits, for every number of threads: no kernel leaves the order of its
    additions to the compiler, which is why there is no `fastmath` here.
    """

    def __init__(self, function):
        self.serial = _compiled(function, "serial")
        self.parallel = _compiled(function, "parallel", parallel=True)

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


def _compiled(function, kind, **options):
    """njit with a cache of its own: numba keys neither on the helpers that a kernel calls nor on `parallel`."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(_cache_folder() / kind)
    try:
        return numba.njit(function, cache=True, error_model="numpy", **options)
    except RuntimeError:  # nowhere to write: compile anew in every process
        return numba.njit(function, error_model="numpy", **options)
    finally:
        numba.config.CACHE_DIR = before


@cache
def _cache_folder() -> Path:
    """Named after the contents of the helpers, so that a kernel is never older than what it calls."""
    digest, here = hashlib.sha256(), Path(__file__).parent
    shared = [*here.parent.glob("_*.py"), *here.parent.joinpath("formulas").rglob("_*.py")]
    own = [path for path in here.rglob("_*.py") if not path.name.startswith("_ladder_")]  # which nobody else calls
    for helper in sorted([*own, *shared]):
        digest.update(helper.read_bytes())
    return cache_root() / "numba" / digest.hexdigest()[:16]
