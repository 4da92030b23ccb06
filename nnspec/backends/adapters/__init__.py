"""Backends that have another form than ours: `KIND:TARGET` loads TARGET and adapts it.

cs231n:FOLDER     a folder with the API of the course's assignments
torch:TARGET      forwards on PyTorch tensors; the backwards come from autograd
jax:TARGET        forwards on JAX arrays; the backwards come from jax.vjp

An adapter is a module of this package with one function, `load(place, namespace) -> dict`, the namespace of a backend;
namespace() is what stands behind a dotted module or a path.
"""

import importlib
from pathlib import Path

KINDS = tuple(sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py")))


def load(kind: str, place: str, namespace) -> dict:
    return importlib.import_module(f"{__name__}.{kind}").load(place, namespace)
