"""Log-softmax and logsumexp, forward and backward: one exp a score in each direction, then bound by memory."""

from math import prod

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n02_losses import test_log_softmax as spec

SIZES = {
    "S": {"shape": (100, 10)},
    "M": {"shape": (4096, 512)},
    "L": {"shape": (16384, 1024)},
}


def jax_log_softmax(x):
    import jax

    return jax.nn.log_softmax(x)


def jax_logsumexp(x):
    import jax

    return jax.nn.logsumexp(x, axis=-1)


class BenchLogSoftmax(Timing):
    spec = spec.TestLogSoftmax
    peers = {"jax": jitted(jax_log_softmax)}
    sizes = SIZES

    def traffic(self, shape, **_):
        return 5 * prod(shape)


class BenchLogsumexp(Timing):
    spec = spec.TestLogsumexp
    peers = {"jax": jitted(jax_logsumexp)}
    sizes = SIZES

    def traffic(self, shape, **_):
        return 3 * prod(shape) + 2 * prod(shape[:-1])
