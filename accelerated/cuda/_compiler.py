"""Compiling kernels without a GPU, and reading off what the machine code needs.

Every kernel that a launch asks for is compiled to PTX by NVVM and to machine code by ptxas, for each of `targets`.
"""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numba import types
from numba.core.typing.typeof import typeof

from nnspec.accelerated.cuda._target import INSTALL, cuda
from nnspec.backends import CannotLoad

TARGETS = {"sm_80": (8, 0), "sm_90": (9, 0)}  # compute capabilities

targets: list[str] = list(TARGETS)  # what is compiled for in this process


@dataclass(frozen=True)
class Compiled:
    """One kernel for one target."""

    kernel: str
    dtype: str
    variant: str  # the keywords of its launch
    target: str
    registers: int
    spilled: int  # bytes stored to local memory because registers ran out
    stack: int  # bytes of local memory in all
    shared: int  # bytes of static shared memory
    float64: int  # instructions on float64

    @property
    def faults(self) -> list[str]:
        """What must not be: float64 in a float32 kernel, spills, arrays that did not fit the registers."""
        told = [f"{self.float64} float64 instructions"] if self.dtype == "float32" and self.float64 else []
        told += [f"{self.spilled} bytes spilled"] if self.spilled else []
        return told + ([f"{self.stack} bytes of stack"] if self.stack else [])


compiled: dict[tuple, list[Compiled]] = {}


def compile_once(name: str, function, real, args: tuple, static: dict, bounds: tuple | None):
    signature = tuple(map(_type_of, args))
    key = (name, real, tuple(sorted(static.items(), key=str)), signature)
    if key in compiled:
        return
    variant = ", ".join(_shown(k, v) for k, v in static.items() if v is not False)
    compiled[key] = []
    for target in targets:
        ptx, _ = cuda.compile_ptx(function, signature, cc=TARGETS[target], launch_bounds=bounds)
        compiled[key].append(
            Compiled(name, np.dtype(real).name, variant, target, **_assembled(ptx, target), float64=_float64(ptx))
        )


def _shown(keyword: str, value) -> str:
    return keyword if value is True else f"{keyword} {getattr(value, '__name__', value)}".replace("<lambda>", "lambda")


def _type_of(arg):
    if isinstance(arg, np.ndarray):
        return types.Array(types.boolean if arg.dtype == bool else typeof(arg.dtype.type(0)), arg.ndim, "C")
    return typeof(arg)


def _float64(ptx: str) -> int:
    return len(re.findall(r"^\s+(?:@\S+\s+)?[\w.]*\.f64\b(?!.*\bparam\b)", ptx, re.MULTILINE))


def _assembled(ptx: str, target: str) -> dict:
    with tempfile.NamedTemporaryFile("w", suffix=".ptx") as file:
        file.write(ptx)
        file.flush()
        command = [_ptxas(), "-v", f"-arch={target}", file.name, "-o", "/dev/null"]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise CannotLoad(f"ptxas refused a kernel: {done.stderr.strip()}")

    def number(pattern):
        found = re.search(rf"(\d+) {pattern}", done.stderr)
        return int(found[1]) if found else 0

    return {
        "registers": int(re.search(r"Used (\d+) registers", done.stderr)[1]),
        "spilled": number("bytes spill stores"),
        "stack": number("bytes stack frame"),
        "shared": number("bytes smem"),
    }


def _ptxas() -> str:
    """The one that pip installed, whose version fits the compiler's; else whatever is on the path."""
    import importlib.util

    package = importlib.util.find_spec("nvidia")
    for folder in package.submodule_search_locations if package else ():
        for found in Path(folder).glob("*/bin/ptxas"):
            return str(found)
    if found := shutil.which("ptxas"):
        return found
    raise CannotLoad(f"there is no ptxas to compile with: {INSTALL}")
