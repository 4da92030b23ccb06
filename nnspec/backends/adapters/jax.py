"""`jax:TARGET`: a namespace of forwards on JAX arrays, whose backwards are derived by `jax.vjp`.

JAX compiles each operation for each shape, which is most of the time that a check takes. So what it compiled is kept
between runs, in a folder of nnspec's own, unless the user has named one.
"""

import jax
import jax.numpy as jnp
import numpy as np

from nnspec.backends.adapters import _autodiff
from nnspec.common import cache_root

jax.config.update("jax_enable_x64", True)  # float64 in, float64 out
if not jax.config.jax_compilation_cache_dir:
    jax.config.update("jax_compilation_cache_dir", str(cache_root() / "jax"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def load(place: str, namespace) -> dict:
    return adapted(namespace())


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
