"""`jax:TARGET`: a namespace of forwards on JAX arrays, whose backwards are derived by `jax.vjp`."""

import jax
import jax.numpy as jnp
import numpy as np

from nnspec.adapters import _autodiff

jax.config.update("jax_enable_x64", True)  # float64 in, float64 out


def load(target: str, imported) -> dict:
    return adapted(imported(target))


def adapted(namespace) -> dict:
    return _autodiff.derived(namespace, Jax())


class Jax:
    """JAX, on its default device."""

    def asarray(self, array: np.ndarray):
        return jnp.array(array)

    def is_array(self, value) -> bool:
        return isinstance(value, jax.Array)

    def to_numpy(self, array) -> np.ndarray:
        return np.array(array)

    def vjp(self, function, arrays):
        outputs, derived = jax.vjp(lambda *given: _as_tuple(function(*given)), *arrays)

        def pull(upstream):
            zeros = [jnp.zeros_like(out) if dout is None else dout for out, dout in zip(outputs, upstream, strict=True)]
            return list(derived(tuple(zeros)))

        return outputs, pull


def _as_tuple(outputs):
    return outputs if isinstance(outputs, tuple) else (outputs,)
