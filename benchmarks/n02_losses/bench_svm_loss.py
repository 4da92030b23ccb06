"""Multiclass SVM loss, forward and backward: bound by memory, the scores are read twice and their gradient written."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n02_losses import test_svm_loss as spec


def jax_loss(scores, y):
    import jax

    margins = scores - jax.numpy.take_along_axis(scores, y[:, None], 1) + 1
    return (jax.nn.relu(margins).sum(1) - 1).mean()


class BenchSvmLoss(Timing):
    spec = spec.TestSvmLoss
    peers = {"jax": jitted(jax_loss)}
    sizes = {
        "S": {"N": 100, "C": 10},
        "M": {"N": 4096, "C": 10},
        "L": {"N": 4096, "C": 1000},
    }

    def traffic(self, N, C, **_):
        return 3 * N * C
