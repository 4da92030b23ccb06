"""Vision transformer: loss and gradients, the scores, its pool, initial parameters. Mistakes: mistakes_vit.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Composite, Drawing, Function, Layer, Malformed
from nnspec.spec_tests._truth import exact, named
from nnspec.spec_tests.n10_attention._transformer import (
    ThroughGelu,
    below,
    cross_entropy_of,
    drawn,
    encoder_layer_of,
    layer_shapes,
    layernorm_of,
)

PAPER = {"cls": 1, "pos": 4, "norm_first": 1}


class Vit(ThroughGelu):
    """Sizes beside those of x: E, M, n_classes, layers L; whether there are a class token and rows of positions."""

    options = {"heads": 2, "patch": 2}
    sizes = {"N": 2, "C": 1, "H": 2, "W": 4, "E": 4, "M": 3, "n_classes": 3, "L": 1} | dict.fromkeys(PAPER, 0)
    general = {
        "square": {"N": 2, "C": 2, "H": 4, "W": 2, "E": 4, "M": 4, "n_classes": 2},
        "odd": {"N": 3, "C": 3, "H": 6, "W": 4, "E": 6, "M": 5, "n_classes": 7, "L": 2},
        "wide": {"N": 2, "C": 3, "H": 8, "W": 10, "E": 34, "M": 35, "n_classes": 10, "L": 2},
        "explained": {"N": 1, "C": 1, "H": 2, "W": 2, "E": 2, "M": 1, "n_classes": 2},
    }
    apart = (1,)
    trivial = ("n_classes", "L", "cls", "pos", "norm_first")

    def draw(self, case, dims, dtype):
        rng = np.random.default_rng(3)
        x = rng.standard_normal([dims[name] for name in "NCHW"]).astype(dtype)
        return {"params": drawn(shapes_of(dims), case, dtype), "x": x, "y": rng.integers(0, dims["n_classes"], len(x))}


class TestVit(Vit, Composite):
    rows = ("10.27",)
    op = "vit_loss"

    def definition(self, x, y, *, heads, patch, norm_first=False, act="gelu", reg=0, **params):
        """mean -log softmax(pool(layers(patch_embed(x) + pos)) head)_y + reg/2 |W|^2. Dosovitskiy et al., eq. 1-4."""
        data = cross_entropy_of(scores_of(x, params, heads, int(patch), norm_first, act), y)
        weights = [w for key, w in params.items() if key.rpartition(".")[2][0] in "wW"]
        return data + reg * sum(sum((w**2).ravel()) for w in weights) / 2

    cases = (
        Case("the form of the paper", {"N": 1, **PAPER}, norm_first=True),
        Case("a class token", {"N": 1, "cls": 1}),
        Case("learned positions, more than tokens", {"N": 1, "pos": 3}),
        Case("regularized, relu", N=1, reg=0.7, act="relu"),
        Case("two layers of one pixel", {"N": 1, "H": 1, "W": 2, "L": 2, "patch": 1}, patch=1, heads=1),
    )
    bad = (
        Malformed("heads that do not divide E", "heads", lambda _: 3),
        Malformed("a patch that fits neither w nor x", "patch", lambda _: 3, ("params",)),
        Malformed("an image of no whole patches", "x", lambda x: x[..., :3], ("patch",)),
        Malformed("a head missing", "params", lambda p: {key: p[key] for key in p if key != "head.b"}),
        Malformed("a norm that nothing asks for", "params", lambda p: {**p, "ln_f.gamma": p["patch.b"]}),
        Malformed("too few positions", "params", lambda p: {**p, "pos": p["patch.b"][None]}, ("pe",)),
        Malformed("y out of range", "y", lambda y: y + 1000),
    )

    def cases_of_agreement(self):
        """The forms, at sizes that fit them."""
        larger = {"N": 3, "C": 2, "H": 6, "W": 4, "E": 6, "M": 5, "n_classes": 7, "L": 2}
        paper = Case("the form of the paper, larger", {**larger, **PAPER, "pos": 7}, norm_first=True)
        return [*(case for case in super().cases_of_agreement() if "larger" not in case.name), paper]

    def cases_of_scale(self):
        return [Case("many images", {"N": 40, "C": 3, "H": 8, "W": 8, "E": 16, "M": 32, "n_classes": 10, "L": 2})]


class TestVitScores(Vit, Function):
    """Without labels the scores come back, for prediction."""

    rows = ("10.27",)
    op = "vit_loss"
    outputs = ("scores",)

    def definition(self, x, y, *, heads, patch, norm_first=False, **params):
        """pool(layers(patch_embed(x) + pos)) head.w + head.b."""
        return scores_of(x, params, heads, int(patch), norm_first)

    def law_images_alone(self, run, problem):
        """The scores of an image are those it has in any batch."""
        x = problem.inputs["x"]
        return run(x=np.repeat(x[:1], len(x), axis=0))["scores"][0], run()["scores"][0]

    def law_knows_where_a_patch_is(self, run, problem):
        """With the patches exchanged the scores are others: the positions tell."""
        x = problem.inputs["x"]
        exchanged = np.concatenate([x[..., 2:], x[..., :2]], axis=-1)
        return [abs(run(x=exchanged)["scores"] - run()["scores"]).max() > 1e-3], [True]

    cases = (Case("the form of the paper", {"N": 1, **PAPER}, norm_first=True),)

    def draw(self, case, dims, dtype):
        return super().draw(case, dims, dtype) | {"y": None}

    def cases_of_agreement(self):
        return [case for case in super().cases_of_agreement() if "larger" not in case.name]

    def cases_of_scale(self):
        return []


class TestPoolTokens(Layer):
    rows = ("10.27",)

    def definition(self, x, *, first=False):
        """out_n = mean_t x_nt, CS231n, assignment 3; or x_n0, the class token, Dosovitskiy et al. 2021, eq. 4."""
        return x[:, 0] if first else np.array([sum(tokens) / len(tokens) for tokens in x])

    sizes = {"N": 2, "T": 3, "E": 4}
    apart = (1,)
    cases = (Case("the first", first=True),)
    ties = (Case("no sequences", N=0),)
    bad = (Malformed("no tokens", "x", T=0), Malformed("no first token", "x", T=0, first=True))

    def cases_of_scale(self):
        return []


class TestVitInit(Drawing):
    rows = ("10.27",)

    def drawn(self, init, rng):
        return init(1, 1, 2, 2, 1, 2, rng=rng)

    def law_shapes(self, init):
        """Of the patches, every layer and the head; and what the form of the paper has besides."""
        sizes = {"C": 3, "E": 4, "M": 6, "L": 7, "n_classes": 5, "cls": 0, "pos": 0, "norm_first": 0}
        forms = (
            ({}, {}),
            ({"S": 8}, {"pos": 8}),
            ({"S": 9, "cls": True, "norm_first": True}, PAPER | {"pos": 9}),
        )
        found = [init(3, 2, 4, 6, 7, 5, **form, rng=np.random.default_rng(0)) for form, _ in forms]
        shapes = [{key: array.shape for key, array in params.items()} for params in found]
        return [a == shapes_of(sizes | has) for a, (_, has) in zip(shapes, forms, strict=True)], [True] * 3

    def law_starts_as_the_norm_alone(self, init):
        """Biases and beta 0, gamma 1."""
        params = init(3, 2, 4, 6, 2, 5, norm_first=True, rng=np.random.default_rng(0))
        vectors = {key: array for key, array in params.items() if array.ndim == 1}
        return [bool((array == key.endswith("gamma")).all()) for key, array in vectors.items()], [True] * len(vectors)

    def law_weights_are_normal(self, init):
        """Mean 0 and deviation `scale` (0.02 by default), by five standard errors; no two are equal."""
        far = []
        for scale, options in ((0.5, {"scale": 0.5}), (0.02, {})):
            form = {"S": 150, "cls": True, "norm_first": True}
            params = init(3, 8, 100, 120, 2, 200, **form, **options, rng=np.random.default_rng(0))
            weights = {key: w.ravel() / scale for key, w in params.items() if w.ndim == 2}
            for key, w in weights.items():
                errors = abs(w.mean()) * w.size**0.5, abs(w.std() - 1) * (2 * w.size) ** 0.5
                far += [key for error in errors if not error < 5]
            every = np.concatenate(list(weights.values()))
            far += [] if len(np.unique(every)) == every.size else ["equal ones"]
        return far, []


def shapes_of(dims):
    E, shapes = dims["E"], {"patch.w": (dims["C"] * dims.get("patch", 2) ** 2, dims["E"]), "patch.b": (dims["E"],)}
    shapes |= {"cls": (1, E)} if dims["cls"] else {}
    shapes |= {"pos": (dims["pos"], E)} if dims["pos"] else {}
    for l in range(1, dims["L"] + 1):
        shapes |= {f"layers.{l}.{key}": shape for key, shape in layer_shapes(E, dims["M"]).items()}
    shapes |= {"ln_f.gamma": (E,), "ln_f.beta": (E,)} if dims["norm_first"] else {}
    return shapes | {"head.w": (E, dims["n_classes"]), "head.b": (dims["n_classes"],)}


def scores_of(x, params, heads, p, norm_first, act="gelu"):
    (_, _, H, W), E = x.shape, len(params["patch.b"])
    corners = [(i, j) for i in range(0, H, p) for j in range(0, W, p)]
    patches = np.array([[image[:, i : i + p, j : j + p].ravel() for i, j in corners] for image in x])
    a = patches @ params["patch.w"] + params["patch.b"]
    if "cls" in params:
        a = np.array([np.concatenate([params["cls"], tokens]) for tokens in a])
    a = named(a + params.get("pos", waves(a.shape[1], E))[: a.shape[1]])
    for l in range(1, 1 + sum(key.endswith("ln1.gamma") for key in params)):
        a = named(encoder_layer_of(a, below(params, f"layers.{l}."), heads, first=norm_first, act=act))
    a = layernorm_of(a, below(params, "ln_f.")) if norm_first else a
    pooled = a[:, 0] if "cls" in params else a.sum(axis=1) / a.shape[1]
    return named(named(pooled) @ params["head.w"] + params["head.b"])


def waves(T, E):
    """sin and cos of t / 10000^(2i/E), in turns."""
    angles = np.array([[t / 10000 ** ((j - j % 2) / E) for j in range(E)] for t in range(T)])
    return exact(np.where(np.arange(E) % 2, np.cos(angles), np.sin(angles)))
