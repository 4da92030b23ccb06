"""LSTM, one step and a sequence, forward and backward: bound by arithmetic, 24 N T H (D + H) operations; half of it
waits for the step before."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n09_recurrent import test_lstm as spec


def jax_lstm_step(x, h, c, Wx, Wh, b):
    import jax

    i, f, o, g = jax.numpy.split(x @ Wx + h @ Wh + b, 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jax.numpy.tanh(g)
    return jax.nn.sigmoid(o) * jax.numpy.tanh(c), c


def jax_lstm(x, h0, Wx, Wh, b, c0):
    import jax

    def step(state, x):
        h, c = jax_lstm_step(x, *state, Wx, Wh, b)
        return (h, c), h

    (_, c), h = jax.lax.scan(step, (h0, c0), x.swapaxes(0, 1))
    return h.swapaxes(0, 1), c


class BenchLstmStep(Timing):
    spec = spec.TestLstmStep
    peers = {"jax": jitted(jax_lstm_step)}
    sizes = {
        "S": {"N": 16, "D": 64, "H": 64},
        "M": {"N": 64, "D": 256, "H": 256},
        "L": {"N": 256, "D": 512, "H": 512},
    }

    def flops(self, N, D, H, **_):
        return 24 * N * H * (D + H)


class BenchLstm(Timing):
    spec = spec.TestLstm
    peers = {"jax": jitted(jax_lstm)}
    sizes = {
        "S": {"N": 16, "T": 20, "D": 64, "H": 64},
        "M": {"N": 64, "T": 50, "D": 256, "H": 256},
        "L": {"N": 64, "T": 100, "D": 256, "H": 512},
    }
    scaled = ("T",)

    def flops(self, N, T, D, H, **_):
        return 24 * N * T * H * (D + H)
