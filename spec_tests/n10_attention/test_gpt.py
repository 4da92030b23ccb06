"""Decoder-only language model: loss and gradients, scores, initial parameters. Classic mistakes: mistakes_gpt.py."""

import numpy as np

from nnspec import reference
from nnspec.spec_tests._kinds import Case, Composite, Drawing, Function, Malformed
from nnspec.spec_tests._truth import named
from nnspec.spec_tests.n10_attention._transformer import (
    ThroughGelu,
    below,
    cross_entropy_of,
    drawn,
    encoder_layer_of,
    layer_shapes,
    layernorm_of,
)

GENERAL = {
    "square": {"N": 2, "U": 3, "V": 4, "E": 4, "H": 4, "S": 4},
    "odd": {"N": 3, "U": 6, "V": 7, "E": 6, "H": 5, "S": 9, "L": 2},
    "wide": {"N": 2, "U": 18, "V": 35, "E": 34, "H": 33, "S": 40, "L": 2},
    "explained": {"N": 1, "U": 2, "V": 2, "E": 2, "H": 1, "S": 1},
}


class Gpt(ThroughGelu):
    """Sizes beside those of ids: V, E, H, S, the number of layers L, and whether head is wte."""

    options = {"heads": 2}
    sizes = {"N": 2, "U": 3, "V": 5, "E": 4, "H": 3, "S": 4, "L": 1, "tied": 1}
    general = GENERAL
    trivial = ("V", "tied", "L", "S")
    apart = (1,)

    def draw(self, case, dims, dtype):
        ids = np.random.default_rng(3).integers(0, dims["V"], (dims["N"], dims["U"]))
        return {"params": drawn(shapes_of(dims), case, dtype), "ids": case.inputs.get("ids", ids)}


class TestGpt(Gpt, Composite):
    rows = ("10.24", "10.23")
    op = "gpt_loss"

    def definition(self, ids, *, heads, **params):
        """mean -log softmax(LN(pre-LN layers(wte[ids] + wpe)) head^T)[next id]. Radford et al. 2019, sec. 2.3."""
        scores = scores_of(ids[:, :-1], params, heads)
        return cross_entropy_of(scores.reshape(-1, scores.shape[-1]), ids[:, 1:].ravel())

    cases = (
        Case("two layers", {"N": 1, "L": 2}),
        Case("not tied", {"tied": 0}),
        Case("one head", N=1, heads=1),
        Case("one token to read", U=2),
        Case("a token several times", inputs={"ids": np.array([[1, 1, 1], [4, 1, 4]])}),
    )
    bad = (
        Malformed("nothing to foretell", "ids", lambda ids: ids[:, :1]),
        Malformed("more tokens than positions", "ids", lambda ids: ids, ("pe",), U=7),
        Malformed("heads that do not divide E", "heads", lambda _: 3),
        Malformed("wte missing", "params", lambda params: {key: params[key] for key in params if key != "wte"}),
        Malformed("a layer missing", "params", lambda p: {k.replace("layers.1.", "layers.3."): p[k] for k in p}),
        Malformed("a part of a layer missing", "params", lambda p: {k: p[k] for k in p if k != "layers.1.mha.bq"}),
        Malformed("wpe of another width", "params", lambda p: {**p, "wpe": p["wpe"][:, :2]}),
        Malformed("params a list", "params", lambda params: list(params.values())),
    )

    def cases_of_scale(self):
        return [Case("many sequences", {"N": 20, "U": 17, "V": 20, "E": 16, "H": 32, "S": 16, "L": 2})]


class TestGptScores(Gpt, Function):
    rows = ("10.24",)
    op = "gpt_scores"
    outputs = ("scores",)

    def definition(self, ids, *, heads, **params):
        """LN(pre-LN layers(wte[ids] + wpe)) head^T."""
        return scores_of(ids, params, heads)

    def law_does_not_see_the_future(self, run, problem):
        """Another last token changes the scores of the last place alone."""
        ids = problem.inputs["ids"].copy()
        ids[:, -1] = (ids[:, -1] + 1) % problem.dims["V"]
        return run(ids=ids)["scores"][:, :-1], run()["scores"][:, :-1]

    def law_knows_the_order(self, run, problem):
        """The last place sees the tokens before it in their order: the positions tell."""
        before = run(ids=np.array([[1, 2, 3], [1, 2, 3]]))["scores"][:, -1]
        exchanged = run(ids=np.array([[2, 1, 3], [2, 1, 3]]))["scores"][:, -1]
        return [abs(before - exchanged).max() > 1e-3], [True]

    cases = (Case("not tied", {"tied": 0, "N": 1}), Case("one head", heads=1))
    ties = (Case("no sequences", N=0),)

    def cases_of_scale(self):
        return []


class TestGptInit(Drawing):
    rows = ("10.24",)

    def drawn(self, init, rng):
        return init(3, 2, 2, 2, 1, rng=rng)

    def law_shapes(self, init):
        """wte (V, E), wpe (S, E), every layer's parameters, the last norm, and head (V, E) if it is not tied."""
        wanted = shapes_of({"V": 7, "S": 5, "E": 4, "H": 6, "L": 3, "tied": True})
        found = [init(7, 5, 4, 6, 3, rng=np.random.default_rng(0), **tied) for tied in ({}, {"tied": False})]
        shapes = [{key: array.shape for key, array in params.items()} for params in found]
        return [shapes[0] == wanted, shapes[1] == wanted | {"head": (7, 4)}], [True, True]

    def law_starts_as_the_norm_alone(self, init):
        """Biases and beta 0, gamma 1."""
        params = init(7, 5, 4, 6, 2, rng=np.random.default_rng(0))
        vectors = {key: array for key, array in params.items() if array.ndim == 1}
        return [bool((array == key.endswith("gamma")).all()) for key, array in vectors.items()], [True] * len(vectors)

    def law_weights_are_normal(self, init):
        """Mean 0, deviation `scale` (0.02 by default); of Wo and W2, which end a branch, over sqrt(2 L)."""
        far = []
        for scale, L, options in ((0.5, 2, {"scale": 0.5}), (0.02, 3, {})):
            params = init(200, 150, 100, 120, L, tied=False, rng=np.random.default_rng(0), **options)
            for key, w in params.items():
                if w.ndim == 2:
                    w = w / scale * ((2 * L) ** 0.5 if key.endswith(("mha.Wo", "ffn.W2")) else 1)
                    errors = abs(w.mean()) * w.size**0.5, abs(w.std() - 1) * (2 * w.size) ** 0.5
                    within = (abs(w) < 1).mean() - 0.6827
                    errors += (abs(within) * (w.size / (0.6827 * 0.3173)) ** 0.5,)
                    far += [key for error in errors if not error < 5]
        return far, []

    def law_first_loss(self, init):
        """With small weights every token is equally likely: the first loss is log V."""
        rng = np.random.default_rng(0)
        params = init(11, 8, 16, 32, 2, rng=rng)
        loss, _ = reference.gpt_loss(params, rng.integers(0, 11, (20, 9)), heads=4)
        return bool(abs(loss - np.log(11)) < 0.02), True

    def law_layers_differ(self, init):
        """No two weights are equal, of one layer or of two."""
        params = init(5, 5, 4, 4, 3, tied=False, rng=np.random.default_rng(0))
        drawn_weights = np.concatenate([w.ravel() for w in params.values() if w.ndim == 2])
        return len(np.unique(drawn_weights)), drawn_weights.size


def shapes_of(dims):
    shapes = {"wte": (dims["V"], dims["E"]), "wpe": (dims["S"], dims["E"])}
    for l in range(1, dims["L"] + 1):
        shapes |= {f"layers.{l}.{key}": shape for key, shape in layer_shapes(dims["E"], dims["H"]).items()}
    shapes |= {"ln_f.gamma": (dims["E"],), "ln_f.beta": (dims["E"],)}
    return shapes if dims["tied"] else shapes | {"head": (dims["V"], dims["E"])}


def scores_of(ids, params, heads):
    x, T = params["wte"][ids.astype(int)] + params["wpe"][: ids.shape[1]], ids.shape[1]
    for l in range(1, 1 + sum(key.endswith("ln1.gamma") for key in params)):
        layer = below(params, f"layers.{l}.")
        x = named(encoder_layer_of(x, layer, heads, first=True, mask=np.tri(T, dtype=bool)))
    return named(layernorm_of(x, below(params, "ln_f.")) @ params.get("head", params["wte"]).T)
