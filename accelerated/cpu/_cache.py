"""Where machine code is kept between processes, and what it cost to compile."""

import contextlib
import hashlib
import json
import pickle
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numba
from numba.core.caching import _CacheLocator

from nnspec.common import cache_root

fcntl = None
with contextlib.suppress(ModuleNotFoundError):  # on Windows they compile side by side
    import fcntl


def cached(function, **options):
    """njit with a cache of its own: numba does not key on the helpers that a kernel calls."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(_cache_folder())
    try:
        return _one_at_a_time(numba.njit(function, cache=True, error_model="numpy", **options))
    except RuntimeError:  # nowhere to write: compile anew in every process
        return numba.njit(function, error_model="numpy", **options)
    finally:
        numba.config.CACHE_DIR = before


def _one_at_a_time(dispatcher):
    """Of two processes that need the same machine code the second waits, and then finds it in the cache."""
    if fcntl is None:
        return dispatcher
    compile_or_load = dispatcher.compile
    name = f"{dispatcher.py_func.__module__}.{dispatcher.py_func.__qualname__}"
    told = _cache_folder() / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.times"

    def compile_alone(signature):
        with told.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed, or the process ends
            missed, before = _missed(dispatcher), time.thread_time()
            found = compile_or_load(signature)
            if _missed(dispatcher) > missed:
                line = {"kernel": name, "signature": str(signature), "seconds": time.thread_time() - before}
                file.write(json.dumps(line) + "\n")
            return found

    dispatcher.compile = compile_alone
    return dispatcher


def _missed(dispatcher) -> int:
    return sum(dispatcher.stats.cache_misses.values())


def sizes() -> Iterator[tuple[str, int]]:
    """Of each piece of machine code for this processor, the file that its kernel stands in, without .py, and its bytes.

    The cache holds that of others, too: of those who compile for vectors of another width, and of other checkouts.
    """
    here = numba.core.registry.cpu_target.target_context.codegen().magic_tuple()
    above = Path(__file__).parents[1]
    sources = [path for folder in (above / "cpu", above / "formulas") for path in folder.rglob("*.py")]
    ours = {_CacheLocator.get_suitable_cache_subpath(str(path)) for path in sources}
    for index in (file for name in ours for file in _cache_folder().joinpath(name).glob("*.nbi")):
        with index.open("rb") as file:
            pickle.load(file)  # numba's version
            _, entries = pickle.loads(file.read())
        for (_, target, _), name in entries.items():
            if target == here:
                yield index.name.partition(".")[0], index.with_name(name).stat().st_size


def times() -> Iterator[dict]:
    """What this machine code cost to compile: kernel, signature and seconds of one processor."""
    for file in sorted(_cache_folder().glob("*.times")):
        yield from map(json.loads, file.read_text().splitlines())


@cache
def _cache_folder() -> Path:
    """Named after the contents of the helpers, so that a kernel is never older than what it calls."""
    digest, here = hashlib.sha256(), Path(__file__).parent
    shared = [*here.parent.glob("_*.py"), *here.parent.joinpath("formulas").rglob("_*.py")]
    own = [path for path in here.rglob("_*.py") if not path.name.startswith("_ladder_")]  # which nobody else calls
    for helper in sorted([*own, *shared]):
        digest.update(helper.read_bytes())
    return cache_root() / "numba" / digest.hexdigest()[:16]
