"""The networks of the assignments are called themselves, in the conventions of every year."""

import textwrap

import numpy as np
import pytest

from nnspec import reference
from nnspec.backends.adapters import cs231n
from nnspec.spec_tests._verdict import CheckFailed

LAYERS = """
    import numpy as np

    def affine_forward(x, w, b):
        return x.reshape(len(x), -1) @ w + b, (x, w, b)

    def affine_backward(dout, cache):
        x, w, b = cache
        return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)

    def relu_forward(x):
        return np.maximum(0, x), x

    def relu_backward(dout, x):
        return dout * (x > 0)

    def softmax_loss(x, y):
        p = np.exp(x - x.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1
        return loss, p / len(y)

    def batchnorm_forward(x, gamma, beta, bn_param):
        if bn_param["mode"] == "train":
            mean, var = x.mean(axis=0), x.var(axis=0)
            bn_param["running_mean"] = 0.9 * bn_param.get("running_mean", 0 * mean) + 0.1 * mean
            bn_param["running_var"] = 0.9 * bn_param.get("running_var", 0 * var) + 0.1 * var
        else:
            mean, var = bn_param["running_mean"], bn_param["running_var"]
        std = np.sqrt(var + bn_param.get("eps", 1e-5))
        xhat = (x - mean) / std
        return gamma * xhat + beta, (xhat, std, gamma)

    def batchnorm_backward(dout, cache):
        xhat, std, gamma = cache
        d = dout * gamma
        dx = (d - d.mean(axis=0) - xhat * (d * xhat).mean(axis=0)) / std
        return dx, (dout * xhat).sum(axis=0), dout.sum(axis=0)

    def dropout_forward(x, dropout_param):
        p, mask = dropout_param["p"], None
        if "seed" in dropout_param:
            np.random.seed(dropout_param["seed"])
        if dropout_param["mode"] == "train":
            mask = DROPOUT
            x = x * mask
        return x, (dropout_param, mask)

    def dropout_backward(dout, cache):
        dropout_param, mask = cache
        return dout if mask is None else dout * mask
"""
DROP = "(np.random.rand(*x.shape) >= p) / (1 - p)"
KEEP = "(np.random.rand(*x.shape) < p) / p"

NET = """
    import numpy as np
    from cs231n.layers import *

    class FullyConnectedNet(object):
        def __init__(self, hidden_dims, input_dim=3 * 32 * 32, num_classes=10, {options}, reg=0.0, weight_scale=1e-2,
                     dtype=np.float32, seed=None):
            self.normed, self.drops = {normed}, {drops}
            self.reg, self.dtype, self.num_layers, self.params = reg, dtype, 1 + len(hidden_dims), {{}}
            dims = [input_dim] + hidden_dims + [num_classes]
            for i in range(self.num_layers):
                self.params["W%d" % (i + {first})] = weight_scale * np.random.randn(dims[i], dims[i + 1])
                self.params["b%d" % (i + {first})] = np.zeros(dims[i + 1])
                if self.normed and i < self.num_layers - 1:
                    self.params["gamma%d" % (i + {first})] = np.ones(dims[i + 1])
                    self.params["beta%d" % (i + {first})] = np.zeros(dims[i + 1])
            self.dropout_param = {{}}
            if self.drops:
                self.dropout_param = {{"mode": "train", "p": {p}}}
                if seed is not None:
                    self.dropout_param["seed"] = seed
            self.bn_params = [{{"mode": "train"}} for i in range(self.num_layers - 1)] if self.normed else []
            for k, v in self.params.items():
                self.params[k] = v.astype(dtype)

        def loss(self, X, y=None):
            X = X.astype(self.dtype)
            mode = "test" if y is None else "train"
            if self.drops:
                self.dropout_param["mode"] = mode
            for bn_param in self.bn_params:
                bn_param[{mode}] = mode
            P, a, caches = self.params, X, []
            for i in range(self.num_layers):
                n = i + {first}
                a, one = affine_forward(a, P["W%d" % n], P["b%d" % n])
                two = three = four = None
                if i < self.num_layers - 1:
                    if self.normed:
                        a, two = batchnorm_forward(a, P["gamma%d" % n], P["beta%d" % n], self.bn_params[i])
                    a, three = relu_forward(a)
                    if self.drops{forgets}:
                        a, four = dropout_forward(a, self.dropout_param)
                caches.append((one, two, three, four))
            if mode == "test":
                return a
            loss, da = softmax_loss(a, y)
            grads = {{}}
            for i in reversed(range(self.num_layers)):
                n, (one, two, three, four) = i + {first}, caches[i]
                if four is not None:
                    da = dropout_backward(da, four)
                if three is not None:
                    da = relu_backward(da, three)
                if two is not None:
                    da, grads["gamma%d" % n], grads["beta%d" % n] = batchnorm_backward(da, two)
                da, grads["W%d" % n], grads["b%d" % n] = affine_backward(da, one)
                grads["W%d" % n] += self.reg * P["W%d" % n]
                loss += {half} * self.reg * np.sum(P["W%d" % n] ** 2)
            return loss, grads
"""
YEARS = {
    "2016": {
        "options": "dropout=0, use_batchnorm=False",
        "normed": "use_batchnorm",
        "drops": "dropout > 0",
        "p": "dropout",
        "mode": "mode",
    },
    "2019": {
        "options": "dropout=1, normalization=None",
        "normed": "normalization == 'batchnorm'",
        "drops": "dropout != 1",
        "p": "dropout",
        "mode": "'mode'",
    },
    "2023": {
        "options": "dropout_keep_ratio=1, normalization=None",
        "normed": "normalization == 'batchnorm'",
        "drops": "dropout_keep_ratio != 1",
        "p": "dropout_keep_ratio",
        "mode": "'mode'",
    },
}
RIGHT = {"first": "1", "half": "0.5", "forgets": ""}


@pytest.fixture
def adapted(write):
    def make(net, dropout=KEEP, **files):
        write("cs231n/layers.py", LAYERS.replace("DROPOUT", dropout))
        for name, source in {"classifiers__fc_net": net, **files}.items():
            path = write(f"cs231n/{name.replace('__', '/')}.py", source)
        return cs231n.adapted(cs231n.locate(path.parents[1]))

    return make


def net_of(year, **changes):
    return NET.format(**RIGHT | YEARS[year] | changes)


def problem(norm=None, dtype=np.float64):
    rng = np.random.default_rng(3)
    params = reference.fc_net_init([4, 5, 6, 3], norm=norm, scale=0.5, rng=rng)
    params = {key: (array + 0.1 * rng.standard_normal(array.shape)).astype(dtype) for key, array in params.items()}
    running = {f"running_{s}{i}": abs(rng.standard_normal(n)) for i, n in ((1, 5), (2, 6)) for s in ("mean", "var")}
    masks = {f"mask{i}": rng.random((7, n)) < 0.6 for i, n in ((1, 5), (2, 6))}
    return params, rng.standard_normal((7, 4)).astype(dtype), rng.integers(0, 3, 7), running, masks


def assert_equal(got, want):
    if isinstance(want, dict):
        assert got.keys() == want.keys()
        for key in want:
            assert_equal(got[key], want[key])
    elif isinstance(want, tuple):
        assert len(got) == len(want)
        for one, two in zip(got, want, strict=True):
            assert_equal(one, two)
    else:
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-12)


def assert_same(functions, *args, **options):
    assert_equal(functions["fc_net_loss"](*args, **options), reference.fc_net_loss(*args, **options))


@pytest.mark.parametrize("first", ["0", "1"])
@pytest.mark.parametrize("year", YEARS)
def test_a_right_network_of_each_year(adapted, year, first):
    functions = adapted(net_of(year, first=first), DROP if year == "2016" else KEEP)
    params, x, y, _, masks = problem()
    assert_same(functions, params, x, y, reg=0.7)
    assert_same(functions, params, x)
    assert_same(functions, params, x, y, keep=0.6, masks=masks, reg=0.7)
    params, x, y, running, masks = problem("batchnorm")
    assert_same(functions, params, x, y, running, norm="batchnorm")
    assert_same(functions, params, x, y, norm="batchnorm", keep=0.6, masks=masks)
    assert_same(functions, params, x, None, running, norm="batchnorm", train=False)


def test_the_dtype_is_kept(adapted):
    functions = adapted(net_of("2023"))
    params, x, y, *_ = problem(dtype=np.float32)
    _, grads = functions["fc_net_loss"](params, x, y)
    assert {array.dtype for array in grads.values()} == {np.dtype(np.float32)}


def test_what_the_network_has_not_is_not_implemented(adapted):
    functions = adapted(net_of("2019"))
    params, x, y, *_ = problem("layernorm")
    with pytest.raises(NotImplementedError, match="no layernorm: it makes no gamma1"):
        functions["fc_net_loss"](params, x, y, norm="layernorm")
    with pytest.raises(NotImplementedError, match="has a hidden layer"):
        functions["fc_net_loss"]({"W1": np.ones((4, 3)), "b1": np.ones(3)}, x, y)


def refused(functions, concept):
    """What is said of the regularized case."""
    import nnspec

    ids = [f"{concept}/{name}/regularized/float64" for name in ("value", "gradient")]
    checks = nnspec.check(functions, ids=ids).checks
    assert {check.id for check in checks} == set(ids)
    return [check.text for check in checks if check.state in ("failed", "errored")]


def test_a_wrong_penalty_is_named(adapted):
    assert any("M15" in text for text in refused(adapted(net_of("2023", half="1")), "fc_net"))


def test_dropout_that_is_forgotten_is_wrong(adapted):
    functions = adapted(net_of("2023", forgets=" and False"))
    params, x, y, _, masks = problem()
    got = functions["fc_net_loss"](params, x, y, keep=0.6, masks=masks)
    assert got[0] != reference.fc_net_loss(params, x, y, keep=0.6, masks=masks)[0]


def test_dropout_that_nobody_wrote_yet_is_not_implemented(adapted):
    functions = adapted(net_of("2023").replace("dropout_forward(a, self.dropout_param)", "a, None"))
    params, x, y, _, masks = problem()
    with pytest.raises(NotImplementedError, match="no dropout yet"):
        functions["fc_net_loss"](params, x, y, keep=0.6, masks=masks)


def test_a_dropout_layer_that_takes_p_for_the_other_one_is_not_the_fault_of_the_network(adapted):
    """`dropout=1` is none at all: p is the share that is kept, though the layer drops that much."""
    functions = adapted(net_of("2019"), dropout=DROP)
    params, x, y, _, masks = problem()
    got, want = (of["fc_net_loss"](params, x, y, keep=0.6, masks=masks) for of in (functions, vars(reference)))
    assert got[0] == pytest.approx(want[0])


def test_the_sizes_may_be_changed_that_the_network_is_given(adapted):
    changing = net_of("2023").replace(
        "dims = [input_dim] + hidden_dims + [num_classes]",
        "hidden_dims.insert(0, input_dim); hidden_dims.append(num_classes); dims = hidden_dims",
    )
    functions = adapted(changing)
    params, x, y, _, masks = problem()
    got, want = (of["fc_net_loss"](params, x, y, keep=0.6, masks=masks) for of in (functions, vars(reference)))
    assert got[0] == pytest.approx(want[0])


def test_dropout_written_into_the_network_is_not_judged_by_our_masks(adapted):
    inline = net_of("2023").replace("dropout_forward(a, self.dropout_param)", "self.mine(a), None")
    inline += textwrap.indent("\ndef mine(self, a):\n    return a * (np.random.rand(*a.shape) < 0.6) / 0.6\n", " " * 8)
    functions = adapted(inline)
    params, x, y, _, masks = problem()
    with pytest.raises(NotImplementedError, match="without dropout_forward"):
        functions["fc_net_loss"](params, x, y, keep=0.6, masks=masks)


def test_a_class_that_raises_is_told_under_its_name(adapted):
    """The composite that would be made of its layers does not take its place."""
    functions = adapted("""
        class FullyConnectedNet:
            def __init__(self, hidden_dims, **options):
                raise RuntimeError("not today")
    """)
    params, x, y, *_ = problem()
    with pytest.raises(
        CheckFailed, match=r"FullyConnectedNet raised RuntimeError: not today \(fc_net.py:4, in __init__"
    ):
        functions["fc_net_loss"](params, x, y)


TWO = """
    import numpy as np

    class TwoLayerNet(object):
        def __init__(self, input_size, hidden_size, output_size, std=1e-4):
            self.params = {{"W1": std * np.random.randn(input_size, hidden_size), "b1": np.zeros(hidden_size),
                           "W2": std * np.random.randn(hidden_size, output_size), "b2": np.zeros(output_size)}}

        def loss(self, X, y=None, reg=0.0):
            W1, b1, W2, b2 = (self.params[k] for k in ("W1", "b1", "W2", "b2"))
            hidden = np.maximum(0, X.dot(W1) + b1)
            scores = hidden.dot(W2) + b2
            if y is None:
                return scores
            p = np.exp(scores - scores.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            loss = -np.log(p[range(len(X)), y]).mean() + {half} * reg * (np.sum(W1 ** 2) + np.sum(W2 ** 2) + {more})
            p[range(len(X)), y] -= 1
            d = p / len(X)
            dhidden = d.dot(W2.T) * (hidden > 0)
            return loss, {{"W1": X.T.dot(dhidden) + {slope} * reg * W1, "b1": dhidden.sum(axis=0),
                          "W2": hidden.T.dot(d) + {slope} * reg * W2, "b2": d.sum(axis=0)}}
"""


def two_layers(write, half, slope, more="0"):
    path = write("cs231n/classifiers/neural_net.py", TWO.format(half=half, slope=slope, more=more))
    return cs231n.adapted(cs231n.locate(path.parents[1]))


@pytest.mark.parametrize(("half", "slope"), [("0.5", "1"), ("1", "2")])
def test_either_form_of_the_penalty_in_the_first_assignment(write, half, slope):
    functions = two_layers(write, half, slope)
    rng = np.random.default_rng(1)
    shapes = {"W1": (4, 5), "b1": 5, "W2": (5, 3), "b2": 3}
    params = {key: rng.standard_normal(shape) for key, shape in shapes.items()}
    x, y = rng.standard_normal((6, 4)), rng.integers(0, 3, 6)
    assert_equal(functions["two_layer_loss"](params, x, y, reg=0.3), reference.two_layer_loss(params, x, y, reg=0.3))
    assert_equal(functions["two_layer_loss"](params, x), reference.two_layer_loss(params, x))
    assert_equal(functions["two_layer_loss"](params, x.reshape(6, 2, 2)), reference.two_layer_loss(params, x))


@pytest.mark.parametrize(
    ("half", "slope", "more"),
    [
        ("1", "1", "0"),
        ("0.5", "2", "0"),
        ("0.5", "1", "0.5 * (np.sum(b1 ** 2) + np.sum(b2 ** 2))"),
    ],
)
def test_a_penalty_and_a_gradient_that_do_not_belong_together_are_refused(write, half, slope, more):
    texts = refused(two_layers(write, half, slope, more), "two_layer_net")
    assert texts and (more != "0" or any("M15" in text for text in texts))


CONVNET = """
    import numpy as np
    from cs231n.layers import *
    from cs231n.fast_layers import *

    class ThreeLayerConvNet(object):
        def __init__(self, input_dim=(3, 32, 32), num_filters=32, filter_size=7, hidden_dim=100, num_classes=10,
                     weight_scale=1e-3, reg=0.0, dtype=np.float32):
            self.params, self.reg, self.dtype = {}, reg, dtype

        def loss(self, X, y=None):
            out = conv_forward_fast(X, self.params["W1"], self.params["b1"], {"stride": 1, "pad": 1})
            return out
"""
IM2COL = """
    import numpy as np
    try:
        from cs231n.im2col_cython import col2im_cython, im2col_cython
        from cs231n.im2col_cython import col2im_6d_cython
    except ImportError:
        print("build it first")

    def conv_forward_fast(x, w, b, conv_param):
        N, C, H, W = x.shape
        F, _, HH, WW = w.shape
        stride, pad = conv_param["stride"], conv_param["pad"]
        out_h, out_w = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
        cols = im2col_cython(x, HH, WW, pad, stride)
        out = w.reshape((F, -1)).dot(cols) + b.reshape(-1, 1)
        return out.reshape(F, out_h, out_w, N).transpose(3, 0, 1, 2), (x, w, b, conv_param, cols)

    def conv_backward_fast(dout, cache):
        x, w, b, conv_param, cols = cache
        stride, pad = conv_param["stride"], conv_param["pad"]
        F, C, HH, WW = w.shape
        dout_ = dout.transpose(1, 2, 3, 0).reshape(F, -1)
        dcols = w.reshape(F, -1).T.dot(dout_).reshape(C, HH, WW, *dout.shape[2:], len(x))
        dx = col2im_6d_cython(dcols.transpose(0, 1, 2, 5, 3, 4), *x.shape, HH, WW, pad, stride)
        return dx, dout_.dot(cols.T).reshape(w.shape), dout.sum(axis=(0, 2, 3))
"""
CONVNET_OF_FAST_LAYERS = """
    import numpy as np
    from cs231n.fast_layers import *
    from cs231n.layers import *

    class ThreeLayerConvNet(object):
        def __init__(self, input_dim=(3, 32, 32), num_filters=32, filter_size=7, hidden_dim=100, num_classes=10,
                     weight_scale=1e-3, reg=0.0, dtype=np.float32):
            self.params, self.reg, self.dtype = {}, reg, dtype

        def loss(self, X, y=None):
            p = self.params
            pad = (p["W1"].shape[2] - 1) // 2
            maps, conv = conv_forward_fast(X, p["W1"], p["b1"], {"stride": 1, "pad": pad})
            N, F, H, W = maps.shape
            blocks = np.maximum(maps, 0).reshape(N, F, H // 2, 2, W // 2, 2)
            pooled = blocks.max(axis=(3, 5))
            hidden = pooled.reshape(N, -1) @ p["W2"] + p["b2"]
            active = np.maximum(hidden, 0)
            scores = active @ p["W3"] + p["b3"]
            if y is None:
                return scores
            e = np.exp(scores - scores.max(axis=1, keepdims=True))
            prob = e / e.sum(axis=1, keepdims=True)
            loss = -np.log(prob[range(N), y]).mean()
            d = prob.copy()
            d[range(N), y] -= 1
            d /= N
            grads = {"W3": active.T @ d, "b3": d.sum(0)}
            d = d @ p["W3"].T * (hidden > 0)
            grads["W2"], grads["b2"] = pooled.reshape(N, -1).T @ d, d.sum(0)
            d = (d @ p["W2"].T).reshape(pooled.shape)
            won = blocks == pooled[:, :, :, None, :, None]
            d = (won * d[:, :, :, None, :, None]).reshape(maps.shape) * (maps > 0)
            _, grads["W1"], grads["b1"] = conv_backward_fast(d, conv)
            for key in ("W1", "W2", "W3"):
                loss += self.reg / 2 * np.sum(p[key] ** 2)
                grads[key] += self.reg * p[key]
            return loss, grads
"""
FAST = """
    try:
        from cs231n.conv_in_c import conv_in_c
    except ImportError:
        print("build it first")

    def conv_forward_fast(x, w, b, conv_param):
        return conv_in_c(x, w.shape[2], w.shape[3], conv_param["pad"], conv_param["stride"])
"""


def test_what_the_course_compiles_is_there(adapted):
    """A network on its fast layers, from a folder in which nobody has built them."""
    functions = adapted(CONVNET_OF_FAST_LAYERS, fast_layers=IM2COL)
    rng = np.random.default_rng(0)
    params = reference.three_layer_convnet_init(2, 4, 6, 3, 3, 5, 3, scale=0.5, rng=rng)
    x, y = rng.standard_normal((2, 2, 4, 6)), np.array([0, 2])
    found = functions["three_layer_convnet_loss"](params, x, y, reg=0.1)
    assert_equal(found, reference.three_layer_convnet_loss(params, x, y, reg=0.1))


@pytest.mark.parametrize("stride", [1, 2])
def test_columns_of_windows_are_those_of_the_convolution(stride):
    from nnspec.backends.adapters import _im2col

    rng = np.random.default_rng(1)
    x, w = rng.standard_normal((2, 3, 7, 5)), rng.standard_normal((4, 3, 3, 3))
    cols = _im2col.im2col_cython(x, 3, 3, 1, stride)
    out, cache = reference.conv2d_forward(x, w, stride=stride, pad=1)
    assert np.allclose((w.reshape(4, -1) @ cols).reshape(4, *out.shape[2:], 2).transpose(3, 0, 1, 2), out)
    dout = rng.standard_normal(out.shape)
    dcols = w.reshape(4, -1).T @ dout.transpose(1, 2, 3, 0).reshape(4, -1)
    assert np.allclose(
        _im2col.col2im_cython(dcols, *x.shape, 3, 3, 1, stride), reference.conv2d_backward(dout, cache)[0]
    )


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"fast_layers": FAST}, "needs conv_in_c, a compiled part that is not built"),
        ({}, "needs conv_forward_fast, and the folder has no fast_layers.py"),
    ],
)
def test_a_part_that_is_not_built_is_told(adapted, files, why):
    functions = adapted(CONVNET, **files)
    params = reference.three_layer_convnet_init(2, 4, 4, 3, 3, 5, 3, scale=0.5, rng=np.random.default_rng(0))
    with pytest.raises(NotImplementedError, match=why):
        functions["three_layer_convnet_loss"](params, np.ones((2, 2, 4, 4)), np.array([0, 1]))
    with pytest.raises(NotImplementedError, match="windows that divide"):
        functions["three_layer_convnet_loss"](params, np.ones((2, 2, 5, 4)), np.array([0, 1]))
