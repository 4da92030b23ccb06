"""Which update rules there are: the functions of the reference that keep a state from step to step."""

import inspect

from nnspec import reference
from nnspec.concepts.collect import public_functions


def names() -> list[str]:
    return sorted(name for name, function in public_functions(reference).items() if is_rule(function))


def is_rule(function) -> bool:
    return list(inspect.signature(function).parameters)[:3] == ["w", "dw", "state"]


def require(name: str):
    """Raises ValueError for a name that is none."""
    if name not in names():
        raise ValueError(f"train: rule must be one of {', '.join(names())}, got {name}")
