"""A backend that goes other ways than the reference: right implementations that are no transcriptions of it.

Its caches are dicts, lists and objects, its gradients come in other forms, its sums run in another order. Whatever is
defined in a file beside this one under a name of the reference is part of it; `variants` and the files `styles_…` hold
further ways under names of their own.
"""

import importlib
import inspect
import pkgutil

from nnspec import reference


def _functions() -> dict:
    """By name. Two files that both have one would leave one of them untried."""
    found = {}
    for file in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{file.name}")
        if file.name == "variants" or file.name.startswith("styles_"):
            continue
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == module.__name__ and hasattr(reference, name):
                assert name not in found, f"{name} stands twice, in {file.name} and {found[name].__module__}"
                found[name] = value
    return found


globals().update(_functions())
