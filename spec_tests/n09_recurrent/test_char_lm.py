"""Language model of characters over both cells: loss and gradients, scores, initial parameters.

Classic mistakes: mistakes_char_lm.py.
"""

import numpy as np

from nnspec.spec_tests._kinds import Case, Composite, Drawing, Function, Malformed
from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._purity import no_aliases
from nnspec.spec_tests._truth import exp, log, named
from nnspec.spec_tests.n09_recurrent.test_lstm import step_of as lstm_step_of
from nnspec.spec_tests.n09_recurrent.test_rnn import step_of as rnn_step_of

KEYS = ("W_embed", "Wx", "Wh", "b", "W_vocab", "b_vocab")
HELLO = [[1, 0, 2, 2, 3]]  # h, e, l, l, o


class CharLm(Composite):
    cell = "lstm"

    def definition(self, ids, h=None, c=None, *, cell="lstm", normalize="tokens", **params):
        """loss = mean_nt -log softmax(scores_nt)_{ids_{n, t+1}}, scores of the inputs ids_1 … ids_T. min-char-rnn."""
        scores, states = scores_of(ids[:, :-1], h, c, cell, params)
        (N, T, _), targets, total = scores.shape, ids[:, 1:].astype(int), 0
        for n, t in np.ndindex(N, T):
            total = total + named(log(sum(exp(scores[n, t]))) - scores[n, t, targets[n, t]])
        return total / max(1, N * T if normalize == "tokens" else N), *states

    def law_nothing_known(self, run, problem):
        """Scores that are all equal have the loss log V."""
        W, b = problem.inputs["params"]["W_vocab"], problem.inputs["params"]["b_vocab"]
        return run(W_vocab=0 * W, b_vocab=0 * b)["loss"], np.log(np.longdouble(len(b)))

    def law_in_two_chunks(self, run, problem):
        """A text in two chunks, the second from the states of the first and from its last id, is the whole text."""
        ids, kept = problem.inputs["ids"], self.states
        steps, cut = ids.shape[1] - 1, 2
        first = run(ids=ids[:, : cut + 1])
        second = run(ids=ids[:, cut:], **{name: first[name].astype(problem.dtype) for name in kept})
        loss = (cut * first["loss"] + (steps - cut) * second["loss"]) / steps
        whole = run()
        return [np.append(second[kept[0]], loss), np.append(whole[kept[0]], whole["loss"])]

    def draw(self, case, dims, dtype):
        return drawn_model(case, dims, dtype, self.cell)


class TestCharLm(CharLm):
    rows = ("09.18",)
    op = "char_lm_loss"
    states = ("h", "c")
    outputs = ("loss", *states)
    no_gradient = states

    trivial = ("V", "S")
    sizes = {"N": 2, "S": 4, "V": 3, "E": 2, "H": 2}
    tall = ()
    cases = (
        Case("no states", {"N": 1, "S": 3}, without=("states",)),
        Case("summed over the steps", {"N": 2, "S": 3}, normalize="batch"),
    )
    extremes = (
        Case("large scores", {"N": 1, "S": 3}, inputs={"W_vocab": lambda rng, s: 1000 * rng.standard_normal(s)}),
    )
    ties = (Case("no targets", {"S": 1}),)
    bad = (
        Malformed("the other cell", "cell", lambda _: "rnn", ("params",)),
        Malformed("Wx missing", "params", lambda params: {key: params[key] for key in params if key != "Wx"}),
        Malformed("params a list", "params", list),
        Malformed("no cell", "states", lambda states: {"h": states["h"]}),
        Malformed("h of another batch", "states", lambda states: {**states, "h": np.zeros((9, 2))}),
        Malformed("cell unknown", "cell", lambda _: "gru"),
        Malformed("normalize unknown", "normalize", lambda _: "all"),
    )


class TestCharLmOfRnn(CharLm):
    rows = ("09.18",)
    op = "char_lm_loss"
    cell = "rnn"
    options = {"cell": cell}
    states = ("h",)
    outputs = ("loss", *states)
    no_gradient = states

    trivial = ("V", "S")
    sizes = {"N": 2, "S": 5, "V": 4, "E": 2, "H": 3}
    tall = ()
    cases = (
        Case("no states", {"N": 2, "S": 4}, cell="rnn", without=("states",)),
        Case("summed over the steps", {"N": 3, "S": 4}, cell="rnn", normalize="batch"),
        Case("hello", {"N": 1, "S": 5}, cell="rnn", inputs={"ids": lambda rng, shape: np.array(HELLO)}),
        Case("one step", {"N": 3, "S": 2}, cell="rnn"),
        Case("one character over and over", {"N": 1, "S": 4}, cell="rnn", inputs={"ids": lambda rng, s: np.full(s, 2)}),
    )
    ties = (
        Case("no targets", {"S": 1}, cell="rnn"),
        Case("no targets, summed", {"S": 1}, cell="rnn", normalize="batch"),
    )

    def _no_aliases_without_targets(self, backend, problem):
        """Then the states that come back are those that went in."""
        no_aliases(self, backend, Problem(self, Case("no targets", {"S": 1}), str(problem.dtype)))

    purity = {**Composite.purity, "no aliases without targets": _no_aliases_without_targets}


class CharLmScores(Function):
    cell = "lstm"

    def definition(self, ids, h=None, c=None, *, cell="lstm", **params):
        """scores_t = h_t W_vocab + b_vocab of every id, the last one too, and the states after it. min-char-rnn."""
        scores, states = scores_of(ids, h, c, cell, params)
        return scores, *states

    def law_one_after_another(self, run, problem):
        """Id after id, each from the states of the one before, gives the scores of all at once."""
        ids, states, scores = problem.inputs["ids"], {}, []
        for t in range(ids.shape[1]):
            answer = run(ids=ids[:, t : t + 1], **states)
            states = {name: answer[name].astype(problem.dtype) for name in self.outputs[1:]}
            scores.append(answer["scores"])
        return np.concatenate(scores, axis=1), run()["scores"]

    sizes = {"N": 2, "T": 3, "V": 5, "E": 4, "H": 2}
    tall = ()

    def draw(self, case, dims, dtype):
        return drawn_model(case, dims, dtype, self.cell)

    @property
    def returned(self):
        return {self.op: "(scores, states)"}

    def run(self, call, problem, gradient=True):
        result = call(self.op, *problem.inputs.values(), **problem.options)
        scores, states = self.unpack(result, 2, f"{self.op} must return {self.returned[self.op]}")
        return {"scores": scores} | {name: states[name] for name in self.outputs[1:]}


class TestCharLmScores(CharLmScores):
    rows = ("09.18",)
    outputs = ("scores", "h", "c")


class TestCharLmScoresOfRnn(CharLmScores):
    rows = ("09.18",)
    op = "char_lm_scores"
    cell = "rnn"
    options = {"cell": cell}
    outputs = ("scores", "h")


class TestCharLmInit(Drawing):
    rows = ("09.18",)

    def drawn(self, init, rng):
        return init(3, 4, 5, rng=rng)

    def law_shapes(self, init):
        """An LSTM has four gates, 4H columns; the plain cell H."""
        shapes = {
            cell: [init(3, 4, 5, cell=cell, rng=np.random.default_rng(0))[key].shape for key in KEYS]
            for cell in ("rnn", "lstm")
        }
        plain, gated = ([(3, 4), (4, G), (5, G), (G,), (5, 3), (3,)] for G in (5, 20))
        return shapes, {"rnn": plain, "lstm": gated}

    def law_an_lstm_by_default(self, init):
        """Without a cell it is an LSTM."""
        return init(3, 4, 5, rng=np.random.default_rng(0))["b"].shape, (20,)

    def law_the_least(self, init):
        """One of everything is possible."""
        params = init(1, 1, 1, cell="rnn", rng=np.random.default_rng(0))
        return [params[key].shape for key in KEYS], [(1, 1), (1, 1), (1, 1), (1,), (1, 1), (1,)]

    def law_biases_are_zero(self, init):
        """b = b_vocab = 0."""
        params = init(3, 4, 5, rng=np.random.default_rng(0))
        return np.concatenate([params["b"], params["b_vocab"]]), np.zeros(23)

    def law_weights_are_normal(self, init):
        """Mean 0, deviation 0.01 of the embedding, else 1 over the root of the rows: by five standard errors."""
        params, near = init(150, 100, 64, rng=np.random.default_rng(0)), []
        for key, deviation in (("W_embed", 0.01), ("Wx", 100**-0.5), ("Wh", 64**-0.5), ("W_vocab", 64**-0.5)):
            w, n = params[key] / deviation, params[key].size
            near += [abs(w.mean()) < 5 / n**0.5, abs(w.std() - 1) < 5 / (2 * n) ** 0.5]
            near += [abs((abs(w) < 1).mean() - 0.6827) < 5 * (0.6827 * 0.3173 / n) ** 0.5]
        return near, [True] * 12

    def law_no_two_weights_are_equal(self, init):
        """Neither of one matrix nor of two."""
        params = init(20, 21, 22, rng=np.random.default_rng(0))
        drawn = np.concatenate([params[key].ravel() for key in ("W_embed", "Wx", "Wh", "W_vocab")])
        return len(np.unique(drawn)), len(drawn)


def drawn_model(case, dims, dtype, cell):
    """Parameters over the root of their fan-in, ids and states."""
    rng = np.random.default_rng(5)
    cell = case.options.get("cell", cell)
    V, E, H = (dims[name] for name in "VEH")
    G = H if cell == "rnn" else 4 * H
    shapes = dict(zip(KEYS, ((V, E), (E, G), (H, G), (G,), (H, V), (V,)), strict=True))

    def draw(key, shape):
        given = case.inputs.get(key)
        drawn = rng.standard_normal(shape) / (shape[0] ** 0.5 if len(shape) > 1 and key[0] == "W" else 1)
        return (drawn if given is None else given(rng, shape)).astype(dtype)

    params = {key: draw(key, shape) for key, shape in shapes.items()}
    length = (dims["N"], dims["S"] if "S" in dims else dims["T"])
    ids = case.inputs["ids"](rng, length) if "ids" in case.inputs else rng.integers(0, V, length)
    states = {name: draw(name, (dims["N"], H)) for name in (("h",) if cell == "rnn" else ("h", "c"))}
    return {"params": params, "ids": ids} | ({} if "states" in case.without else {"states": states})


def scores_of(ids, h, c, cell, params):
    """(scores (N, T, V), the states after the last id)."""
    weights, scores = [params[key] for key in ("Wx", "Wh", "b")], []
    ids = ids.astype(int)
    zeros = np.zeros((len(ids), len(params["Wh"])), int).astype(object)
    h_next, c_next = (zeros if state is None else state for state in (h, c))
    for t in range(ids.shape[1]):
        x = params["W_embed"][ids[:, t]]
        if cell == "rnn":
            h_next = rnn_step_of(x, h_next, *weights)
        else:
            h_next, c_next = lstm_step_of(x, h_next, c_next, *weights)
        scores.append(named(h_next @ params["W_vocab"] + params["b_vocab"]))
    none = np.empty((*ids.shape, len(params["b_vocab"])), object)
    return np.stack(scores, axis=1) if scores else none, ([h_next] if cell == "rnn" else [h_next, c_next])
