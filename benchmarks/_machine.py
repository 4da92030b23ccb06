"""The machine as a measurement sees it: threads, peak memory, the limits of arithmetic and bandwidth, and its name."""

import contextlib
import ctypes
import functools
import hashlib
import importlib.metadata
import math
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np

from nnspec.accelerated.cpu import _tile
from nnspec.accelerated.cpu._fold import fold_sum
from nnspec.accelerated.cpu._jit import kernel
from nnspec.common import Unusable

GEMM_SIZES = (256, 384, 1024)  # the largest reaches the peak on a quiet machine, the others between two interruptions
SMALLEST_PASS, LARGEST_PASS = 1 << 14, 1 << 29  # bytes read and written
LARGEST_KEPT = 31 << 20  # bytes of an array: glibc learns from what is below 32 MiB (DEFAULT_MMAP_THRESHOLD_MAX)
TILE_DEPTH, TILE_TIMES, TILE_ROUNDS = 256, 4000, 20  # of a tile of which the peak is taken
LESSER = 1 / 16  # of the largest output: what is smaller has no array of its own in a pass
VERSIONS = ("numpy", "numba", "torch", "scikit-learn", "jax")


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def most_threads() -> int:
    """All cores, or fewer where numba was told so (NUMBA_NUM_THREADS)."""
    return min(cores(), numba.config.NUMBA_NUM_THREADS)


@contextlib.contextmanager
def equal_threads(count: int):
    """Every thread pool of this process limited to `count`: numba, PyTorch, BLAS, OpenMP; restored afterwards.

    What is imported later is not limited, so backends and peers are loaded before.
    """
    from threadpoolctl import threadpool_limits

    if count > numba.config.NUMBA_NUM_THREADS:
        raise Unusable(f"numba has {numba.config.NUMBA_NUM_THREADS} threads in this process, got --threads {count}")
    torch = sys.modules.get("torch")
    before = numba.get_num_threads(), torch and torch.get_num_threads()
    try:
        with threadpool_limits(count):
            numba.set_num_threads(count)
            if torch:
                torch.set_num_threads(count)
            yield
    finally:
        numba.set_num_threads(before[0])
        if torch:
            torch.set_num_threads(before[1])


@functools.cache
def used_allocator():
    """Brings C's allocator to where it is in a process that has freed a large array: from then on it keeps memory of up
    to 62 MiB. Before, glibc hands back what is freed and fetches it again page by page, in some orders of calls and not
    in others.
    """
    np.empty(LARGEST_KEPT, np.uint8).fill(0)  # and gone


@dataclass(frozen=True)
class Spent:
    """Seconds of all cores, by this process and by everyone."""

    on_cores: float
    by_this: float
    by_all: float | None  # with what a hypervisor took; None where the system does not tell (not on Linux)

    @classmethod
    def now(cls) -> "Spent":
        try:
            user, nice, system, _, _, irq, softirq, steal = map(
                int, Path("/proc/stat").read_text(encoding="utf-8").split()[1:9]
            )
            by_all = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError):
            by_all = None
        return cls(time.perf_counter() * os.cpu_count(), time.process_time(), by_all)

    def by_others_since(self, before: "Spent") -> float | None:
        """The share of the machine that others took."""
        if self.by_all is None or before.by_all is None:
            return None
        by_others = (self.by_all - before.by_all) - (self.by_this - before.by_this)
        return max(0.0, by_others / (self.on_cores - before.on_cores))


def extra_memory(call: Callable) -> int | None:
    """Bytes that the process grew by at its peak, whoever allocated them: NumPy, kernels or PyTorch.

    Freed memory is handed back to the system first, so that using it again shows. Resolution is about a megabyte. None
    where the system does not tell (only Linux lets a process reset its peak).
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
        before = _resident("VmRSS")
        answer = call()
        grown = _resident("VmHWM") - before
    except (OSError, AttributeError):
        return None
    del answer
    return max(0, grown)


def _resident(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def gemm(dtype, n: int) -> tuple[Callable, float]:
    """A matrix product of BLAS into a given output, and its floating-point operations."""
    a, b, out = (np.random.default_rng(seed).random((n, n)).astype(dtype) for seed in range(3))
    return lambda: np.matmul(a, b, out=out), 2.0 * n**3


def memory_pass(traffic: int, outputs: Iterable[int]) -> tuple[Callable, float]:
    """The least that a case bound by memory can do, and its bytes: write outputs of these many bytes, which it
    allocates anew as every contestant does, and read the rest of the traffic.

    Where that fits a cache, its speed is that of the cache; where the system hands out an output page by page, the
    pages are in it.
    """
    outputs = np.array([size for size in outputs if size >= LESSER * max(outputs)], float)
    traffic = max(traffic, outputs.sum(), SMALLEST_PASS)
    scale = min(1.0, LARGEST_PASS / traffic)
    sources = [np.ones(_numbers(scale * (traffic - outputs.sum()) / len(outputs)), np.float32) for _ in outputs]
    targets = [_numbers(scale * size) for size in outputs]
    parts = 2 * cores()
    sums = np.empty(parts, np.float32)

    def call():
        written = [np.empty(size, np.float32) for size in targets]
        for source, target in zip(sources, written, strict=True):
            _pass[len(source) + len(target)](source, target, parts, sums)
        return written

    return call, 4.0 * (sum(targets) + sum(map(len, sources)))


def tile_peak(dtype, threads: int) -> float:
    """Floating-point operations a second of the register tile on numbers that stay in the first-level cache.

    In CPU time, which others do not lengthen; the best of some rounds.
    """
    width = _tile.columns(np.dtype(dtype).itemsize)
    a, b = np.ones((threads, _tile.ROWS * TILE_DEPTH), dtype), np.ones((threads, width * TILE_DEPTH), dtype)
    c = np.zeros((threads, _tile.ROWS * width), dtype)
    run = _tiles.parallel if threads > 1 else _tiles.serial
    best = math.inf
    for _ in range(TILE_ROUNDS):
        begun = time.process_time()
        run(a, b, c)
        best = min(best, (time.process_time() - begun) / threads)
    return 2 * c.size * TILE_DEPTH * TILE_TIMES / best


@kernel
def _tiles(a, b, c):
    for thread in numba.prange(len(a)):
        strip, panel, tile = a[thread], b[thread], c[thread]
        for _ in range(TILE_TIMES):
            _tile.dot(TILE_DEPTH, strip, 0, TILE_DEPTH, 1, panel, 0, tile, 0, _tile.width_of(tile), False)


def _numbers(size: float) -> int:
    return max(1, round(size / 4))


@kernel
def _pass(source, target, parts, sums):
    """Copy; what is left is added up, or filled."""
    read, written = (len(source) + parts - 1) // parts, (len(target) + parts - 1) // parts
    for part in numba.prange(parts):
        first, into = part * read, target[part * written : (part + 1) * written]
        size = max(0, min(read, len(source) - first))
        piece = source[first : first + size]
        both = min(size, len(into))
        here = into[:both]
        for i in range(both):
            here[i] = piece[i]
        sums[part] = fold_sum(source, first + both, size - both)
        into[both:] = 0


def described(threads: int) -> dict:
    """What a figure depends on beside the code."""
    versions = {}
    for name in VERSIONS:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return {
        "cpu": _cpu_model(),
        "cores": cores(),
        "threads": threads,
        "blas": _blas(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": versions,
    }


def key_of(machine: dict) -> str:
    """Names the history of a machine: figures of different keys are never compared."""
    return hashlib.sha256(repr(sorted(machine.items())).encode()).hexdigest()[:12]


def _cpu_model() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _blas() -> str:
    from threadpoolctl import threadpool_info

    found = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    told = {f"{pool['internal_api']} {pool['version']} {pool.get('architecture', '')}".strip() for pool in found}
    return ", ".join(sorted(told))
