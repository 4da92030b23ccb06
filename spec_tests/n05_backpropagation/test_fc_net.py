"""Fully connected network of any depth, without a norm, with batch and with layer normalization: loss and gradients,
scores without labels, initial parameters. Classic mistakes: mistakes_fc_net.py."""

import copy
import math

import numpy as np

from nnspec.spec_tests._kinds import Case, Composite, Drawing, Function, Malformed
from nnspec.spec_tests._truth import exp, log, named, sqrt, where_positive

EPS, MOMENTUM = 1e-5, 0.9
SIZES = [3, 4, 5]  # one list for every call: what is drawn may not depend on which one it is
NORMED = ("gamma", "beta")


def some_masks(dims, dtype):
    """Another one for each hidden layer, in which every sample keeps something."""
    return {
        f"mask{i}": (7 * np.arange(dims["N"] * size).reshape(dims["N"], size) + i + 1) % 5 < 3
        for i, size in enumerate(dims["H"], start=1)
    }


class FcNet(Composite):
    norm = None

    def definition(self, x, y, *, norm=None, train=True, keep=1, masks=None, reg=0, **params):
        """mean_n -log softmax(scores)_{n,y_n} + reg/2 sum_l |W_l|^2. CS231n, `FullyConnectedNet`."""
        scores, running = scores_of(x, params, norm, train, keep, masks)
        data = sum(log(sum(exp(row))) - row[label] for row, label in zip(scores, y, strict=True)) / len(y)
        weights = [w for key, w in params.items() if key.startswith("W")]
        return data + reg * sum(sum((w**2).ravel()) for w in weights) / 2, *running

    tall = ((257, 33), (2000, 4))  # races are looked for in the parts, and without a norm

    def draw(self, case, dims, dtype):
        inputs = drawn_network(case, dims, dtype, self.norm)
        left_out = case.without if self.norm == "batchnorm" else ("running",)
        return {name: value for name, value in inputs.items() if name not in left_out}


class TestFcNet(FcNet):
    rows = ("05.20",)
    op = "fc_net_loss"

    sizes = {"N": 3, "d": (4,), "H": (5, 6), "C": 2}
    tall = Composite.tall
    cases = (
        Case("regularized", reg=0.7),
        Case("no hidden layer", H=(), reg=0.1),
        Case("one hidden layer", H=(3,)),
        Case("three hidden layers", H=(3, 3, 3)),
        Case("image input", {"N": 2, "d": (2, 1, 2), "H": (3,), "C": 2}),
        Case("dropout", keep=0.6, masks=some_masks),
        Case("masks, and nothing scaled", H=(3,), masks=some_masks),
        Case("no dropout in evaluation", keep=0.6, masks=some_masks, train=False),
    )
    extremes = (
        Case("large scores", inputs={"W3": lambda rng, shape: 1000 * rng.standard_normal(shape)}),
        Case("tiny weights", inputs={f"W{i}": lambda rng, shape: 1e-8 * rng.standard_normal(shape) for i in (1, 2, 3)}),
    )
    bad = (
        Malformed("y out of range", "y", lambda y: y + 1000),
        Malformed("params a list", "params", list),
        Malformed("params None", "params", lambda _: None),
        Malformed("no params", "params", lambda _: {}),
        Malformed("a key that is a number", "params", lambda params: {**params, 7: params["b1"]}),
        Malformed("W2 missing", "params", lambda params: {key: params[key] for key in params if key != "W2"}),
        Malformed("W1 too long", "params", lambda params: {**params, "W1": np.vstack([params["W1"], params["W1"]])}),
        Malformed("gamma1 without a norm", "params", lambda params: {**params, "gamma1": params["b1"]}),
        Malformed("W2 transposed", "params", lambda params: {**params, "W2": params["W2"].T}),
        Malformed("b2 too short", "params", lambda params: {**params, "b2": params["b2"][:-1]}),
        Malformed("W1 a list", "params", lambda params: {**params, "W1": params["W1"].tolist()}),
        Malformed("b1 of another dtype", "params", lambda params: {**params, "b1": params["b1"].astype(np.float32)}),
        Malformed("norm unknown", "norm", lambda _: "instancenorm"),
        Malformed("keep of 0", "keep", lambda _: 0.0),
        Malformed("a mask missing", "masks", lambda _: {"mask1": np.ones((3, 5), bool)}),
        Malformed("masks a list", "masks", lambda _: [np.ones((3, 5), bool), np.ones((3, 6), bool)]),
    )


class TestFcNetDrawn(FcNet):
    """Masks that are not given are drawn, layer after layer, from a generator that is as fresh in every call."""

    rows = ("05.20",)
    op = "fc_net_loss"
    options = {"keep": 0.6}

    def definition(self, x, y, *, keep, **params):
        """mask_l = u < keep with u drawn by rng.random((N, H_l)) for l = 1, 2, …; the rest as with given masks."""
        rng, last = np.random.default_rng(7), sum(key.startswith("W") for key in params)
        masks = {f"mask{i}": rng.random((len(x), len(params[f"b{i}"]))) < keep for i in range(1, last)}
        return super().definition(x, y, keep=keep, masks=masks, **params)

    sizes = {"N": 3, "d": (4,), "H": (5, 2), "C": 6}
    tall = ()

    def run(self, call, problem, gradient=True):
        fresh = copy.copy(problem)
        fresh.options = problem.options | {"rng": np.random.default_rng(7)}
        return super().run(call, fresh, gradient)


class TestFcNetBatchnorm(FcNet):
    rows = ("05.20",)
    op = "fc_net_loss"
    norm = "batchnorm"
    options = {"norm": norm}
    states = ("running_mean1", "running_var1", "running_mean2", "running_var2")
    outputs = ("loss", *states)
    no_gradient = states

    sizes = {"N": 4, "d": (3,), "H": (5, 2), "C": 6}
    cases = (
        Case("regularized", norm=norm, reg=0.7),
        Case("dropout", norm=norm, keep=0.6, masks=some_masks),
        Case("running statistics start at 0", inputs={"beta1": lambda rng, size: np.zeros(size)}, without=("running",)),
    )
    bad = (
        Malformed("beta2 missing", "params", lambda params: {key: params[key] for key in params if key != "beta2"}),
        Malformed("gamma1 too short", "params", lambda params: {**params, "gamma1": params["gamma1"][:-1]}),
        Malformed("a running mean missing", "running", lambda running: {"running_mean1": running["running_mean1"]}),
        Malformed("running a list", "running", lambda running: list(running.values())),
    )


class TestFcNetBatchnormEval(FcNet):
    rows = ("05.20",)
    op = "fc_net_loss"
    norm = "batchnorm"
    options = {"norm": norm, "train": False}
    states = ("running_mean1", "running_var1", "running_mean2", "running_var2")
    outputs = ("loss", *states)
    no_gradient = states

    sizes = {"N": 3, "d": (4,), "H": (5, 2), "C": 6}
    bad = (Malformed("no running statistics", "running", lambda _: None),)


class TestFcNetLayernorm(FcNet):
    rows = ("05.20",)
    op = "fc_net_loss"
    norm = "layernorm"
    options = {"norm": norm}

    sizes = {"N": 2, "d": (3,), "H": (5, 4), "C": 6}
    cases = (
        Case("regularized", norm=norm, reg=0.7),
        Case("dropout", norm=norm, keep=0.6, masks=some_masks),
    )


class TestFcNetScores(Function):
    """Without labels the scores come back, for prediction."""

    rows = ("05.20",)
    op = "fc_net_loss"
    outputs = ("scores",)
    options = {"norm": "batchnorm", "train": False}

    def definition(self, x, y, *, norm, train, keep=1, masks=None, **params):
        """The scores of the network."""
        return scores_of(x, params, norm, train, keep, masks)[0]

    def law_samples_alone(self, run, problem):
        """The scores of a sample are those it has in any batch."""
        x = problem.inputs["x"]
        return run(x=np.repeat(x[:1], len(x), axis=0))["scores"][0], run()["scores"][0]

    tall = FcNet.tall
    sizes = {"N": 3, "d": (4,), "H": (5, 2), "C": 6}
    cases = (Case("no dropout", options={**options, "keep": 0.6, "masks": some_masks}),)

    def draw(self, case, dims, dtype):
        return drawn_network(case, dims, dtype, "batchnorm") | {"y": None}


class TestFcNetInit(Drawing):
    rows = ("05.20",)

    def drawn(self, init, rng):
        return init(SIZES, rng=rng)

    def law_shapes(self, init):
        """W_l (H_{l-1}, H_l), b_l (H_l,), and gamma_l, beta_l (H_l,) of the hidden layers with a norm."""
        found = {
            norm: init([3, 4, 5], norm=norm, rng=np.random.default_rng(0)) for norm in (None, "batchnorm", "layernorm")
        }
        plain = {"W1": (3, 4), "b1": (4,), "W2": (4, 5), "b2": (5,)}
        normed = plain | {"gamma1": (4,), "beta1": (4,)}
        got = [{key: array.shape for key, array in params.items()} for params in found.values()]
        return got == [plain, normed, normed], True

    def law_layers_of_one_unit(self, init):
        """The least a layer may have is one unit."""
        return [array.shape for array in init([1, 1, 1], rng=np.random.default_rng(0)).values()], [(1, 1), (1,)] * 2

    def law_no_hidden_layer(self, init):
        """dims = [D, C] is one affine layer, which has no norm."""
        return sorted(init((3, 5), norm="batchnorm", rng=np.random.default_rng(0))) == ["W1", "b1"], True

    def law_starts_as_the_norm_alone(self, init):
        """b = 0, gamma = 1, beta = 0."""
        params = init([3, 4, 4, 5], norm="layernorm", rng=np.random.default_rng(0))
        wanted = {"b1": 0, "b2": 0, "b3": 0, "gamma1": 1, "gamma2": 1, "beta1": 0, "beta2": 0}
        return [np.all(params[key] == value) for key, value in wanted.items()], [True] * 7

    def law_weights_are_normal(self, init):
        """Mean 0, standard deviation `scale` (by default 1e-2), 68.3 % within one of it: by five standard errors."""
        n, near = 200 * 200, []
        for scale, options in ((0.5, {"scale": 0.5}), (1e-2, {})):
            params = init([200, 200, 200, 200], rng=np.random.default_rng(0), **options)
            for w in (params[f"W{i}"] / scale for i in (1, 2, 3)):
                within = (abs(w) < 1).mean()
                near += [abs(w.mean()) < 5 / n**0.5, abs(w.std() - 1) < 5 / (2 * n) ** 0.5]
                near += [abs(within - 0.6827) < 5 * (0.6827 * 0.3173 / n) ** 0.5]
        return near, [True] * 18

    def law_layers_differ(self, init):
        """No two weights are equal, of one layer or of two."""
        params = init([20, 20, 20, 20], rng=np.random.default_rng(0))
        return len(np.unique([params[f"W{i}"] for i in (1, 2, 3)])), 3 * 20 * 20

    def law_the_generator_decides(self, init):
        """The same generator state draws the same parameters."""
        first, second = (init([3, 4, 5], rng=np.random.default_rng(7)) for _ in range(2))
        return [first[key].tolist() for key in ("W1", "W2")], [second[key].tolist() for key in ("W1", "W2")]

    bad = tuple(
        Malformed(name, "dims", case=Case("", rng=np.random.default_rng(0), inputs={"dims": dims}))
        for name, dims in (("a single size", (3,)), ("a layer of nothing", (3, 0, 2)))
    )


def drawn_network(case, dims, dtype, norm):
    """Parameters, inputs and running statistics; weights over the root of their fan-in."""
    rng = np.random.default_rng(5)
    widths = [math.prod(dims["d"]), *dims["H"], dims["C"]]

    def draw(key, shape, scale=1.0):
        given = case.inputs.get(key)
        return (scale * rng.standard_normal(shape) if given is None else given(rng, shape)).astype(dtype)

    params, running = {}, {}
    for i in range(1, len(widths)):
        before, after = widths[i - 1 : i + 1]
        params |= {f"W{i}": draw(f"W{i}", (before, after), before**-0.5), f"b{i}": draw(f"b{i}", after)}
        if norm and i < len(widths) - 1:
            params |= {f"{name}{i}": draw(f"{name}{i}", after) for name in NORMED}
            running |= {f"running_mean{i}": draw("", after), f"running_var{i}": abs(draw("", after))}
    x = draw("x", (dims["N"], *dims["d"]))
    return {"params": params, "x": x, "y": rng.integers(0, dims["C"], dims["N"]), "running": running}


def standardized(rows, mean, var):
    """Each row by its mean and variance."""
    return np.array([named((row - m) / named(sqrt(v + EPS))) for row, m, v in zip(rows, mean, var, strict=True)])


def statistics(rows):
    mean = [named(sum(row) / len(row)) for row in rows]
    return mean, [named(sum((row - m) ** 2) / len(row)) for row, m in zip(rows, mean, strict=True)]


def scores_of(x, params, norm=None, train=True, keep=1, masks=None):
    """The scores, and the running statistics in the order of the layers."""
    a, running = np.array([row.ravel() for row in x]), []
    last = sum(key.startswith("W") for key in params)
    for i in range(1, last):
        a = named(a @ params[f"W{i}"] + params[f"b{i}"])
        if norm == "layernorm":
            a = params[f"gamma{i}"] * standardized(a, *statistics(a)) + params[f"beta{i}"]
        if norm == "batchnorm":
            old = [params.get(f"running_{name}{i}", 0 * params[f"beta{i}"]) for name in ("mean", "var")]
            used = [np.array(new) for new in statistics(a.T)] if train else old
            running += [MOMENTUM * o + (1 - MOMENTUM) * u for o, u in zip(old, used, strict=True)] if train else old
            a = params[f"gamma{i}"] * standardized(a.T, *used).T + params[f"beta{i}"]
        a = named(a)
        a = where_positive(a, a)
        if masks and train:
            a = a * masks[f"mask{i}"].astype(int) / keep
        a = named(a)
    return named(a @ params[f"W{last}"] + params[f"b{last}"]), running
