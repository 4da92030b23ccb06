"""What a function takes, as one long vector, and back."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Leaf:
    """One array of those that a function takes."""

    name: str
    values: np.ndarray  # float64, of its shape
    dtype: np.dtype
    like: Any  # as it was given


class Point:
    """x, whose arrays are NumPy's, PyTorch's or JAX's, alone or in dicts, lists and tuples."""

    def __init__(self, x, what: str = "x"):
        self.x, self.what = x, what
        self.leaves = list(_leaves(x, what))
        self.vector = np.concatenate([leaf.values.ravel() for leaf in self.leaves] or [np.zeros(0)])
        self.eps = float(max((np.finfo(leaf.dtype).eps for leaf in self.leaves), default=np.finfo(float).eps))

    def at(self, vector: np.ndarray):
        """x with other numbers, in new arrays of its own kinds. A complex vector makes complex arrays of NumPy's."""
        parts = iter(np.split(vector, np.cumsum([leaf.values.size for leaf in self.leaves])[:-1]))
        return _rebuilt(self.x, lambda array: _made(next(parts).reshape(np.shape(array)), array))

    def rounded(self, vector: np.ndarray) -> np.ndarray:
        """What is left of the numbers in the dtypes of x."""
        parts = np.split(vector, np.cumsum([leaf.values.size for leaf in self.leaves])[:-1])
        return np.concatenate(
            [part.astype(leaf.dtype).astype(float) for part, leaf in zip(parts, self.leaves, strict=True)]
        )

    def place(self, i: int) -> tuple[str, tuple[int, ...]]:
        """The name of the array and the index of entry i."""
        for leaf in self.leaves:
            if i < leaf.values.size:
                return leaf.name, tuple(map(int, np.unravel_index(i, leaf.values.shape)))
            i -= leaf.values.size
        raise IndexError(i)

    @property
    def only_numpy(self) -> bool:
        return all(isinstance(leaf.like, np.ndarray | np.generic | float) for leaf in self.leaves)


def as_numpy(array) -> np.ndarray:
    return np.asarray(array.detach().cpu() if hasattr(array, "detach") else array)


def _leaves(x, name: str):
    if isinstance(x, dict):
        for key, value in x.items():
            yield from _leaves(value, f"{name}[{key!r}]")
    elif isinstance(x, list | tuple):
        for i, value in enumerate(x):
            yield from _leaves(value, f"{name}[{i}]")
    else:
        array = as_numpy(x)
        if array.dtype.kind != "f":
            said = "whose steps would be lost" if array.dtype.kind in "iub" else "which have no real gradient"
            raise TypeError(f"gradient_check: {name} must be an array of floats, got {array.dtype}, {said}")
        yield Leaf(name, array.astype(float), array.dtype, x)


def _rebuilt(x, make):
    if isinstance(x, dict):
        return {key: _rebuilt(value, make) for key, value in x.items()}
    if isinstance(x, list | tuple):
        entries = [_rebuilt(value, make) for value in x]
        return type(x)(*entries) if hasattr(x, "_fields") else type(x)(entries)
    return make(x)


def _made(values: np.ndarray, like):
    """values as an array of the kind and dtype of `like`."""
    if hasattr(like, "detach"):
        return like.detach().new_tensor(values)
    if isinstance(like, float | np.generic) and values.dtype.kind == "f":
        return type(like)(values)
    if isinstance(like, np.ndarray | float | np.generic):
        return values.astype(like.dtype if values.dtype.kind == "f" else complex)
    import jax.numpy as jnp

    return jnp.asarray(values, like.dtype)
