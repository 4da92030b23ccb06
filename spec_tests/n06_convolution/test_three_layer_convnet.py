"""Three-layer ConvNet: loss and gradients, the scores without labels, initial parameters."""

import numpy as np

from nnspec import reference
from nnspec.reference import three_layer_convnet_loss
from nnspec.spec_tests._kinds import Case, Composite, Drawing, Function, Malformed, mistake
from nnspec.spec_tests._truth import exp, log, named, where_positive

KEYS = ("W1", "b1", "W2", "b2", "W3", "b3")
SIZES = {"N": 2, "C": 1, "H": 4, "W": 6, "F": 2, "K": 3, "M": 4, "n_classes": 3}
GENERAL = {
    "square": {"N": 3, "C": 3, "H": 3, "W": 3, "F": 3, "K": 3, "M": 3, "n_classes": 3},
    "odd": {"N": 5, "C": 3, "H": 9, "W": 7, "F": 6, "K": 5, "M": 11, "n_classes": 4},
    "wide": {"N": 3, "C": 4, "H": 17, "W": 34, "F": 33, "K": 3, "M": 35, "n_classes": 10},
    "explained": {"N": 1, "C": 1, "H": 2, "W": 2, "F": 1, "K": 1, "M": 1, "n_classes": 2},
}


class TestThreeLayerConvnet(Composite):
    rows = ("06.24",)
    op = "three_layer_convnet_loss"

    def definition(self, x, y, W1, b1, W2, b2, W3, b3, *, reg=0):
        """mean_n -log softmax(relu(pool(relu(conv(x))) W2 + b2) W3 + b3)_{n,y_n} + reg/2 sum |W|^2. CS231n, A2."""
        scores = scores_of(x, W1, b1, W2, b2, W3, b3)
        data = sum(log(sum(exp(row))) - row[label] for row, label in zip(scores, y, strict=True)) / len(y)
        return data + reg * sum(sum((W**2).ravel()) for W in (W1, W2, W3)) / 2

    sizes = SIZES
    general = GENERAL
    cases = (
        Case("regularized", N=1, reg=0.7),
        Case("more than one channel", C=2, W=4),
        Case("odd sizes", N=1, H=5, W=3, reg=0.1),
        Case("filters of one pixel", K=1),
        Case("filters larger than x", N=1, H=2, W=3, K=5),
    )
    extremes = (
        Case("large scores", inputs={"W3": lambda rng, shape: 1000 * rng.standard_normal(shape)}),
        Case("tiny weights", inputs={k: lambda rng, shape: 1e-8 * rng.standard_normal(shape) for k in KEYS[::2]}),
    )
    bad = (
        Malformed("filters of even size", "params", lambda p: {**p, "W1": np.ones((2, 1, 2, 2))}),
        Malformed("filters not square", "params", lambda p: {**p, "W1": np.ones((2, 1, 3, 5))}),
        Malformed("W2 for another image", "params", lambda p: {**p, "W2": np.ones((2 * 4 * 6, 4))}),
    )

    def cases_of_scale(self):
        return [Case("many samples", {"N": 257, "C": 3, "H": 8, "W": 9, "F": 5, "K": 3, "M": 17, "n_classes": 10})]

    @mistake("M15", replaces="three_layer_convnet_loss")
    def penalty_gradient_doubled(params, x, y=None, *, reg=0.0):
        """The gradient of reg/2 |W|^2 is reg W, not 2 reg W."""
        loss, grads = three_layer_convnet_loss(params, x, y, reg=reg)
        return loss, {key: g + reg * params[key] if key[0] == "W" else g for key, g in grads.items()}

    @mistake("M15", replaces="three_layer_convnet_loss")
    def penalty_without_the_half(params, x, y=None, *, reg=0.0):
        """The penalty is reg/2 |W|^2: its gradient reg W belongs to the half."""
        loss, grads = three_layer_convnet_loss(params, x, y, reg=reg)
        return loss + reg / 2 * sum((params[key] ** 2).sum() for key in ("W1", "W2", "W3")), grads

    @mistake("N832", replaces="three_layer_convnet_loss")
    def penalty_gradient_from_the_sum(params, x, y=None, *, reg=0.0):
        """The gradient of the penalty is reg W, entry by entry: not reg times the sum of W."""
        loss, grads = three_layer_convnet_loss(params, x, y, reg=reg)
        return loss, {k: g + reg * (params[k].sum() - params[k]) if k[0] == "W" else g for k, g in grads.items()}

    @mistake("M28", replaces="three_layer_convnet_loss")
    def biases_penalized(params, x, y=None, *, reg=0.0):
        """Biases are not penalized."""
        loss, grads = three_layer_convnet_loss(params, x, y, reg=reg)
        loss = loss + reg / 2 * sum((params[key] ** 2).sum() for key in ("b1", "b2", "b3"))
        return loss, {key: g + reg * params[key] if key[0] == "b" else g for key, g in grads.items()}

    @mistake("M28", replaces="three_layer_convnet_loss")
    def filters_not_penalized(params, x, y=None, *, reg=0.0):
        """The filters are weights too: penalize W1 as well as W2 and W3."""
        loss, grads = three_layer_convnet_loss(params, x, y, reg=reg)
        W1 = params["W1"]
        return loss - reg / 2 * (W1 * W1).sum(), {**grads, "W1": grads["W1"] - reg * W1}

    @mistake("M60", replaces="three_layer_convnet_loss")
    def padded_at_the_end_only(params, x, y=None, *, reg=0.0):
        """Pad by (K - 1) / 2 on every side, or the filters see x shifted."""

        def conv2d_forward(x, w, b, *, pad):
            longer = np.pad(x, [(0, 0), (0, 0), (0, 2 * pad), (0, 2 * pad)])
            return reference.conv2d_forward(longer, w, b)

        return three_layer_convnet_loss(params, x, y, reg=reg, ops=_with(conv2d_forward=conv2d_forward))

    @mistake("M58", replaces="three_layer_convnet_loss")
    def relu_on_the_scores(params, x, y=None, *, reg=0.0):
        """No ReLU after the last layer: scores may be negative."""

        def softmax_cross_entropy_forward(scores, y):
            return reference.softmax_cross_entropy_forward(np.maximum(scores, 0), y)

        ops = _with(softmax_cross_entropy_forward=softmax_cross_entropy_forward)
        return three_layer_convnet_loss(params, x, y, reg=reg, ops=ops)

    @mistake("N29", replaces="three_layer_convnet_loss")
    def relu_after_the_convolution_only(params, x, y=None, *, reg=0.0):
        """A ReLU follows the convolution, and another one the first affine layer."""

        def relu_forward(x):
            return reference.relu_forward(x) if x.ndim == 4 else (x.copy(), None)

        def relu_backward(dout, cache):
            return dout if cache is None else reference.relu_backward(dout, cache)

        ops = _with(relu_forward=relu_forward, relu_backward=relu_backward)
        return three_layer_convnet_loss(params, x, y, reg=reg, ops=ops)

    @mistake("N30", replaces="three_layer_convnet_loss")
    def relu_left_out_of_the_backward(params, x, y=None, *, reg=0.0):
        """Backpropagate through the pool and the ReLU with the caches of their own forward, not in forward order."""

        def relu_backward(dout, cache):
            return dout if dout.ndim == 4 else reference.relu_backward(dout, cache)

        return three_layer_convnet_loss(params, x, y, reg=reg, ops=_with(relu_backward=relu_backward))

    @mistake("M64", replaces="three_layer_convnet_loss")
    def filters_flattened_last(params, x, y=None, *, reg=0.0):
        """Flatten (F, H/2, W/2) as it stands, filters first: W2 counts its rows in that order."""

        def affine_forward(a, w, b):
            if a.ndim < 4:
                return reference.affine_forward(a, w, b)
            out, _ = reference.affine_forward(a.transpose(0, 2, 3, 1).reshape(len(a), len(w)), w, b)
            return out, reference.affine_forward(a, w, b)[1]

        return three_layer_convnet_loss(params, x, y, reg=reg, ops=_with(affine_forward=affine_forward))

    @mistake("N817", replaces="three_layer_convnet_loss")
    def subsampled_instead_of_pooled(params, x, y=None, *, reg=0.0):
        """Pool after the ReLU of the convolution, and over 2 x 2: here nothing is pooled but every second."""

        def max_pool2d_forward(a, *, k):
            *_, H, W = a.shape
            return reference.max_pool2d_forward(a[:, :, : H - H % 2 : 2, : W - W % 2 : 2], k=1)

        def max_pool2d_backward(dout, cache):
            return np.kron(reference.max_pool2d_backward(dout, cache), [[1, 0], [0, 0]]).astype(dout.dtype)

        parts = {"max_pool2d_forward": max_pool2d_forward, "max_pool2d_backward": max_pool2d_backward}
        return three_layer_convnet_loss(params, x, y, reg=reg, ops=_with(**parts))


class TestThreeLayerConvnetScores(Function):
    """Without labels the scores come back, for prediction."""

    rows = ("06.24",)
    op = "three_layer_convnet_loss"
    outputs = ("scores",)

    def definition(self, x, W1, b1, W2, b2, W3, b3):
        """scores = relu(pool(relu(conv(x))) W2 + b2) W3 + b3."""
        return scores_of(x, W1, b1, W2, b2, W3, b3)

    sizes = SIZES
    general = GENERAL

    def draw(self, case, dims, dtype):
        inputs = super().draw(case, dims, dtype)
        return {name: inputs[name] for name in ("params", "x")}

    def cases_of_scale(self):
        return []


class TestThreeLayerConvnetInit(Drawing):
    rows = ("06.24",)

    def drawn(self, init, rng):
        return init(2, 6, 8, 5, 3, 6, 4, rng=rng)

    def law_shapes(self, init):
        """W1 (F, C, K, K), b1 (F,), W2 (F H/2 W/2, M), b2 (M,), W3 (M, n_classes), b3 (n_classes,); H/2 floored."""
        found, wanted = [], []
        for C, H, W, F, K, M, n_classes in ((2, 6, 9, 5, 3, 6, 4), (1, 5, 4, 2, 1, 7, 3)):
            params = init(C, H, W, F, K, M, n_classes, rng=np.random.default_rng(0))
            found += [params[key].shape for key in KEYS]
            wanted += [(F, C, K, K), (F,), (F * (H // 2) * (W // 2), M), (M,), (M, n_classes), (n_classes,)]
        return found, wanted

    def law_biases_are_zero(self, init):
        """b1 = b2 = b3 = 0."""
        params = init(2, 6, 8, 5, 3, 6, 4, rng=np.random.default_rng(0))
        return np.concatenate([params[key] for key in KEYS[1::2]]), np.zeros(15)

    def law_weights_are_normal(self, init):
        """Mean 0, standard deviation `scale` (by default 1e-3), 68.3 % within one of it: by five standard errors."""
        near = []
        for scale, options in ((0.5, {"scale": 0.5}), (1e-3, {})):
            params = init(10, 8, 8, 50, 7, 100, 100, rng=np.random.default_rng(0), **options)
            for w in (params[key] / scale for key in KEYS[::2]):
                n, within = w.size, (abs(w) < 1).mean()
                near += [abs(w.mean()) < 5 / n**0.5, abs(w.std() - 1) < 5 / (2 * n) ** 0.5]
                near += [abs(within - 0.6827) < 5 * (0.6827 * 0.3173 / n) ** 0.5]
        return near, [True] * 18

    def law_first_loss(self, init):
        """With tiny weights every class is equally likely: the first loss is log(n_classes)."""
        rng = np.random.default_rng(0)
        params = init(3, 6, 6, 4, 3, 10, 7, rng=rng)
        loss, _ = three_layer_convnet_loss(params, rng.standard_normal((20, 3, 6, 6)), np.arange(20) % 7)
        return bool(abs(loss - np.log(7)) < 1e-4), True

    def law_filters_differ(self, init):
        """No two filters are equal: equal filters would stay equal for ever."""
        filters = init(3, 4, 4, 50, 3, 2, 2, rng=np.random.default_rng(0))["W1"].reshape(50, -1)
        return len(np.unique(filters, axis=0)), 50

    def law_the_generator_decides(self, init):
        """The same generator state draws the same parameters."""
        first, second = (init(2, 4, 4, 5, 3, 6, 4, rng=np.random.default_rng(7)) for _ in range(2))
        return [first[key].tolist() for key in KEYS], [second[key].tolist() for key in KEYS]

    def law_an_even_filter_is_refused(self, init):
        """K = 4 has no middle: ValueError."""
        try:
            init(2, 4, 4, 5, 4, 6, 4, rng=np.random.default_rng(0))
        except ValueError as error:
            return "K" in str(error), True
        return "no error", True

    @mistake("M57", replaces="three_layer_convnet_init")
    def all_weights_zero(C, H, W, F, K, M, n_classes, *, scale=1e-3, rng):
        """Draw the weights: filters that start equal stay equal."""
        shapes = [(F, C, K, K), (F,), (F * (H // 2) * (W // 2), M), (M,), (M, n_classes), (n_classes,)]
        return {key: np.zeros(shape) for key, shape in zip(KEYS, shapes, strict=True)}

    @mistake("M57", replaces="three_layer_convnet_init")
    def generator_ignored(C, H, W, F, K, M, n_classes, *, scale=1e-3, rng):
        """Use the generator that is given, or no run can be repeated."""
        return reference.three_layer_convnet_init(C, H, W, F, K, M, n_classes, scale=scale, rng=np.random.default_rng())

    @mistake("N31", replaces="three_layer_convnet_init")
    def pool_forgotten_in_the_size_of_w2(C, H, W, F, K, M, n_classes, *, scale=1e-3, rng):
        """The pool halves H and W: W2 takes F (H/2) (W/2) numbers."""
        params = reference.three_layer_convnet_init(C, H, W, F, K, M, n_classes, scale=scale, rng=rng)
        return {**params, "W2": scale * rng.standard_normal((F * H * W, M))}


def _with(**parts):
    """The reference with some of its parts exchanged."""

    class Ops:
        def __getattr__(self, name):
            return parts.get(name) or getattr(reference, name)

    return Ops()


def scores_of(x, W1, b1, W2, b2, W3, b3):
    (N, _, H, W), (F, _, K, _) = x.shape, W1.shape
    pad = (K - 1) // 2
    xpad = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    maps = np.empty((N, F, H, W), object)
    for n, f, i, j in np.ndindex(*maps.shape):
        maps[n, f, i, j] = sum((xpad[n, :, i : i + K, j : j + K] * W1[f]).ravel()) + b1[f]
    maps = named(maps)
    active = named(where_positive(maps, maps))
    pooled = np.empty((N, F, H // 2, W // 2), object)
    for n, f, i, j in np.ndindex(*pooled.shape):
        first, *rest = active[n, f, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].ravel()
        for entry in rest:
            first = named(where_positive(entry - first, entry, first))
        pooled[n, f, i, j] = first
    hidden = named(pooled.reshape(N, -1) @ W2 + b2)
    return named(named(where_positive(hidden, hidden)) @ W3 + b3)
