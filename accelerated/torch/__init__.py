"""PyTorch, called as its users call it: forwards on tensors, whose backwards autograd derives."""

from pathlib import Path

from nnspec import reference
from nnspec.backends.adapters.torch import adapted
from nnspec.concepts import collect

known_failures = Path(__file__).with_name("known_failures.toml")
globals().update(collect.twins(__name__, reference, adapted=adapted))
