"""Vanilla recurrent network: a step and a sequence. Classic mistakes: mistakes_rnn.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer
from nnspec.spec_tests._truth import named, tanh
from nnspec.spec_tests.n09_recurrent._sequences import OverTime, large, one_step, some_lengths, tiny


class TestRnnStep(Layer):
    rows = ("09.03",)
    outputs = ("h_next",)

    def definition(self, x, h, Wx, Wh, b):
        """h' = tanh(x Wx + h Wh + b). Goodfellow et al. 2016, eq. 10.8 and 10.9."""
        return step_of(x, h, Wx, Wh, b)

    def law_one_matrix(self, run, problem):
        """h' of [h, x] and the stacked [Wh; Wx], as the course's note writes it: what goes in is one vector."""
        D, (H, _), dtype = problem.dims["D"], problem.inputs["Wh"].shape, problem.dtype
        x, h, Wx, Wh = (problem.inputs[name] for name in ("x", "h", "Wx", "Wh"))
        beside = np.zeros((H, D), dtype), np.zeros((D, D), dtype)
        stacked = np.block([[Wh, beside[0]], [Wx, beside[1]]])
        one = run(x=0 * x, h=np.hstack([h, x]), Wx=np.zeros((D, H + D), dtype), Wh=stacked, b=wider(problem, D))
        return one["h_next"][:, :H], run()["h_next"]

    def law_odd(self, run, problem):
        """tanh is odd: with x, h and b of the other sign so is h'."""
        turned = {name: -problem.inputs[name] for name in ("x", "h", "b")}
        return run(**turned)["h_next"], -run()["h_next"]

    tall = ((257, 33), (4000, 4))
    cases = (Case("H equals D", N=2, D=3, H=3), Case("one hidden unit", N=2, D=2, H=1))
    extremes = (
        Case("large inputs", inputs={"x": large}),
        Case("a large state", inputs={"h": large}),
        Case("saturated", inputs={"b": lambda rng, shape: 50 * (-1) ** np.arange(shape[0])}),
        Case("tiny weights", inputs={"Wx": tiny, "Wh": tiny, "b": tiny}),
    )
    ties = (Case("empty batch", N=0), Case("no inputs", D=0))

    def draw(self, case, dims, dtype):
        return with_units_of_order_one(super().draw(case, dims, dtype), case, dims, dtype)


class TestRnn(OverTime):
    rows = ("09.04",)
    outputs = ("h",)

    def definition(self, x, h0, Wx, Wh, b, *, lengths=None):
        """h_t = tanh(x_t Wx + h_{t-1} Wh + b) for t = 1 … T. Goodfellow et al. 2016, eq. 10.8 and 10.9.

        A sequence that is over keeps its h.
        """
        h, hs = h0, []
        for t in range(x.shape[1]):
            over = np.full((len(x), 1), False) if lengths is None else (t >= lengths)[:, None]
            h = np.where(over, h, step_of(x[:, t], h, Wx, Wh, b))
            hs.append(h)
        return np.stack(hs, axis=1)

    def law_a_sequence_in_two_parts(self, run, problem):
        """Going on from h of the first step gives what the whole sequence gives."""
        x = problem.inputs["x"]
        first = run(x=x[:, :1])["h"]
        rest = run(x=x[:, 1:], h0=first[:, -1].astype(x.dtype))["h"]
        return np.concatenate([first, rest], axis=1), run()["h"]

    def law_padding_does_not_count(self, run, problem):
        """After its last step a sequence does not see x: other padding changes nothing."""
        x = problem.inputs["x"]
        over = np.arange(x.shape[1]) >= problem.options["lengths"][:, None]  # (N, T)
        answers = run(x=np.where(over[..., None], 3 - x, x)), run()
        return [np.concatenate([answer[name].ravel() for name in ("h", "dx", "dWx")]) for answer in answers]

    def law_sequences_do_not_meet(self, run, problem):
        """The sequences of a batch have nothing to do with each other: in reverse order they give the same."""
        back = {name: problem.inputs[name][::-1] for name in ("x", "h0")}
        return run(**back)["h"][::-1], run()["h"]

    cases = (
        Case("one step", N=2, T=1, D=3, H=2),
        Case("two steps", N=1, T=2, D=2, H=3),
        Case("H equals D", N=1, T=3, D=2, H=2),
        Case("one hidden unit", N=2, T=4, D=2, H=1),
        Case("lengths", N=4, T=3, D=1, H=2, lengths=some_lengths),
        Case("one length", N=1, T=3, D=2, H=2, lengths=one_step),
    )
    extremes = (
        Case("large inputs", N=1, H=2, inputs={"x": large}),
        Case("saturated", N=1, H=2, inputs={"b": lambda rng, shape: 50 * (-1) ** np.arange(shape[0])}),
        Case("tiny weights", N=1, H=2, inputs={"Wx": tiny, "Wh": tiny, "b": tiny}),
    )

    def draw(self, case, dims, dtype):
        return with_units_of_order_one(super().draw(case, dims, dtype), case, dims, dtype)


def step_of(x, h, Wx, Wh, b):
    return named(tanh(named(x @ Wx + h @ Wh + b)))


def wider(problem, more):
    """b with zeros behind it."""
    return np.concatenate([problem.inputs["b"], np.zeros(more, problem.dtype)])


def with_units_of_order_one(inputs, case, dims, dtype):
    """Weights over the root of their fan-in: what is drawn shall not saturate where D or H is large."""
    for name, fan_in in (("Wx", dims["D"]), ("Wh", dims["H"])):
        if name not in case.inputs:
            inputs[name] = inputs[name] / dtype.type(max(1, fan_in) ** 0.5)
    return inputs
