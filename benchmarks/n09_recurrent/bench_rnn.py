"""Vanilla recurrent network, one step and a sequence, forward and backward: bound by arithmetic, 6 N T H (D + H)
operations; half of it waits for the step before."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n09_recurrent import test_rnn as spec


def jax_rnn_step(x, h, Wx, Wh, b):
    import jax

    return jax.numpy.tanh(x @ Wx + h @ Wh + b)


def jax_rnn(x, h0, Wx, Wh, b):
    import jax

    def step(h, x):
        h = jax_rnn_step(x, h, Wx, Wh, b)
        return h, h

    return jax.lax.scan(step, h0, x.swapaxes(0, 1))[1].swapaxes(0, 1)


class BenchRnnStep(Timing):
    spec = spec.TestRnnStep
    peers = {"jax": jitted(jax_rnn_step)}
    sizes = {
        "S": {"N": 16, "D": 64, "H": 64},
        "M": {"N": 64, "D": 256, "H": 256},
        "L": {"N": 256, "D": 512, "H": 512},
    }

    def flops(self, N, D, H, **_):
        return 6 * N * H * (D + H)


class BenchRnn(Timing):
    spec = spec.TestRnn
    peers = {"jax": jitted(jax_rnn)}
    sizes = {
        "S": {"N": 16, "T": 20, "D": 64, "H": 64},
        "M": {"N": 64, "T": 50, "D": 256, "H": 256},
        "L": {"N": 64, "T": 100, "D": 256, "H": 512},
    }
    scaled = ("T",)

    def flops(self, N, T, D, H, **_):
        return 6 * N * T * H * (D + H)
