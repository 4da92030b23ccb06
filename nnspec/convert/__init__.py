"""Parameters of a block or model as PyTorch's own modules hold them, and back; gradients are converted in the same way.

    state = nnspec.convert.to_torch("mha", params)                    # for nn.MultiheadAttention(…).load_state_dict
    params = nnspec.convert.from_torch("mha", module.state_dict())    # or {name: p.grad for … in named_parameters()}

The form of each concept is the module of its name in this package; it says which of PyTorch's modules it means.
"""

import importlib
import pkgutil

import numpy as np


def to_torch(concept: str, params: dict) -> dict:
    """A state dict of tensors from NumPy arrays under the keys of the reference."""
    import torch

    state = _form_of(concept).to_torch(params)
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in state.items()}


def from_torch(concept: str, state: dict) -> dict:
    """NumPy arrays under the keys of the reference from a state dict, or from gradients under its names."""
    arrays = {name: tensor.detach().cpu().numpy() for name, tensor in state.items()}
    return {key: np.array(array) for key, array in _form_of(concept).from_torch(arrays).items()}


def _form_of(concept: str):
    try:
        return importlib.import_module(f"{__name__}.{concept}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{concept}":
            raise
    known = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name[0] != "_")
    raise ValueError(f"convert: concept must be one of {', '.join(known)}, got {concept!r}")
