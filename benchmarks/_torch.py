"""PyTorch's own modules as a peer: a training step of a block or model, as its users write it.

The backend `torch` runs our composites on PyTorch's operations; this is what they are measured against: fused modules,
with the same parameters and the same inputs.
"""

import numpy as np


def trained(concept, made, run=None):
    """peer(problem) of a block or model of which `nnspec.convert` knows the form.

    made(**sizes, **options): the module, within which PyTorch is imported. run(module, *inputs, **options): its output
    or its loss, from the inputs that are no parameters; without it, module(*inputs). A step clears the gradients, runs
    forward and backward. The answer is that of one more step, in our form, and costs what no step does.
    """

    def peer(problem):
        import torch

        from nnspec import convert

        params, spec = problem.inputs["params"] | problem.inputs.get("running", {}), problem.spec
        module = made(**problem.dims, **problem.options).to(getattr(torch, str(problem.dtype)))
        module.load_state_dict(convert.to_torch(concept, params), strict=False)  # not the count of batches
        given = {name: _tensors(value) for name, value in problem.inputs.items() if name not in ("params", "running")}
        moving = {name: given[name].requires_grad_() for name in given if f"d{name}" in getattr(spec, "gradients", ())}
        options = {name: _tensors(value) for name, value in problem.options.items()}
        (dout,) = _tensors(problem.douts)

        def call():
            module.zero_grad()
            for x in moving.values():
                x.grad = None
            out = run(module, *given.values(), **options) if run else module(*given.values())
            out.backward(dout)
            return out

        def answer():
            out = call()
            named = {name: p.grad for name, p in module.named_parameters() if "bias_hh" not in name}  # see convert.lstm
            grads = {name: x.grad.numpy() for name, x in moving.items()} | convert.from_torch(concept, named)
            return {spec.outputs[0]: out.detach().numpy()} | {f"d{key}": gradient for key, gradient in grads.items()}

        call.answer = answer
        return call

    return peer


def _tensors(value):
    import torch

    if isinstance(value, dict):
        return {name: _tensors(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_tensors(one) for one in value]
    return torch.from_numpy(np.array(value)) if isinstance(value, np.ndarray | np.generic) else value
