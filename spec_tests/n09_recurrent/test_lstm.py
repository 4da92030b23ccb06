"""Long short-term memory: a step, a sequence, and the order of the gates. Classic mistakes: mistakes_lstm.py."""

from dataclasses import replace

import numpy as np

from nnspec.spec_tests._kinds import Case, Function, Layer, Malformed
from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._purity import no_aliases
from nnspec.spec_tests._truth import exp, named, tanh
from nnspec.spec_tests.n09_recurrent._sequences import OverTime, bias_of, large, one_step, some_lengths, tiny

SATURATED = tuple(
    Case(f"bias of {gate} {b}", inputs={"b": bias_of(k, b)}) for k, gate in enumerate("ifog") for b in (50, -50)
)


class TestLstmStep(Layer):
    rows = ("09.12",)
    outputs = ("h_next", "c_next")

    def definition(self, x, h, c, Wx, Wh, b):
        """c' = f * c + i * g, h' = o * tanh(c'); i, f, o = sigmoid and g = tanh of a = x Wx + h Wh + b. CS231n, A3."""
        return step_of(x, h, c, Wx, Wh, b)

    def law_forget_gate_shut_and_input_gate_shut(self, run, problem):
        """With i = f = 0 nothing is kept and nothing comes in: c' = 0 and h' = 0."""
        H = problem.dims["H"]
        b = np.repeat([-1000, -1000, 0, 0], H).astype(problem.dtype)
        answer = run(b=b)
        return [answer["h_next"], answer["c_next"]], np.zeros((2, *answer["c_next"].shape))

    def law_a_cell_that_is_kept(self, run, problem):
        """With f = 1 and i = 0 the cell passes through, whatever x and h are."""
        b = np.repeat([-1000, 1000, 0, 0], problem.dims["H"]).astype(problem.dtype)
        return run(b=b)["c_next"], problem.inputs["c"]

    tall = ((257, 33), (4000, 4))
    cases = (Case("H equals D", N=2, D=3, H=3), Case("one hidden unit", N=2, D=2, H=1))
    extremes = (
        *SATURATED,
        Case("large inputs", inputs={"x": large}),
        Case("a large cell", inputs={"c": large}),
        Case("tiny weights", inputs={"Wx": tiny, "Wh": tiny}),
    )
    ties = (Case("empty batch", N=0), Case("no inputs", D=0))

    def draw(self, case, dims, dtype):
        return with_gates_of_order_one(super().draw(case, dims, dtype), case, dims, dtype)


class TestLstm(OverTime):
    rows = ("09.13",)
    outputs = ("h", "c_T")

    def definition(self, x, h0, Wx, Wh, b, c0=None, *, lengths=None):
        """h_t, c_t = step(x_t, h_{t-1}, c_{t-1}) for t = 1 … T; the outputs are all h_t, and c_T. CS231n, A3.

        A sequence that is over keeps its h and c.
        """
        h, c, hs = h0, 0 * h0 if c0 is None else c0, []
        for t in range(x.shape[1]):
            now = step_of(x[:, t], h, c, Wx, Wh, b)
            over = np.full((len(x), 1), False) if lengths is None else (t >= lengths)[:, None]
            h, c = (np.where(over, old, new) for old, new in zip((h, c), now, strict=True))
            hs.append(h)
        return np.stack(hs, axis=1), c

    def law_a_sequence_in_two_parts(self, run, problem):
        """Going on from h and c of the first step gives what the whole sequence gives."""
        x = problem.inputs["x"]
        first = run(x=x[:, :1])
        rest = run(x=x[:, 1:], h0=first["h"][:, -1].astype(x.dtype), c0=first["c_T"].astype(x.dtype))
        whole = run()
        return np.concatenate([first["h"], rest["h"]], axis=1), whole["h"]

    def law_padding_does_not_count(self, run, problem):
        """After its last step a sequence does not see x: other padding changes nothing."""
        x = problem.inputs["x"]
        over = np.arange(x.shape[1]) >= problem.options["lengths"][:, None]  # (N, T)
        answers = run(x=np.where(over[..., None], 3 - x, x)), run()
        return [np.concatenate([answer[name].ravel() for name in ("h", "c_T", "dx", "dWx")]) for answer in answers]

    def law_sequences_do_not_meet(self, run, problem):
        """The sequences of a batch have nothing to do with each other: in reverse order they give the same."""
        back = {name: problem.inputs[name][::-1] for name in ("x", "h0", "c0")}
        return run(**back)["h"][::-1], run()["h"]

    cases = (
        Case("one step", N=2, T=1, D=3, H=2),
        Case("two steps", N=1, T=2, D=2, H=3),
        Case("no c0", N=2, T=3, D=3, H=2, without=("c0",)),
        Case("H equals D", N=1, T=3, D=2, H=2),
        Case("one hidden unit", N=2, T=2, D=2, H=1),
        Case("lengths", N=4, T=3, D=1, H=2, lengths=some_lengths),
        Case("one length", N=1, T=3, D=2, H=2, lengths=one_step, without=("c0",)),
    )
    extremes = (
        *(replace(case, dims={"N": 1, "H": 2}) for case in SATURATED),
        Case("large inputs", N=1, H=2, inputs={"x": large}),
        Case("a large cell", N=1, H=2, inputs={"c0": large}),
    )
    ties = (
        Case("no c0, no gradient of it", N=1, T=1, D=1, H=1, without=("c0",)),
        *OverTime.ties,
    )

    def draw(self, case, dims, dtype):
        return with_gates_of_order_one(super().draw(case, dims, dtype), case, dims, dtype)

    def _no_aliases_without_steps(self, backend, problem):
        """Then c_T is c0, and dc0 is dc_T."""
        no_aliases(self, backend, Problem(self, Case("no steps", T=0), str(problem.dtype)))

    purity = {**Layer.purity, "no aliases without steps": _no_aliases_without_steps}


class TestPermuteGates(Function):
    """PyTorch's weights from ours, and back."""

    rows = ("09.12",)

    def definition(self, w, *, order_from="ifog", order_to="ifgo"):
        """Block k of the answer is the block of w that belongs to the gate order_to[k]."""
        H = w.shape[-1] // 4
        columns = [order_from.index(order_to[column // H]) * H + column % H for column in range(4 * H)]
        return w[..., columns]

    def law_twice_is_never(self, run, problem):
        """PyTorch's order exchanges the last two blocks: done twice, everything is where it was."""
        return run(w=run()["out"])["out"], problem.inputs["w"]

    tall = ((257, 3),)
    cases = (
        Case("from PyTorch", order_from="ifgo", order_to="ifog"),
        Case("to f, i, o, g", order_to="fiog"),
        Case("a cycle", order_from="fogi", order_to="ifog"),
        Case("a bias", {"rows": ()}),
    )
    bad = (
        Malformed("w without four blocks", "w", lambda w: w[..., 1:]),
        Malformed("order_from with a gate twice", "order_from", lambda _: "iffg"),
        Malformed("order_to with a gate too few", "order_to", lambda _: "ifo"),
    )

    def draw(self, case, dims, dtype):
        return super().draw(case, dims | {"G": 4 * dims["G"]}, dtype)


def step_of(x, h, c, Wx, Wh, b):
    """h', c' with a cut after every gate."""
    a = named(x @ Wx + h @ Wh + b)  # (N, 4H)
    a_i, a_f, a_o, a_g = (a[:, k : k + h.shape[1]] for k in range(0, a.shape[1], h.shape[1]))
    i, f, o = (named(1 / (1 + exp(-gate))) for gate in (a_i, a_f, a_o))
    c_next = named(f * c + i * named(tanh(a_g)))
    return named(o * named(tanh(c_next))), c_next


def with_gates_of_order_one(inputs, case, dims, dtype):
    """Weights over the root of their fan-in: what is drawn shall not saturate where D or H is large."""
    for name, fan_in in (("Wx", dims["D"]), ("Wh", dims["H"])):
        if name not in case.inputs:
            inputs[name] = inputs[name] / dtype.type(max(1, fan_in) ** 0.5)
    return inputs
