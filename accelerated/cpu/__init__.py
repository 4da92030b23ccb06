"""How fast each concept can be on a CPU: the reference's functions, in parallel numba kernels."""

from nnspec import collect

globals().update(collect.functions(__name__))
