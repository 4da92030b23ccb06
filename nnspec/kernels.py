"""`nnspec kernels`: every CUDA kernel that the cases of the specification launch, compiled, and what it needs."""

import os
import sys
from dataclasses import dataclass

from nnspec import catalogue
from nnspec.backends import NotSupplied, load
from nnspec.common import DTYPES, Unusable

MOST_REGISTERS = {"float32": 200, "float64": 240}  # of a thread: at 255 a block of 256 fills a multiprocessor


@dataclass(frozen=True)
class Row:
    """One kernel in one dtype and variant, over all its signatures; numbers by target."""

    kernel: str
    dtype: str
    variant: str
    registers: dict[str, int]
    spilled: int
    stack: int
    shared: int
    float64: int
    faults: list[str]


def survey(concepts=()) -> list[Row]:
    """Compile the kernels of these concepts (empty: all) for every target. Raises Unusable or CannotLoad."""
    target = sys.modules.get("nnspec.accelerated.cuda._target")
    if target is not None and target.MODE != "compile":
        raise Unusable("cuda is already loaded in this process for something else than compiling")
    os.environ["NNSPEC_CUDA"] = "compile"
    backend = load("cuda")
    for concept in catalogue.select(concepts):
        if "cuda" in concept.files:
            for spec in (made() for made in catalogue.specs_of(concept)):
                if not backend.inherits(spec.entry):  # a composite launches what its parts launch
                    _launch_all(spec, backend)
    from nnspec.accelerated.cuda._compiler import compiled

    together = {}
    for versions in compiled.values():
        for one in versions:
            together.setdefault((one.kernel, one.dtype, one.variant), []).append(one)
    return [_row(*key, versions) for key, versions in sorted(together.items())]


def _launch_all(spec, backend):
    """Every launch that the spec's small cases lead to. What they return is arbitrary, and nobody looks at it."""
    from nnspec.spec_tests._kinds import Procedure
    from nnspec.spec_tests._problem import Problem

    if isinstance(spec, Procedure):  # it has laws and no cases
        return
    cases = {case.name: case for case in (*spec.cases_of_value(), *spec.cases_of_agreement())}
    for case in cases.values():
        for dtype in DTYPES:
            problem = Problem(spec, case, dtype)
            try:
                spec.run(backend, problem, gradient=bool(problem.douts))
            except NotSupplied:
                break


def _row(kernel, dtype, variant, versions) -> Row:
    registers = {}
    for one in versions:
        registers[one.target] = max(registers.get(one.target, 0), one.registers)
    faults = [fault for one in versions for fault in one.faults]
    if max(registers.values()) > MOST_REGISTERS[dtype]:
        faults.append(f"more than {MOST_REGISTERS[dtype]} registers")
    worst = {name: max(getattr(one, name) for one in versions) for name in ("spilled", "stack", "shared", "float64")}
    return Row(kernel, dtype, variant, dict(sorted(registers.items())), **worst, faults=list(dict.fromkeys(faults)))
