"""PyTorch, called as its users call it: forwards on tensors, whose backwards autograd derives."""

from pathlib import Path

from nnspec import collect
from nnspec.adapters.torch import adapted

known_failures = Path(__file__).with_name("known_failures.toml")
globals().update(collect.functions(__name__, adapted=adapted))
