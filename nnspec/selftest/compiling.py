"""What the machine code of each concept costs: to compile, and in bytes, which tell the same on a busy machine."""

from dataclasses import dataclass

from nnspec.accelerated import cpu
from nnspec.accelerated.cpu import _cache
from nnspec.backends import Backend
from nnspec.common import DTYPES
from nnspec.concepts.catalogue import concepts, specs_of
from nnspec.selftest.kernels import launch_all


@dataclass
class Cost:
    """Of all kernels of a concept in both dtypes. What several concepts share is compiled once and counts for none."""

    kilobytes: float = 0.0
    seconds: float = 0.0  # of one processor, when they were compiled


def costs() -> dict[str, Cost]:
    """By concept, of what its small cases need: compiled now, or found in the cache."""
    backend = Backend("cpu", cpu, ours=True)
    for spec in (made() for concept in concepts().values() for made in specs_of(concept)):
        if not backend.inherits(spec.entry):  # a composite launches what its parts launch
            for dtype in DTYPES:
                launch_all(spec, backend, dtype)
    found = {name: Cost() for name in concepts()}
    for file, size in _cache.sizes():
        if file in found:
            found[file].kilobytes += size / 1000
    for told in _cache.times():
        *_, file, _ = told["kernel"].split(".")
        if file in found:
            found[file].seconds += told["seconds"]
    return found
