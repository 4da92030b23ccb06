"""Softmax cross-entropy, forward and backward: one exp a score, then bound by memory."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n02_losses import test_softmax_cross_entropy as spec


def jax_loss(scores, y):
    import jax

    return -jax.numpy.take_along_axis(jax.nn.log_softmax(scores), y[:, None], 1).mean()


class BenchSoftmaxCrossEntropy(Timing):
    spec = spec.TestSoftmaxCrossEntropy
    peers = {"jax": jitted(jax_loss)}
    sizes = {
        "S": {"N": 100, "C": 10},
        "M": {"N": 4096, "C": 10},
        "L": {"N": 4096, "C": 1000},
    }

    def traffic(self, N, C, **_):
        return 3 * N * C
