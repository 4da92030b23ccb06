"""LSTM, one step and a sequence, forward and backward: bound by arithmetic, 24 N T H (D + H) operations; half of it
waits for the step before."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks.n09_recurrent._recurrent import Sequence, Step
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


class BenchLstmStep(Step):
    spec = spec.TestLstmStep
    peers = {"jax": jitted(jax_lstm_step)}
    products = 4


class BenchLstm(Sequence):
    spec = spec.TestLstm
    peers = {"jax": jitted(jax_lstm)}
    products = 4
