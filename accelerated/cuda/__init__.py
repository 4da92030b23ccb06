"""How fast each concept can be on a GPU: the reference's functions as CUDA kernels."""

from nnspec import collect
from nnspec.accelerated.cuda import _boundary, _target

if _target.SIMULATED:
    largest_input = 3000  # entries: what the specification asks beyond that would take a simulator minutes
else:
    one_process = True  # a GPU is one, and each process would take a part of its memory

globals().update(collect.functions(__name__, around=_boundary.boundary, device=_target))
