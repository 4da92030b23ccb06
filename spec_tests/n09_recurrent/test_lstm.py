"""Long short-term memory: a step, a sequence, and the order of the gates; cases, laws and classic mistakes."""

from dataclasses import replace

import numpy as np

from nnspec.reference import lstm_backward, lstm_forward, lstm_step_backward, lstm_step_forward, permute_gates
from nnspec.reference.n09_recurrent import lstm
from nnspec.spec_tests._kinds import Case, Function, Layer, Malformed, mistake
from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._purity import no_aliases
from nnspec.spec_tests._truth import exp, named, tanh

GATES = "ifog"


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


def bias_of(gate, value):
    """Of one gate only: 50 opens it for good, -50 shuts it."""

    def bias(rng, shape):
        return value * (np.arange(shape[0]) // (shape[0] // 4) == GATES.index(gate))

    return bias


def some_lengths(dims, dtype):
    """T, 0, 1, 2, … steps, and so on: the longest, nothing at all, and what lies between."""
    return (dims["T"] + np.arange(dims["N"])) % (dims["T"] + 1)


def one_step(dims, dtype):
    return np.ones(dims["N"], np.int64)


def large(rng, shape):
    return 1000 * rng.standard_normal(shape)


def tiny(rng, shape):
    return 1e-12 * rng.standard_normal(shape)


saturated = tuple(
    Case(f"bias of {gate} {value}", inputs={"b": bias_of(gate, value)}) for gate in GATES for value in (50, -50)
)


class TestLstmStep(Layer):
    rows = ("09.12",)
    outputs = ("h_next", "c_next")
    tall = ((257, 33), (4000, 4))

    cases = (Case("H equals D", {"N": 2, "D": 3, "H": 3}), Case("one hidden unit", {"N": 2, "D": 2, "H": 1}))
    extremes = (
        *saturated,
        Case("large inputs", inputs={"x": large}),
        Case("a large cell", inputs={"c": large}),
        Case("tiny weights", inputs={"Wx": tiny, "Wh": tiny}),
    )  # fmt: skip
    ties = (Case("empty batch", {"N": 0}), Case("no inputs", {"D": 0}))

    def draw(self, case, dims, dtype):
        return with_gates_of_order_one(super().draw(case, dims, dtype), case, dims, dtype)

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

    @mistake("M54", "sigmoid' = s (1 - s) takes s, the output: here s is squashed once more.",
             replaces="lstm_step_backward")  # fmt: skip
    def slopes_of_what_is_squashed_already(dh_next, dc_next, cache):
        return _through(*_into_gates(dh_next, dc_next, cache, slope=lambda s: _sigmoid(s) * (1 - _sigmoid(s))), cache)

    @mistake("M54", "exp(-a) overflows for large negative a: write exp(a) / (1 + exp(a)) there.",
             replaces="lstm_step_forward")  # fmt: skip
    def exp_overflows(x, h, c, Wx, Wh, b):
        return _step(x, h, c, Wx, Wh, b, sigmoid=lambda a: np.exp(a) / (1 + np.exp(a)))

    @mistake("M84", "The gates come as i, f, o, g; this reads PyTorch's i, f, g, o.", replaces="lstm_step_forward")
    def gates_in_the_order_of_pytorch(x, h, c, Wx, Wh, b):
        return lstm_step_forward(x, h, c, *(permute_gates(w) for w in (Wx, Wh, b)))

    @mistake("M84", "The gates come as i, f, o, g; this reads f, i, o, g.", replaces="lstm_step_forward")
    def forget_gate_first(x, h, c, Wx, Wh, b):
        return lstm_step_forward(x, h, c, *(permute_gates(w, order_to="fiog") for w in (Wx, Wh, b)))

    @mistake("M85", "c' reaches the loss through h' too: add dh' * o * (1 - tanh(c')^2) to dc'.",
             replaces="lstm_step_backward")  # fmt: skip
    def path_through_h_missing(dh_next, dc_next, cache):
        return _through(*_into_gates(dh_next, dc_next, cache, dc=dc_next), cache)

    @mistake("M85", "The path from c' to h' runs through tanh: its slope is 1 - tanh(c')^2.",
             replaces="lstm_step_backward")  # fmt: skip
    def slope_of_the_squashed_cell_missing(dh_next, dc_next, cache):
        o = cache[7]
        return _through(*_into_gates(dh_next, dc_next, cache, dc=dc_next + dh_next * o), cache)

    @mistake("M52", "dh = da Wh^T: Wh is not square, but its four blocks are, and each has to be transposed.",
             replaces="lstm_step_backward")  # fmt: skip
    def blocks_not_transposed(dh_next, dc_next, cache):
        dx, _, *rest = lstm_step_backward(dh_next, dc_next, cache)
        da, _ = _into_gates(dh_next, dc_next, cache)
        blocks = zip(*(np.split(array, 4, axis=1) for array in (da, cache[4])), strict=True)
        return dx, sum(da_gate @ Wh_gate for da_gate, Wh_gate in blocks), *rest

    @mistake("M51", "Sum db over the batch: b is added to every row.", replaces="lstm_step_backward")
    def db_not_summed(dh_next, dc_next, cache):
        *rest, _ = lstm_step_backward(dh_next, dc_next, cache)
        return *rest, _into_gates(dh_next, dc_next, cache)[0]

    @mistake("N73", "h' = o * tanh(c'): the cell is squashed before it is shown.", replaces="lstm_step_forward")
    def cell_shown_as_it_is(x, h, c, Wx, Wh, b):
        _, c_next, cache = lstm_step_forward(x, h, c, Wx, Wh, b)
        o = cache[7]
        return o * c_next, c_next, cache

    @mistake("N74", "The candidate g is a tanh; only i, f and o are sigmoids.", replaces="lstm_step_forward")
    def sigmoid_for_the_candidate(x, h, c, Wx, Wh, b):
        return _step(x, h, c, Wx, Wh, b, candidate=_sigmoid)

    @mistake("N75", "h' shows the new cell, o * tanh(c'), not the one before.", replaces="lstm_step_forward")
    def h_of_the_cell_before(x, h, c, Wx, Wh, b):
        _, c_next, cache = lstm_step_forward(x, h, c, Wx, Wh, b)
        o = cache[7]
        return o * np.tanh(c), c_next, cache

    @mistake("N76", "c' has a gradient of its own, from the step after: add it to what comes through h'.",
             replaces="lstm_step_backward")  # fmt: skip
    def gradient_of_the_cell_ignored(dh_next, dc_next, cache):
        return lstm_step_backward(dh_next, 0 * dc_next, cache)

    @mistake("N820", "Add nothing to the forget gate: a bias of 1 belongs to the initial b, not to every step.",
             replaces="lstm_step_forward")  # fmt: skip
    def forget_bias_of_one(x, h, c, Wx, Wh, b):
        H = h.shape[1]
        return lstm_step_forward(x, h, c, Wx, Wh, b + (np.arange(4 * H) // H == 1).astype(b.dtype))

    @mistake("N821", "dWh = h^T da takes the h that went in, not the one that came out.", replaces="lstm_step_backward")
    def dWh_of_the_new_h(dh_next, dc_next, cache):
        *rest, _, db = lstm_step_backward(dh_next, dc_next, cache)
        o, squashed = cache[7], cache[9]
        return *rest, (o * squashed).T @ _into_gates(dh_next, dc_next, cache)[0], db

    @mistake("N822", "The cell goes on by f: dc of the cell before is dc' * f.", replaces="lstm_step_backward")
    def forget_gate_missing_in_dc(dh_next, dc_next, cache):
        dx, dh, dc, *rest = lstm_step_backward(dh_next, dc_next, cache)
        o, squashed = cache[7], cache[9]
        return dx, dh, dc_next + dh_next * o * (1 - squashed * squashed), *rest


class TestLstm(Layer):
    rows = ("09.13",)
    outputs = ("h", "c_T")

    cases = (
        Case("one step", {"N": 2, "T": 1, "D": 3, "H": 2}),
        Case("two steps", {"N": 1, "T": 2, "D": 2, "H": 3}),
        Case("no c0", {"N": 2, "T": 3, "D": 3, "H": 2}, without=("c0",)),
        Case("H equals D", {"N": 1, "T": 3, "D": 2, "H": 2}),
        Case("one hidden unit", {"N": 2, "T": 2, "D": 2, "H": 1}),
        Case("lengths", {"N": 4, "T": 3, "D": 1, "H": 2}, {"lengths": some_lengths}),
        Case("one length", {"N": 1, "T": 3, "D": 2, "H": 2}, {"lengths": one_step}, without=("c0",)),
    )
    extremes = (
        *(replace(case, dims={"N": 1, "H": 2}) for case in saturated),
        Case("large inputs", {"N": 1, "H": 2}, inputs={"x": large}),
        Case("a large cell", {"N": 1, "H": 2}, inputs={"c0": large}),
    )
    ties = (
        Case("no c0, no gradient of it", {"N": 1, "T": 1, "D": 1, "H": 1}, without=("c0",)),
        Case("empty batch", {"N": 0}),
        Case("no steps", {"T": 0}),
        Case("no steps, and lengths", {"T": 0}, {"lengths": some_lengths}),
        Case("no inputs", {"D": 0}),
    )
    bad = (
        Malformed("a length below 0", "lengths", lambda _: np.array([1, -1])),
        Malformed("a length above T", "lengths", lambda _: np.array([1, 1000])),
        Malformed("lengths of floats", "lengths", lambda _: np.array([1.0, 2.0])),
        Malformed("a length too many", "lengths", lambda _: np.array([1, 1, 1]), ("x",)),
    )

    def draw(self, case, dims, dtype):
        return with_gates_of_order_one(super().draw(case, dims, dtype), case, dims, dtype)

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

    def cases_of_law(self):
        return [
            replace(case, options={"lengths": some_lengths} if "padding" in case.name else {})
            for case in super().cases_of_law()
        ]

    def cases_of_scale(self):
        """Long, wide and with many sequences; batches of all sizes around a block."""
        sizes = {"long": (3, 200, 5, 6), "wide": (30, 3, 40, 70), "many sequences": (2500, 2, 4, 4)}
        sizes |= {f"{n} sequences": (n, 4, 6, 9) for n in (11, 12, 13, 25)}
        cases = [Case(name, dict(zip("NTDH", size, strict=True))) for name, size in sizes.items()]
        return [*cases, Case("lengths", {"N": 27, "T": 6, "D": 5, "H": 9}, {"lengths": some_lengths})]

    def _no_aliases_without_steps(self, backend, problem):
        """Then c_T is c0, and dc0 is dc_T."""
        no_aliases(self, backend, Problem(self, Case("no steps", {"T": 0}), str(problem.dtype)))

    purity = {**Layer.purity, "no aliases without steps": _no_aliases_without_steps}

    def law_a_sequence_in_two_parts(self, run, problem):
        """Going on from h and c of the first step gives what the whole sequence gives."""
        x = problem.inputs["x"]
        first = run(x=x[:, :1])
        rest = run(x=x[:, 1:], h0=first["h"][:, -1].astype(x.dtype), c0=first["c_T"].astype(x.dtype))
        whole = run()
        return np.concatenate([first["h"], rest["h"]], axis=1), whole["h"]

    def law_does_not_see_the_future(self, run, problem):
        """Another last input changes the last h alone."""
        x = problem.inputs["x"].copy()
        x[:, -1] = 3 - x[:, -1]
        return run(x=x)["h"][:, :-1], run()["h"][:, :-1]

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

    @mistake("M80", "h_t also reaches the loss through step t + 1: add its dh to dh[:, t].", replaces="lstm_backward")
    def nothing_flows_back_through_h(dh, dc_T, cache):
        return _backward(dh, dc_T, cache, dh_back=lambda dh_back: 0 * dh_back)

    @mistake("M80", "Add the dh of step t + 1 once: dh[:, t] is what comes from above alone.", replaces="lstm_backward")
    def flow_through_h_added_twice(dh, dc_T, cache):
        return _backward(dh, dc_T, cache, dh_back=lambda dh_back: 2 * dh_back)

    @mistake("M81", "All steps share their weights: add up their gradients.", replaces="lstm_backward")
    def gradients_of_one_step(dh, dc_T, cache):
        return _backward(dh, dc_T, cache, add_up=False)

    @mistake("M83", "The backward runs from the last step to the first.", replaces="lstm_backward")
    def backward_runs_forward(dh, dc_T, cache):
        return _backward(dh, dc_T, cache, order=iter)

    @mistake("M83", "dh0 is what is left after the first step, not the dh of the last one.", replaces="lstm_backward")
    def dh0_of_the_wrong_end(dh, dc_T, cache):
        dx, _, *rest = lstm_backward(dh, dc_T, cache)
        return dx, lstm.lstm_step_backward(dh[:, -1], dc_T, cache[-1][-1])[1], *rest

    @mistake("M84", "The gates come as i, f, o, g; this reads PyTorch's i, f, g, o.", replaces="lstm_forward")
    def gates_in_the_order_of_pytorch(x, h0, Wx, Wh, b, c0=None, **options):
        return lstm_forward(x, h0, *(permute_gates(w) for w in (Wx, Wh, b)), c0, **options)

    @mistake("M84", "The gates come as i, f, o, g; this reads f, i, o, g.", replaces="lstm_forward")
    def forget_gate_first(x, h0, Wx, Wh, b, c0=None, **options):
        return lstm_forward(x, h0, *(permute_gates(w, order_to="fiog") for w in (Wx, Wh, b)), c0, **options)

    @mistake("M86", "The cell carries a gradient too: hand dc from step to step.", replaces="lstm_backward")
    def nothing_flows_back_through_c(dh, dc_T, cache):
        return _backward(dh, dc_T, cache, dc_back=lambda dc_back: 0 * dc_back)

    @mistake("N77", "c_T is an output: its gradient dc_T enters at the last step.", replaces="lstm_backward")
    def gradient_of_the_last_cell_ignored(dh, dc_T, cache):
        return lstm_backward(dh, 0 * dc_T, cache)

    @mistake("N78", "The cell starts at c0: without one at 0, with one there.", replaces="lstm_forward")
    def c0_ignored(x, h0, Wx, Wh, b, c0=None, **options):
        _, _, cache = lstm_forward(x, h0, Wx, Wh, b, c0, **options)
        h, c_T, _ = lstm_forward(x, h0, Wx, Wh, b, **options)
        return h, c_T, cache

    @mistake("N78", "The cell starts at 0, not at h0.", replaces="lstm_forward")
    def cell_starts_at_h0(x, h0, Wx, Wh, b, c0=None, **options):
        return lstm_forward(x, h0, Wx, Wh, b, h0 if c0 is None else c0, **options)

    @mistake("N79", "Each step starts from the h of the one before, not from h0.", replaces="lstm_forward")
    def every_step_starts_from_h0(x, h0, Wx, Wh, b, c0=None, **options):
        _, _, cache = lstm_forward(x, h0, Wx, Wh, b, c0, **options)
        c, hs = np.zeros_like(h0) if c0 is None else c0, []
        for t in range(x.shape[1]):
            h, c, _ = lstm_step_forward(x[:, t], h0, c, Wx, Wh, b)
            hs.append(h)
        return np.stack(hs, axis=1), c, cache

    @mistake("N801", "A sequence is over after its length: what is padded behind it must not change h and c.",
             replaces="lstm_forward")  # fmt: skip
    def lengths_ignored(x, h0, Wx, Wh, b, c0=None, *, lengths=None):
        return lstm_forward(x, h0, Wx, Wh, b, c0)

    @mistake("N801", "Step t runs where t < length, counted from 0: not one step more.", replaces="lstm_forward")
    def one_step_too_many(x, h0, Wx, Wh, b, c0=None, *, lengths=None):
        longer = None if lengths is None else np.minimum(lengths + 1, x.shape[1])
        return lstm_forward(x, h0, Wx, Wh, b, c0, lengths=longer)

    @mistake("N802", "After its end a sequence keeps its last h; PyTorch pads with zeros there.",
             replaces="lstm_forward")  # fmt: skip
    def zeros_after_the_end(x, h0, Wx, Wh, b, c0=None, *, lengths=None):
        h, c_T, cache = lstm_forward(x, h0, Wx, Wh, b, c0, lengths=lengths)
        over = np.arange(x.shape[1]) >= (x.shape[1] if lengths is None else lengths[:, None])
        return np.where(over[..., None], 0, h), c_T, cache

    @mistake("N802", "c stops with h: c_T is the cell of the last step of each sequence.", replaces="lstm_forward")
    def cell_runs_on(x, h0, Wx, Wh, b, c0=None, *, lengths=None):
        h, _, cache = lstm_forward(x, h0, Wx, Wh, b, c0, lengths=lengths)
        return h, lstm_forward(x, h0, Wx, Wh, b, c0)[1], cache

    @mistake("N803", "All h after the end are the last one: add up their dh.", replaces="lstm_backward")
    def gradient_after_the_end_lost(dh, dc_T, cache):
        running = cache[5]
        return lstm_backward(dh * np.broadcast_to(running[..., 0].T[..., None], dh.shape), dc_T, cache)

    @mistake("N803", "The backward needs the lengths as well: steps after the end have no gradient.",
             replaces="lstm_backward")  # fmt: skip
    def lengths_ignored_in_the_backward(dh, dc_T, cache):
        x, h0, Wx, Wh, c0, running, steps = cache
        return lstm.lstm_backward(dh, dc_T, (x, h0, Wx, Wh, c0, np.ones_like(running), steps))

    @mistake("N800", "Without c0 there is no dc0: return None.", replaces="lstm_backward", convention=True)
    def gradient_of_a_cell_that_is_not_there(dh, dc_T, cache):
        *rest, dc0 = lstm_backward(dh, dc_T, cache)
        return *rest, np.zeros_like(dc_T) if dc0 is None else dc0


class TestPermuteGates(Function):
    """PyTorch's weights from ours, and back."""

    rows = ("09.12",)
    tall = ((257, 3),)

    cases = (
        Case("from PyTorch", options={"order_from": "ifgo", "order_to": "ifog"}),
        Case("to f, i, o, g", options={"order_to": "fiog"}),
        Case("a cycle", options={"order_from": "fogi", "order_to": "ifog"}),
        Case("a bias", {"rows": ()}),
    )
    bad = (
        Malformed("w without four blocks", "w", lambda w: w[..., 1:]),
        Malformed("order_from with a gate twice", "order_from", lambda _: "iffg"),
        Malformed("order_to with a gate too few", "order_to", lambda _: "ifo"),
    )

    def draw(self, case, dims, dtype):
        return super().draw(case, dims | {"G": 4 * dims["G"]}, dtype)

    def definition(self, w, *, order_from="ifog", order_to="ifgo"):
        """Block k of the answer is the block of w that belongs to the gate order_to[k]."""
        H = w.shape[-1] // 4
        columns = [order_from.index(order_to[column // H]) * H + column % H for column in range(4 * H)]
        return w[..., columns]

    def law_twice_is_never(self, run, problem):
        """PyTorch's order exchanges the last two blocks: done twice, everything is where it was."""
        return run(w=run()["out"])["out"], problem.inputs["w"]


def _sigmoid(a):
    return lstm._sigmoid(a)


def _step(x, h, c, Wx, Wh, b, *, sigmoid=_sigmoid, candidate=np.tanh):
    """A forward with other nonlinearities, and the cache that goes with it."""
    i, f, o, g = np.split(x @ Wx + h @ Wh + b, 4, axis=1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), candidate(g)
    c_next = f * c + i * g
    squashed = np.tanh(c_next)
    h_next, _, cache = lstm_step_forward(x, h, c, Wx, Wh, b)
    return o * squashed, c_next, cache.of((x, h, c, Wx, Wh, i, f, o, g, squashed), cache.op, [h_next, c_next])


def _into_gates(dh_next, dc_next, cache, *, dc=None, slope=lambda s: s * (1 - s)):
    """(da, dc of the cell before), with another gradient of the cell or another slope of the sigmoids."""
    _, _, c, _, _, i, f, o, g, squashed = cache
    dc = dc_next + dh_next * o * (1 - squashed * squashed) if dc is None else dc
    da = dc * g * slope(i), dc * c * slope(f), dh_next * squashed * slope(o), dc * i * (1 - g * g)
    return np.concatenate(da, axis=1), dc * f


def _through(da, dc, cache):
    x, h, _, Wx, Wh, *_ = cache
    return da @ Wx.T, da @ Wh.T, dc, x.T @ da, h.T @ da, da.sum(axis=0)


def _backward(dh, dc_T, cache, *, order=reversed, dh_back=lambda dh: dh, dc_back=lambda dc: dc, add_up=True):
    """The backward through time in another order, or with other gradients from step to step."""
    x, h0, Wx, Wh, c0, running, steps = cache
    dx, weights = np.zeros_like(x), [np.zeros_like(w) for w in (Wx, Wh, Wh[0])]
    dh0, dc0 = np.zeros_like(h0), dc_T
    for t in order(range(len(steps))):
        into = dh[:, t] + dh_back(dh0), dc_back(dc0)
        dx[:, t], *before, _, _, _ = found = lstm.lstm_step_backward(*(running[t] * d for d in into), steps[t])
        here = found[3:]
        dh0, dc0 = (np.where(running[t], d, after) for d, after in zip(before, into, strict=True))
        weights = [before + now for before, now in zip(weights, here, strict=True)] if add_up else here
    return dx, dh0, *weights, None if c0 is None else dc0
