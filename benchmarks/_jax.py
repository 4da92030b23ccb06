"""JAX as a peer, as its users call it: forward and backward under one `jit`, on arrays that stand ready.

Its pool of threads has the size of the machine, so it is timed only where everybody takes all cores.
"""

import numpy as np


def jitted(forward):
    """peer(problem) of a layer. forward(*inputs, **options) computes its outputs from JAX arrays, the layer's states
    last; `jax.vjp` derives the backward."""

    def peer(problem):
        import jax

        from nnspec.backends.adapters.jax import Jax

        spec, names = problem.spec, list(problem.inputs)
        moving = [name for name in names if f"d{name}" in spec.gradients]
        options = {name: value for name, value in problem.options.items() if isinstance(value, np.ndarray)}
        fixed = {name: value for name, value in problem.options.items() if name not in options}
        inputs, options, douts = jax.device_put((problem.inputs, options, problem.douts))

        @jax.jit
        def both(inputs, options, douts):
            def of_moving(*arrays):
                given = inputs | dict(zip(moving, arrays, strict=True))
                return forward(*(given[name] for name in names), **options, **fixed)

            outputs, pull = Jax().vjp(of_moving, [inputs[name] for name in moving])
            return outputs, pull([*douts, *[None] * len(spec.states)])

        def call():
            outputs, gradients = both(inputs, options, douts)
            answer = [*zip(spec.outputs, outputs, strict=True)]
            answer += [(f"d{name}", gradient) for name, gradient in zip(moving, gradients, strict=True)]
            return {name: np.asarray(value) for name, value in answer}  # waits for it, and copies nothing on a CPU

        return call

    peer.takes_all_cores = True
    return peer
