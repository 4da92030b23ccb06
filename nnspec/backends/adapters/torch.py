"""`torch:TARGET`: a namespace of forwards on PyTorch tensors, whose backwards are derived by autograd."""

import numpy as np

from nnspec.backends.adapters import _autodiff
from nnspec.backends.errors import CannotLoad

try:
    import torch
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise CannotLoad("it needs PyTorch: pip install 'nnspec[peers]'") from None


def load(place: str, namespace) -> dict:
    return adapted(namespace())


def adapted(namespace) -> dict:
    return _autodiff.derived(namespace, Torch())


class Torch:
    """PyTorch, on the CPU."""

    def asarray(self, array: np.ndarray) -> torch.Tensor:
        """A view where it can be one. PyTorch 2.13 takes strided tensors for contiguous here and there: batch_norm's
        backward its weight, fused Adam everything. A single entry is contiguous even if it is taken backwards."""
        array = np.asarray(array, order="C")
        usable = array.flags.writeable and min(array.strides, default=0) >= 0
        return torch.from_numpy(array if usable else array.copy())

    def is_array(self, value) -> bool:
        return isinstance(value, torch.Tensor)

    def to_numpy(self, tensor: torch.Tensor) -> np.ndarray:
        return tensor.detach().numpy()

    def vjp(self, function, tensors):
        inputs = [tensor.detach().requires_grad_(tensor.is_floating_point()) for tensor in tensors]
        outputs = function(*inputs)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)

        def pull(upstream):
            pairs = [(out, dout) for out, dout in zip(outputs, upstream, strict=True) if dout is not None]
            outs, douts = zip(*pairs, strict=True)
            found = torch.autograd.grad(outs, inputs, douts, retain_graph=True, allow_unused=True)
            return [torch.zeros_like(i) if g is None else g for i, g in zip(inputs, found, strict=True)]

        return outputs, pull
