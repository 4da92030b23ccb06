"""How kernels are made, and how they are launched on whatever the target is.

    @kernel(threads=(256, 8))                  # on the device, and in the simulator
    def scaled(real, threads):                 # a factory: what it closes over is constant to the compiler
        def kernel(x, factor, out):
            for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
                out[i] = factor * x[i]
        return kernel

    scaled(blocks(x.size, scaled.threads), x, 0.5, out)

`real` is the dtype of the first floating array, and Python floats are handed on in it: a float64 constant in a float32
kernel costs 32 times the arithmetic. Keywords of a launch go to the factory. A kernel that gets an attribute `resident`
has its registers limited, so that as many blocks fit a multiprocessor at once.
"""

import inspect
from functools import cache

import numpy as np

from nnspec.accelerated.cuda._target import MODE, SIMULATED, HostedArray, cuda, is_on_device

MOST_BLOCKS = 4 if SIMULATED else 132 * 16  # of a loop in steps of the grid: enough to fill the largest GPU of today


class kernel:
    """Decorates a factory. sizes: each a pair, on the device and in the simulator; `threads` is that of a block."""

    def __init__(self, **sizes: tuple):
        self.sizes = {name: pair[SIMULATED] for name, pair in sizes.items()}
        self.threads = self.sizes["threads"]

    def __call__(self, factory):
        return _Kernel(factory, self.sizes)


class _Kernel:
    def __init__(self, factory, sizes: dict):
        self.name = f"{factory.__module__.rpartition('.')[2].lstrip('_')}.{factory.__qualname__.rpartition('.')[2]}"
        self.threads = sizes["threads"]
        self.sizes = sizes
        takes_real = "real" in inspect.signature(factory).parameters
        self._function = cache(
            lambda real, **static: factory(**({"real": real} if takes_real else {}), **sizes, **static)
        )
        self._compiled = cache(lambda real, **static: self._jitted(self._function(real, **static)))

    def __call__(self, blocks: int, *args, **static):
        """Launch it. Nothing to do for no block at all."""
        if blocks <= 0:
            return
        real = next((arg.dtype.type for arg in args if is_on_device(arg) and arg.dtype.kind == "f"), np.float32)
        args = tuple(real(arg) if isinstance(arg, (float, np.floating)) else arg for arg in args)
        _LAUNCH[MODE](self, real, blocks, args, static)

    def _jitted(self, function):
        return cuda.jit(function, launch_bounds=self._bounds(function))

    def _bounds(self, function):
        return (self.threads, function.resident) if hasattr(function, "resident") else None

    def _on_device(self, real, blocks, args, static):
        self._compiled(real, **static)[blocks, self.threads](*args)

    def _simulated(self, real, blocks, args, static):
        function = self._function(real, **static)
        cuda.launch(function, blocks, self.threads, args, tuple(inspect.signature(function).parameters))

    def _only_compiled(self, real, blocks, args, static):
        from nnspec.accelerated.cuda._compiler import compile_once

        function = self._function(real, **static)
        compile_once(self.name, function, real, args, static, self._bounds(function))


_LAUNCH = {"device": _Kernel._on_device, "simulate": _Kernel._simulated, "compile": _Kernel._only_compiled}


def inlined(function):
    """A function that kernels call. Inlined, because the compiler would ask for the current device otherwise."""
    return function if SIMULATED else cuda.jit(device=True, inline="always")(function)


def blocks(work: int, threads: int) -> int:
    """Of a loop in steps of the whole grid over `work` elements."""
    return min(MOST_BLOCKS, (work + threads - 1) // threads)


__all__ = ["HostedArray", "blocks", "inlined", "kernel"]
