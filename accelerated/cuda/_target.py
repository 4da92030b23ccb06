"""What the kernels run on, chosen once in every process: the one module that imports numba's cuda.

NNSPEC_CUDA=device     an NVIDIA GPU (the default)
NNSPEC_CUDA=simulate   the simulator of this folder, on the CPU: small inputs only, but it sees races
NNSPEC_CUDA=compile    nothing runs: every launch compiles its kernel for the targets of `_compiler`; results are zeros

Kernels take `cuda`, `math`, `like` and WARP from here. An array "on the device" is numba's, or where there is none a
NumPy array of a class of its own, so that the boundary can tell the two sides apart in all three modes.
"""

import math as standard_math
import os

import numpy as np

from nnspec.backends import CannotLoad

MODE = os.environ.get("NNSPEC_CUDA", "device")
if MODE not in ("device", "simulate", "compile"):
    raise CannotLoad(f"NNSPEC_CUDA must be device, simulate or compile, got {MODE!r}")
ON_DEVICE = MODE == "device"
SIMULATED = MODE == "simulate"
INSTALL = "pip install 'nnspec[cuda]'"


class HostedArray(np.ndarray):
    """Stands for an array on the device where there is no device."""

    def copy_to_host(self):
        return np.array(self, subok=False)


if SIMULATED:
    try:
        from nnspec.accelerated.cuda._simulator import cuda, math
    except ModuleNotFoundError as error:
        raise CannotLoad(f"the simulator needs {error.name}: {INSTALL}") from None
    WARP = cuda.WARP
else:
    try:
        from numba import cuda
    except ImportError as error:
        raise CannotLoad(f"cuda needs numba-cuda, which cannot be imported ({error}): {INSTALL}") from None
    if getattr(cuda, "implementation", "") != "NVIDIA":
        raise CannotLoad(f"cuda needs numba-cuda; numba's own module is deprecated: {INSTALL}")
    if ON_DEVICE and not cuda.is_available():
        raise CannotLoad("cuda needs an NVIDIA GPU and its driver, and finds none; --simulate runs the kernels here")
    math, WARP = standard_math, 32


if SIMULATED:

    def like(x, number):
        """The number as one of the type of x."""
        return x.dtype.type(number)

else:
    from numba.cuda.extending import intrinsic

    @intrinsic
    def like(typingctx, x, number):
        """The number as one of the type of x: a bare float in a float32 kernel makes float64 of what it touches.

        `type(x)(number)` would do, but numba-cuda-mlir, which is to follow numba-cuda, has no lowering for it. There
        this is an `overload`, inlined, that returns `lambda x, number: real(number)`.
        """

        def codegen(context, builder, signature, args):
            return context.cast(builder, args[1], number, x)

        return x(x, number), codegen


def is_on_device(value) -> bool:
    return hasattr(value, "__cuda_array_interface__") if ON_DEVICE else isinstance(value, HostedArray)


def to_device(array):
    """A C-contiguous copy on the device; what is there already and contiguous stays where it is."""
    if not ON_DEVICE:
        ready = is_on_device(array) and array.flags.c_contiguous
        return array if ready else np.array(array, order="C").view(HostedArray)
    if not is_on_device(array):
        return cuda.to_device(np.asarray(array, order="C"))
    array = cuda.as_cuda_array(array)
    return array if array.is_c_contiguous() else cuda.to_device(np.asarray(array.copy_to_host(), order="C"))


def to_host(array) -> np.ndarray:
    """A NumPy copy; of an array without axes its one number."""
    return array.copy_to_host()[()]


def empty(shape, dtype):
    """An array on the device whose contents are arbitrary: in the simulator NaN, which shows what is never written."""
    if ON_DEVICE:
        return cuda.device_array(shape, dtype)
    array = np.ones(shape, dtype).view(HostedArray)
    if not SIMULATED and array.dtype.kind == "b":
        array[...] = False  # ones and no flags: what keeps a twin on its usual way when nothing is computed
    if SIMULATED:
        array[...] = np.nan if array.dtype.kind == "f" else True if array.dtype.kind == "b" else np.iinfo(dtype).max
    return array


def empty_like(array):
    return empty(array.shape, array.dtype)


def flat(array):
    return array.reshape(array.size)


def synchronize():
    if ON_DEVICE:
        cuda.synchronize()
