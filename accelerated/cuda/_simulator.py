"""Runs kernels on the CPU, thread by thread, and refuses what a GPU would let pass in silence.

Every CUDA thread is a greenlet, which runs until it waits for others: at a barrier, or in an exchange within its warp.
So a launch is deterministic and takes milliseconds. These end it with an error that says who and where:

out of bounds       any index outside of its array, negative ones included
race                two threads touch one element, at least one of them writes, and no barrier lies in between
divergent barrier   some threads of a block wait where others have ended, or wait for something else
never written       memory starts as NaN, so what is read before it was written shows in the result

Blocks are never ordered among each other. Warps have WARP threads, so that small blocks have several. Simulated are the
parts of numba's cuda that our kernels use, and no more.
"""

import math as standard_math
from types import SimpleNamespace

import numpy as np
from greenlet import getcurrent, greenlet

FULL = 0xFFFFFFFF


class KernelFault(Exception):
    """A kernel did what a GPU does not promise to do right."""


class Thread:
    """One thread of a block. `stamp` says when, in the order that barriers make, it is at work."""

    def __init__(self, index: int, block: "Block"):
        self.index, self.block = index, block
        self.warp = index // cuda.WARP
        self.epoch = self.warp_epoch = 0  # barriers passed, and exchanges within the warp since the last barrier
        self.waits_for = None  # None: can run; "block" or "warp"
        self.offered = self.received = None
        self.arrays_shared = 0
        self.stamped()

    def stamped(self):
        self.stamp = (self.block.index, self.epoch, self.warp, self.warp_epoch, self.index)

    def wait(self, what: str):
        self.waits_for = what
        self.block.hub.switch()

    def __str__(self):
        return f"thread {self.index} of block {self.block.index}"


def ordered(first: tuple, second: tuple) -> bool:
    """Whether a barrier or the program itself puts one stamped access after the other."""
    (block, epoch, warp, warp_epoch, thread), (block2, epoch2, warp2, warp_epoch2, thread2) = first, second
    if block != block2:
        return False
    return thread == thread2 or epoch != epoch2 or (warp == warp2 and warp_epoch != warp_epoch2)


class Memory:
    """Who touched what: global memory during one launch, or the shared memory of one block."""

    def __init__(self):
        self.written: dict[int, tuple] = {}
        self.read: dict[int, list[tuple]] = {}

    def reading(self, at: int, stamp: tuple) -> bool:
        """False if it races."""
        before = self.written.get(at)
        if before is not None and not ordered(before, stamp):
            return False
        readers = self.read.setdefault(at, [])
        if not readers or readers[-1] != stamp:
            readers.append(stamp)
        return True

    def writing(self, at: int, stamp: tuple) -> bool:
        before = self.written.get(at)
        readers = self.read.pop(at, ())
        self.written[at] = stamp
        return (before is None or ordered(before, stamp)) and all(ordered(reader, stamp) for reader in readers)


class Watched:
    """An array as a kernel sees it."""

    def __init__(self, array: np.ndarray, memory: Memory, name: str):
        if not array.flags.c_contiguous:
            raise KernelFault(f"{name} is not contiguous")
        self.shape, self.size, self.ndim, self.dtype = array.shape, array.size, array.ndim, array.dtype
        self.memory, self.name = memory, name
        self.flat = np.asarray(array).reshape(-1)
        self.start = self.flat.ctypes.data  # elements of overlapping views are one element
        self.itemsize = array.itemsize

    def __len__(self):
        return self.shape[0]

    def _at(self, index) -> int:
        index = index if isinstance(index, tuple) else (index,)
        if len(index) != self.ndim:
            raise KernelFault(f"{self.name} has {self.ndim} axes, and is indexed with {len(index)}")
        at = 0
        for i, size in zip(index, self.shape, strict=True):
            if not 0 <= i < size:
                shown = ", ".join(str(int(i)) for i in index)
                raise KernelFault(f"{self.name}[{shown}] is out of bounds of {self.shape}, in {cuda.now}")
            at = at * size + int(i)
        return at

    def __getitem__(self, index):
        at = self._at(index)
        if not self.memory.reading(self.start + at * self.itemsize, cuda.now.stamp):
            raise KernelFault(f"race: {cuda.now} reads {self.name} at {index}, which another thread writes")
        return self.flat[at]

    def __setitem__(self, index, value):
        at = self._at(index)
        if not self.memory.writing(self.start + at * self.itemsize, cuda.now.stamp):
            raise KernelFault(f"race: {cuda.now} writes {self.name} at {index}, which another thread reads or writes")
        self.flat[at] = value


class Block:
    def __init__(self, function, args, index: int, threads: int):
        self.index, self.hub = index, getcurrent()
        self.memory, self.shared = Memory(), []
        self.threads = [Thread(t, self) for t in range(threads)]
        self.work = [greenlet(lambda: function(*args)) for _ in self.threads]

    def run(self):
        forwards = True
        while self._alive():
            order = self.threads if forwards else self.threads[::-1]
            forwards = not forwards  # so that nobody relies on who comes first
            for thread in order:
                if thread.waits_for is None and not self.work[thread.index].dead:
                    cuda.now = thread
                    self.work[thread.index].switch()
            self._release()

    def _alive(self):
        return [thread for thread in self.threads if not self.work[thread.index].dead]

    def _release(self):
        alive = self._alive()
        released = False
        for warp in {thread.warp for thread in alive if thread.waits_for == "warp"}:
            members = [thread for thread in self.threads if thread.warp == warp]
            if all(member.waits_for == "warp" for member in members):
                self._exchange(members)
                released = True
        if released or not alive:
            return
        if len(alive) < len(self.threads) or any(thread.waits_for != "block" for thread in alive):
            stuck = next((t for t in alive if t.waits_for == "warp"), alive[0])
            what = "a barrier" if stuck.waits_for == "block" else "its warp"
            raise KernelFault(f"divergent barrier: {stuck} waits for {what}, and others have ended or wait elsewhere")
        for thread in alive:
            thread.epoch, thread.warp_epoch, thread.waits_for = thread.epoch + 1, 0, None
            thread.stamped()

    def _exchange(self, members):
        for lane, thread in enumerate(members):
            source, _ = thread.offered(lane)
            inside = 0 <= source < len(members)
            thread.received = members[source if inside else lane].offered(lane)[1]
        for thread in members:
            thread.warp_epoch, thread.waits_for = thread.warp_epoch + 1, None
            thread.stamped()

    def array(self, shape, dtype) -> Watched:
        """The shared array that this is the thread's next one: the same for all threads."""
        position = cuda.now.arrays_shared
        cuda.now.arrays_shared += 1
        if position == len(self.shared):
            self.shared.append(Watched(poisoned(shape, dtype), self.memory, f"shared array {position}"))
        if self.shared[position].shape != (shape if isinstance(shape, tuple) else (shape,)):
            raise KernelFault(f"{cuda.now} asks for another shared array than the others")
        return self.shared[position]


def poisoned(shape, dtype) -> np.ndarray:
    dtype = np.dtype(dtype)
    return np.full(shape, np.nan if dtype.kind == "f" else np.iinfo(dtype).max // 2, dtype)


class _Cuda:
    """The part of `numba.cuda` that kernels use."""

    WARP = 4
    now: Thread = None

    def __init__(self):
        self.gridDim, self.blockDim = SimpleNamespace(x=0), SimpleNamespace(x=0)
        self.shared = SimpleNamespace(array=lambda shape, dtype, alignment=None: self.now.block.array(shape, dtype))
        self.local = SimpleNamespace(array=poisoned)

    @property
    def threadIdx(self):
        return SimpleNamespace(x=self.now.index)

    @property
    def blockIdx(self):
        return SimpleNamespace(x=self.now.block.index)

    def grid(self, ndim):
        return self.now.block.index * self.blockDim.x + self.now.index

    def gridsize(self, ndim):
        return self.gridDim.x * self.blockDim.x

    def syncthreads(self):
        self.now.wait("block")

    def syncwarp(self):
        self._shuffle(None, lambda lane: lane)

    def shfl_down_sync(self, mask, value, delta):
        return self._shuffle(value, lambda lane: lane + delta)

    def shfl_xor_sync(self, mask, value, lane_mask):
        return self._shuffle(value, lambda lane: lane ^ lane_mask)

    def shfl_sync(self, mask, value, source):
        return self._shuffle(value, lambda lane: source)

    def _shuffle(self, value, source_of):
        thread = self.now
        thread.offered = lambda lane: (source_of(lane), value)
        thread.wait("warp")
        return thread.received

    def launch(self, function, blocks: int, threads: int, args: tuple, names: tuple):
        """Run every block of a launch, one after the other."""
        if threads > 1024:
            raise KernelFault(f"a block has at most 1024 threads, not {threads}")
        memory = Memory()
        seen = [
            Watched(arg, memory, name) if isinstance(arg, np.ndarray) else arg
            for arg, name in zip(args, names, strict=True)
        ]
        self.gridDim.x, self.blockDim.x = blocks, threads
        with np.errstate(all="ignore"):
            for index in range(blocks):
                Block(function, seen, index, threads).run()


class _Math:
    """`math` as a GPU has it: of numbers that overflow or are out of range it gives inf and NaN, in their own dtype."""

    inf, nan, pi = standard_math.inf, standard_math.nan, standard_math.pi

    def __init__(self):
        for name in ("exp", "expm1", "log", "log1p", "sqrt", "tanh", "fabs", "floor", "ceil", "copysign", "isnan"):
            setattr(self, name, getattr(np, name))
        self.atan2, self.hypot = np.arctan2, np.hypot

    @staticmethod
    def erf(x):
        return x.dtype.type(standard_math.erf(x))

    @staticmethod
    def erfc(x):
        return x.dtype.type(standard_math.erfc(x))


cuda, math = _Cuda(), _Math()
