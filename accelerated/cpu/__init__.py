"""How fast each concept can be on a CPU: the reference's functions, in parallel numba kernels."""

from nnspec import reference
from nnspec.concepts import collect

globals().update(collect.twins(__name__, reference))
