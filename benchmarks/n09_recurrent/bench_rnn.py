"""Vanilla recurrent network, one step and a sequence, forward and backward: bound by arithmetic, 6 N T H (D + H)
operations; half of it waits for the step before."""

from nnspec.benchmarks._jax import jitted
from nnspec.benchmarks.n09_recurrent._recurrent import Sequence, Step
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


class BenchRnnStep(Step):
    spec = spec.TestRnnStep
    peers = {"jax": jitted(jax_rnn_step)}


class BenchRnn(Sequence):
    spec = spec.TestRnn
    peers = {"jax": jitted(jax_rnn)}
