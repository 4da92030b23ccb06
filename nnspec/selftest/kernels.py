"""`nnspec kernels`: every CUDA kernel that the cases of the specification launch, compiled, and what it needs."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from nnspec.backends import NotSupplied, load
from nnspec.bench.ladder import beside
from nnspec.common import DTYPES
from nnspec.concepts import catalogue

FORMULAS = "formulas"  # the folder of twins that stand once for both targets
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


def survey(concepts=(), targets=(), quick=False) -> list[Row]:
    """Compile the kernels of these concepts for these targets (empty: all). Raises Unusable or CannotLoad.

    quick: formulas in float32 alone. A float64 kernel of one has nothing to hide, and takes as long to compile.

    In fresh processes, one for each dtype: what cuda runs on is chosen once in a process, and no kernel has two dtypes.
    """
    found = [concept for concept in catalogue.select(concepts) if "cuda" in concept.files]
    names = {dtype: [concept.name for concept in found] for dtype in DTYPES}
    if quick:
        names["float64"] = [concept.name for concept in found if FORMULAS not in concept.files["cuda"].parts]
    with ProcessPoolExecutor(len(DTYPES), multiprocessing.get_context("spawn")) as processes:
        surveys = processes.map(_rows, DTYPES, names.values(), [targets] * len(DTYPES))
        rows = [row for found in surveys for row in found]
    return sorted(rows, key=lambda row: (row.kernel, row.dtype, row.variant))


def _rows(dtype: str, names: list[str], targets) -> list[Row]:
    os.environ["NNSPEC_CUDA"] = "compile"
    backend = load("cuda")
    from nnspec.accelerated.cuda import _compiler

    _compiler.targets = list(targets or _compiler.TARGETS)
    for concept in map(catalogue.concepts().get, names):
        ladder = beside(concept, "cuda")
        for spec in (made() for made in catalogue.specs_of(concept)):
            if not backend.inherits(spec.entry):  # a composite launches what its parts launch
                for one in (backend, *(ladder.backends().values() if ladder else ())):
                    launch_all(spec, one, dtype)
    together = {}
    for versions in _compiler.compiled.values():
        for one in versions:
            together.setdefault((one.kernel, one.dtype, one.variant), []).append(one)
    return [_row(*key, versions) for key, versions in together.items()]


def launch_all(spec, backend, dtype):
    """Every launch that the spec's small cases lead to. What they return is arbitrary, and nobody looks at it."""
    from nnspec.spec_tests._kinds import Procedure
    from nnspec.spec_tests._problem import Problem

    if isinstance(spec, Procedure):  # it has laws and no cases
        return
    asked = (*spec.cases_of_value(), *spec.cases_of_generality(), *spec.cases_of_agreement())
    cases = {case.name: case for case in asked}
    for case in cases.values():
        problem = Problem(spec, case, dtype)
        try:
            spec.run(backend, problem, gradient=bool(problem.douts))
        except NotSupplied:
            continue


def _row(kernel, dtype, variant, versions) -> Row:
    registers = {}
    for one in versions:
        registers[one.target] = max(registers.get(one.target, 0), one.registers)
    faults = [fault for one in versions for fault in one.faults]
    if max(registers.values()) > MOST_REGISTERS[dtype]:
        faults.append(f"more than {MOST_REGISTERS[dtype]} registers")
    worst = {name: max(getattr(one, name) for one in versions) for name in ("spilled", "stack", "shared", "float64")}
    return Row(kernel, dtype, variant, dict(sorted(registers.items())), **worst, faults=list(dict.fromkeys(faults)))
