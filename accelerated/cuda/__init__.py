"""How fast each concept can be on a GPU: the reference's functions as CUDA kernels."""

from nnspec import reference
from nnspec.accelerated.cuda import _boundary, _target
from nnspec.concepts import collect

if _target.SIMULATED:
    largest_input = 3000  # entries: what the specification asks beyond that would take a simulator minutes
else:
    one_process = True  # a GPU is one, and each process would take a part of its memory

globals().update(collect.twins(__name__, reference, around=_boundary.boundary, device=_target))
