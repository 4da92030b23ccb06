"""PyTorch, called as its users call it: forwards on tensors, whose backwards autograd derives."""

from nnspec import collect
from nnspec.adapters.torch import adapted

globals().update(collect.functions(__name__, adapted=adapted))
