"""A folder in the API of the assignments, with nine typical defects: each is named, and nothing else is accused."""

import json

import numpy as np
import pytest

import nnspec

LAYERS = """
    from builtins import range
    from past.builtins import xrange
    import h5py
    import matplotlib.pyplot as plt
    import numpy as np


    def affine_forward(x, w, b):
        out = x.reshape(x.shape[0], -1).dot(w) + b
        return out, (x, w, b)


    def affine_backward(dout, cache):
        x, w, b = cache
        dx = dout.dot(w.T).reshape(x.shape)
        dw = x.reshape(x.shape[0], -1).T.dot(dout)
        return dx, dw, dout.sum(axis=1)                       # over the features: M51


    def relu_forward(x):
        return np.maximum(0, x), x


    def relu_backward(dout, cache):
        return dout * (dout > 0)                              # the mask of the wrong array: M53


    def softmax_loss(x, y):
        shifted = x - x.max(axis=1, keepdims=True)
        p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1
        return loss, p                                        # not divided by N: M14


    def svm_loss(x, y):
        margins = np.maximum(0, x - x[np.arange(len(y)), y][:, None] + 1.0)
        loss = margins.sum() / len(y)                         # the true class too: M12
        margins[np.arange(len(y)), y] = 0
        dx = (margins > 0).astype(x.dtype)
        dx[np.arange(len(y)), y] -= dx.sum(axis=1)
        return loss, dx / len(y)


    def batchnorm_forward(x, gamma, beta, bn_param):
        mode, eps, momentum = bn_param["mode"], bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
        if mode == "train":
            mean, var = x.mean(axis=0), x.var(axis=0)
            bn_param["running_mean"] = momentum * bn_param["running_mean"] + (1 - momentum) * mean
            bn_param["running_var"] = momentum * bn_param["running_var"] + (1 - momentum) * var
        else:
            mean, var = bn_param["running_mean"], bn_param["running_var"]
        std = np.sqrt(var + eps)
        xhat = (x - mean) / std
        return gamma * xhat + beta, (xhat, std, gamma)


    def batchnorm_backward(dout, cache):
        xhat, std, gamma = cache
        return dout * gamma / std, (dout * xhat).sum(axis=0), dout.sum(axis=0)   # constant statistics: M70


    def layernorm_forward(x, gamma, beta, ln_param):
        xhat = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + ln_param.get("eps", 1e-5))
        return gamma * xhat + beta, None


    def layernorm_backward(dout, cache):
        dx, dgamma, dbeta = None, None, None
        return dx, dgamma, dbeta


    def dropout_forward(x, dropout_param):
        p, mode = dropout_param["p"], dropout_param["mode"]
        if "seed" in dropout_param:
            np.random.seed(dropout_param["seed"])
        mask = None
        out = x
        if mode == "train":
            mask = np.random.rand(*x.shape) < p               # not divided by p: M30
            out = x * mask
        return out.astype(x.dtype, copy=False), (dropout_param, mask)


    def dropout_backward(dout, cache):
        dropout_param, mask = cache
        return dout * mask if dropout_param["mode"] == "train" else dout


    def conv_forward_naive(x, w, b, conv_param):
        stride, pad = conv_param["stride"], conv_param["pad"]
        N, C, H, W = x.shape
        F, _, HH, WW = w.shape
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        out = np.zeros((N, F, 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride), x.dtype)
        for i in xrange(out.shape[2]):
            for j in xrange(out.shape[3]):
                window = padded[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                out[:, :, i, j] = np.tensordot(window, w[:, :, ::-1, ::-1], ((1, 2, 3), (1, 2, 3))) + b   # flipped: M59
        return out, (x, w, b, conv_param)


    def conv_backward_naive(dout, cache):
        pass


    def max_pool_forward_naive(x, pool_param):
        h, w, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
        N, C, H, W = x.shape
        out = np.zeros((N, C, 1 + (H - h) // s, 1 + (W - w) // s), x.dtype)
        for i in range(out.shape[2]):
            for j in range(out.shape[3]):
                out[:, :, i, j] = x[:, :, i * s : i * s + h, j * s : j * s + w].max(axis=(2, 3))
        return out, (x, pool_param)


    def max_pool_backward_naive(dout, cache):
        x, pool_param = cache
        h, w, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
        dx = np.zeros_like(x)
        for n in range(x.shape[0]):
            for c in range(x.shape[1]):
                for i in range(dout.shape[2]):
                    for j in range(dout.shape[3]):
                        window = x[n, c, i * s : i * s + h, j * s : j * s + w]
                        a, b = np.unravel_index(window.argmax(), window.shape)
                        dx[n, c, i * s + a, j * s + b] = dout[n, c, i, j]      # assigned: M66
        return dx
"""
OPTIM = """
    import numpy as np


    def sgd_momentum(w, dw, config=None):
        config.setdefault("learning_rate", 1e-2)
        config.setdefault("momentum", 0.9)
        v = config.get("velocity", np.zeros_like(w))
        v = config["momentum"] * v - config["learning_rate"] * dw
        w += v
        config["velocity"] = v
        return w, config


    def adam(w, dw, config=None):
        for name, value in dict(learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, t=0).items():
            config.setdefault(name, value)
        config["m"] = config["beta1"] * config.get("m", np.zeros_like(w)) + (1 - config["beta1"]) * dw
        config["v"] = config["beta2"] * config.get("v", np.zeros_like(w)) + (1 - config["beta2"]) * dw**2
        config["t"] += 1
        return w - config["learning_rate"] * config["m"] / (np.sqrt(config["v"]) + config["epsilon"]), config   # M40
"""
KNN = """
    import numpy as np
    from past.builtins import xrange


    class KNearestNeighbor(object):
        def train(self, X, y):
            self.X_train, self.y_train = X, y

        def compute_distances_two_loops(self, X):
            dists = np.zeros((X.shape[0], self.X_train.shape[0]))
            for i in xrange(X.shape[0]):
                for j in xrange(self.X_train.shape[0]):
                    dists[i, j] = np.sqrt(np.sum((X[i].astype(float) - self.X_train[j]) ** 2))
            return dists.astype(X.dtype if X.dtype.kind == "f" else float)

        def compute_distances_no_loops(self, X):
            pass

        def predict_labels(self, dists, k=1):
            y_pred = np.zeros(dists.shape[0])
            for i in xrange(dists.shape[0]):
                closest = self.y_train[np.argsort(dists[i], kind="stable")[:k]]
                y_pred[i] = np.bincount(closest).argmax()
            return y_pred
"""
DEFECTS = {  # concept: (the property that sees it, the hint)
    "affine": ("gradient", "M51 "),
    "relu": ("gradient", "M53 "),
    "softmax_cross_entropy": ("gradient", "M14 "),
    "svm_loss": ("value", "M12 "),
    "batchnorm": ("gradient", "M70 "),
    "dropout": ("law", "M30|keep"),
    "conv2d": ("value", "M59 "),
    "max_pool2d": ("gradient", "M66 "),
    "adam": ("value", "M40 "),
}
RIGHT = ("sgd_momentum", "knn", "layernorm")


@pytest.fixture(scope="module")
def judged(tmp_path_factory, python):
    import textwrap

    folder = tmp_path_factory.mktemp("assignment") / "cs231n"
    for name, source in (("layers", LAYERS), ("optim", OPTIM), ("classifiers/k_nearest_neighbor", KNN)):
        file = folder / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(source), encoding="utf-8")
    done = python("-m", "nnspec", "check", "cs231n:.", "--json", "report.json", cwd=folder.parent)
    assert done.returncode == 1, done.stdout + done.stderr
    return json.loads((folder.parent / "report.json").read_text(encoding="utf-8"))["checks"]


@pytest.mark.parametrize("concept", DEFECTS)
def test_each_defect_is_named(judged, concept):
    name, hints = DEFECTS[concept]
    texts = [c["text"] for c in judged if c["id"].startswith(f"{concept}/") and c["state"] == "failed"]
    assert any(f"mistake {hint}" in text or hint in text for text in texts for hint in hints.split("|")), texts[:1]


def test_what_is_right_is_not_accused_at_core(judged):
    wrong = [c for c in judged if c["level"] == "core" and c["state"] in ("failed", "errored")]
    assert not [c["id"] for c in wrong if c["id"].split("/")[0] in RIGHT]
    assert {c["id"].split("/")[0] for c in wrong} <= set(DEFECTS)


def test_stubs_are_not_implemented(judged):
    layernorm = {c["state"] for c in judged if c["id"].startswith("layernorm/gradient/")}
    gemm = {c["state"] for c in judged if c["id"].startswith("knn/l2_distance_gemm.value/")}
    assert layernorm == gemm == {"not_implemented"}


def test_p_is_the_probability_to_drop_in_folders_before_2018(write, tmp_path):
    from nnspec.backends.adapters import cs231n

    write(
        "layers.py",
        """
        import numpy as np

        def dropout_forward(x, dropout_param):
            np.random.seed(dropout_param.get("seed"))
            mask = (np.random.rand(*x.shape) >= dropout_param["p"]) / (1 - dropout_param["p"])
            return x * mask, mask

        def dropout_backward(dout, cache):
            return dout * cache
        """,
    )
    functions = cs231n.adapted(cs231n.locate(tmp_path))
    out, _ = functions["dropout_forward"](np.ones(10_000), keep=0.8, rng=np.random.default_rng(0))
    assert abs((out != 0).mean() - 0.8) < 0.03


def test_a_folder_without_layers_is_one_line(nnspec, tmp_path):
    done = nnspec("check", f"cs231n:{tmp_path}")
    assert done.returncode == 2 and "there is no layers.py and no folder classifiers in" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


CLASSIFIER = """
    import numpy as np


    def {name}_naive(W, X, y, reg):
        loss, dW = {name}_vectorized(W, X, y, reg)
        return loss * {spoilt}, dW


    def softmax_loss_vectorized(W, X, y, reg):
        scores = X.dot(W)
        scores -= scores.max(axis=1, keepdims=True)
        p = np.exp(scores)
        p /= p.sum(axis=1, keepdims=True)
        rows = np.arange(len(y))
        loss = -np.log(p[rows, y]).mean() + {half} * reg * np.sum(W * W)
        p[rows, y] -= 1
        return loss, X.T.dot(p) / len(y) + 2 * reg * W
"""


def of_the_first_assignment(write, spoilt="1", half="1"):
    """The functions of a folder that has the softmax classifier alone."""
    from nnspec.backends.adapters import cs231n

    folder = write("classifiers/softmax.py", CLASSIFIER.format(name="softmax_loss", spoilt=spoilt, half=half)).parent
    return cs231n.adapted(cs231n.locate(folder.parent))


def failed(functions, concept):
    report = nnspec.check(functions, concepts=[concept], level="core")
    return [check.text for check in report.checks if check.state in ("failed", "errored") and check.level == "core"]


def test_the_loss_and_the_penalty_of_a_linear_classifier_are_judged(write):
    functions = of_the_first_assignment(write)
    assert failed(functions, "softmax_cross_entropy") == failed(functions, "l2_penalty") == []


def test_of_two_forms_the_wrong_one_is_named(write):
    functions = of_the_first_assignment(write, spoilt="1.01")
    texts = failed(functions, "softmax_cross_entropy")
    told = "softmax_loss_naive differs from what the definition gives (softmax_loss_vectorized agrees with it)"
    assert any(told in text for text in texts)


def test_either_form_of_the_penalty_is_taken_for_what_it_is(write):
    """With 1/2 in the loss the gradient is lam w: this folder has 2 lam w, which is a mistake and no other form."""
    texts = failed(of_the_first_assignment(write, half="0.5"), "l2_penalty")
    assert any("mistake M15" in text for text in texts)


def adapted(write, **files):
    """Functions of a folder. Names of files are given with two underscores for a slash."""
    from nnspec.backends.adapters import cs231n

    for name, source in files.items():
        path = write(f"cs231n/{name.replace('__', '/')}.py", source)
    return cs231n.adapted(cs231n.locate(path.parents[0 if path.parent.name == "cs231n" else 1]))


SVM = """
    import numpy as np

    def svm_loss_naive(W, X, y, reg):
        loss, dW = {naive} * reg * np.sum(W * W), {naive} * 2 * reg * W
        for x, label in zip(X, y):
            scores = x.dot(W)
            for j in range(W.shape[1]):
                margin = scores[j] - scores[label] + 1
                if j != label and margin > 0:
                    loss += margin / len(X)
                    dW[:, j] += x / len(X)
                    dW[:, label] -= x / len(X)
        return loss, dW

    def svm_loss_vectorized(W, X, y, reg):
        scores = X.dot(W)
        margins = np.maximum(0, scores - scores[range(len(y)), y][:, None] + 1)
        margins[range(len(y)), y] = 0
        active = (margins > 0).astype(float)
        active[range(len(y)), y] = -active.sum(axis=1)
        return margins.sum() / len(y) + reg * np.sum(W * W), X.T.dot(active) / len(y) + {slope} * reg * W
"""


@pytest.mark.parametrize("naive", ["1", "0.5"])
def test_the_penalty_of_every_classifier_is_judged_in_the_form_that_it_has(write, naive):
    functions = adapted(write, classifiers__linear_svm=SVM.format(naive=naive, slope="2"))
    w = np.array([[0.5, -1.0], [2.0, 3.0]])
    for half in (False, naive == "0.5"):
        r, dw = functions["l2_penalty"](w, 0.1, half=half)
        assert r == pytest.approx(1.425 / (1 + half)) and np.allclose(dw, 0.2 * w / (1 + half))


def test_a_wrong_penalty_beside_a_right_one_is_named_with_its_mistake(write):
    functions = adapted(write, classifiers__linear_svm=SVM.format(naive="1", slope="1"))
    (told,) = {text.splitlines()[0] for text in failed(functions, "l2_penalty")}
    assert told.startswith("svm_loss_vectorized differs") and "(svm_loss_naive agrees" in told
    assert all("mistake M15" in text for text in failed(functions, "l2_penalty"))


def test_a_penalty_whose_gradient_alone_is_wrong_has_the_right_value(write):
    """In both forms: the sum of the squares without 1/2, and the gradient of the one with it."""
    functions = adapted(write, classifiers__linear_svm=SVM.format(naive="1", slope="1").replace("* 2 *", "*"))
    checks = nnspec.check(functions, concepts=["l2_penalty"], level="core").checks
    states = {check.state for check in checks if "/value/" in check.id and "half" not in check.id}
    assert states == {"passed"}
    (told,) = [check.text for check in checks if check.id == "l2_penalty/gradient/distinct/float64"]
    assert "mistake M15" in told and "svm_loss_naive and svm_loss_vectorized differ" in told


def test_a_penalty_whose_gradient_is_still_a_stub_is_judged_by_its_value(write):
    handed_out = """
    import numpy as np

    def svm_loss_naive(W, X, y, reg):
        loss, dW = 0.0, np.zeros(W.shape)
        loss += reg * np.sum(W * W)
        # TODO: compute the gradient, and store it in dW.
        return loss, dW
    """
    checks = nnspec.check(adapted(write, classifiers__linear_svm=handed_out), concepts=["l2_penalty"], level="core")
    states = {check.id: check.state for check in checks.checks if check.level == "core"}
    assert states["l2_penalty/value/distinct/float64"] == "passed"
    assert states["l2_penalty/gradient/distinct/float64"] == "not_implemented"
    assert "failed" not in states.values() and "errored" not in states.values()


def test_a_penalty_that_forgets_its_strength_is_told(write):
    spoilt = SVM.format(naive="1", slope="2").replace("1 * reg * np", "1 * np")
    functions = adapted(write, classifiers__linear_svm=spoilt)
    told = {concept: failed(functions, concept)[0] for concept in ("l2_penalty", "svm_loss")}
    assert all(text.startswith("svm_loss_naive differs") for text in told.values())
    assert "pattern: the penalty is there at reg = 0 too" in told["l2_penalty"]
    assert "pattern: the sum of the squares of W is added to the loss at reg = 0 too" in told["svm_loss"]


def test_the_mistake_of_one_form_is_told(write):
    spoilt = SVM.format(naive="1", slope="2").replace("loss += margin / len(X)", "loss += margin")
    text = failed(adapted(write, classifiers__linear_svm=spoilt), "svm_loss")[0]
    assert "svm_loss_naive differs from what the definition gives (svm_loss_vectorized agrees with it)" in text
    assert "\nmistake M14 " in text


def test_the_pattern_of_one_form_is_told(write):
    spoilt = SVM.format(naive="1", slope="2").replace("return loss, dW", "return loss, 3 * dW", 1)
    text = failed(adapted(write, classifiers__linear_svm=spoilt), "svm_loss")[0]
    assert text.splitlines()[0].startswith("svm_loss_naive differs")
    assert "\npattern: got / want is 3 everywhere\n" in text


def test_a_sample_may_stand_in_each_column(write):
    """In 2015 it did, and W was transposed."""
    functions = adapted(
        write,
        classifiers__linear_svm=SVM.format(naive="1", slope="2")
        + """
    by_rows = svm_loss_vectorized

    def svm_loss_vectorized(W, X, y, reg):
        assert W.shape[1] == X.shape[0]
        loss, dW = by_rows(W.T, X.T, y, reg)
        return loss, dW.T

    del svm_loss_naive
""",
    )
    loss, cache = functions["svm_loss_forward"](np.array([[0.5, 0.0, 1.0], [2.0, 0.0, 1.0]]), np.array([0, 2]))
    assert loss == pytest.approx((0.5 + 1.5 + 2.0) / 2)
    assert functions["svm_loss_backward"](1.0, cache).tolist() == [[-1.0, 0.5, 0.5], [0.5, 0.0, -0.5]]


def test_many_samples_take_no_identity_of_their_number(write):
    functions = adapted(write, classifiers__linear_svm=SVM.format(naive="1", slope="2"))
    scores = np.random.default_rng(0).standard_normal((701, 3))
    y = np.arange(701) % 3
    loss, cache = functions["svm_loss_forward"](scores, y)
    want, theirs = nnspec.reference.svm_loss_forward(scores, y)
    assert loss == pytest.approx(want)
    assert np.allclose(functions["svm_loss_backward"](1.0, cache), nnspec.reference.svm_loss_backward(1.0, theirs))


DISTANCES = """
    import numpy as np

    class KNearestNeighbor:
        def train(self, X, y):
            self.X_train, self.y_train = X, y

        def compute_distances_two_loops(self, X):
            return np.array([[np.sqrt(np.sum((x - t) ** 2)) for t in self.X_train] for x in X])

        def compute_distances_one_loop(self, X):
            squares = (X * X).sum(axis=1)[:, None] - 2 * X.dot(self.X_train.T) + (self.X_train ** 2).sum(axis=1)
            return np.sqrt(np.maximum(squares, 0)){spoilt}
"""


def test_forms_agree_where_distances_are_zero(write):
    """0 and what is left of an expansion that cancels."""
    distance = adapted(write, classifiers__k_nearest_neighbor=DISTANCES.format(spoilt=""))["l2_distance"]
    x = 100 + np.random.default_rng(0).standard_normal((4, 3))
    for dtype in (np.float32, np.float64):
        assert (np.diag(distance(x.astype(dtype), x.astype(dtype))) == 0).all()


def test_a_wrong_form_of_a_distance_is_named(write):
    functions = adapted(write, classifiers__k_nearest_neighbor=DISTANCES.format(spoilt=" ** 2"))
    texts = failed(functions, "knn")
    assert any("compute_distances_one_loop differs" in text and "mistake M01" in text for text in texts)


ADAM = """
    import numpy as np

    def adam(w, dw, config=None):
        for name, value in dict(learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, t={t}).items():
            config.setdefault(name, value)
        {before}
        config["m"] = config["beta1"] * config.get("m", np.zeros_like(w)) + (1 - config["beta1"]) * dw
        config["v"] = config["beta2"] * config.get("v", np.zeros_like(w)) + (1 - config["beta2"]) * dw**2
        m = config["m"] / {of_m}
        v = config["v"] / (1 - config["beta2"] ** config["t"])
        {after}
        return w - config["learning_rate"] * m / (np.sqrt(v) + config["epsilon"]), config
"""
COUNT, CORRECTED = "config['t'] += 1", "(1 - config['beta1'] ** config['t'])"


@pytest.mark.parametrize(("t", "before", "after"), [(0, COUNT, ""), (1, COUNT, ""), (1, "", COUNT)])
def test_the_count_of_adam_may_begin_at_one(write, t, before, after):
    """Until 2017 it is handed out so, to be counted up before its first use."""
    functions = adapted(write, optim=ADAM.format(t=t, before=before, after=after, of_m=CORRECTED))
    w, state = functions["adam"](np.zeros(2), np.array([1.0, -3.0]), lr=0.5)
    assert np.allclose(w, [-0.5, 0.5])
    assert np.allclose(functions["adam"](w, np.array([1.0, -3.0]), state, lr=0.5)[0], [-1.0, 1.0])


def test_an_uncorrected_adam_is_still_wrong(write):
    functions = adapted(write, optim=ADAM.format(t=1, before=COUNT, after="", of_m="1"))
    assert not np.allclose(functions["adam"](np.zeros(2), np.ones(2), lr=0.5)[0], -0.5)


def test_the_other_backward_of_batch_normalization_has_to_agree(write):
    from nnspec.spec_tests._verdict import CheckFailed

    batchnorm = LAYERS[LAYERS.index("    def batchnorm_forward") : LAYERS.index("    def layernorm_forward")]
    right = """
    def batchnorm_backward_alt(dout, cache):
        xhat, std, gamma = cache
        d = dout * gamma
        return (d - d.mean(0) - xhat * (d * xhat).mean(0)) / std, (dout * xhat).sum(0), dout.sum(0)
    """
    functions = adapted(write, layers="    import numpy as np\n" + batchnorm + right)
    x = np.random.default_rng(0).standard_normal((5, 3))
    *_, cache = functions["batchnorm_forward"](x, *np.ones((4, 3)))
    told = r"^batchnorm_backward differs .*\(batchnorm_backward_alt agrees with it\)"
    with pytest.raises(CheckFailed, match=told) as wrong:
        functions["to_numpy"](functions["batchnorm_backward"](np.arange(15.0).reshape(5, 3), cache)[0])
    assert "mistake M70" in str(wrong.value)


def test_no_backward_is_asked_for_where_the_assignment_has_none(write):
    functions = adapted(write, layers=LAYERS)
    x = np.random.default_rng(0).standard_normal((5, 3))
    *_, cache = functions["batchnorm_forward"](x, *np.ones((4, 3)), train=False)
    assert cache is None
    with pytest.raises(NotImplementedError):
        functions["batchnorm_backward"](x, cache)


@pytest.mark.parametrize(
    ("name", "shapes", "options"),
    [
        ("conv2d_forward", [(1, 1, 5, 5), (1, 1, 2, 2), (1,)], {"stride": 2}),
        ("max_pool2d_forward", [(1, 1, 5, 4)], {}),
        ("conv2d_forward", [(1, 1, 5, 5), (1, 1, 2, 2)], {}),
    ],
)
def test_sizes_and_calls_that_the_assignment_does_not_promise_are_not_asked_for(write, name, shapes, options):
    with pytest.raises(NotImplementedError):
        adapted(write, layers=LAYERS)[name](*map(np.ones, shapes), **options)


def test_dropout_for_rows_alone_takes_any_shape(write):
    functions = adapted(
        write,
        layers="""
        import numpy as np

        def dropout_forward(x, dropout_param):
            if "seed" in dropout_param:
                np.random.seed(dropout_param["seed"])
            N, D = x.shape
            mask = None
            if dropout_param["mode"] == "train":
                mask = (np.random.rand(N, D) < dropout_param["p"]) / dropout_param["p"]
                x = x * mask
            return x, (dropout_param, mask)

        def dropout_backward(dout, cache):
            dropout_param, mask = cache
            return dout * mask if dropout_param["mode"] == "train" else dout
    """,
    )
    for shape in ((1000,), (10, 100), (5, 4, 50)):
        x = np.ones(shape)
        out, cache = functions["dropout_forward"](x, keep=0.7, rng=np.random.default_rng(1))
        assert out.shape == shape and abs((out != 0).mean() - 0.7) < 0.1
        assert np.array_equal(functions["dropout_backward"](x, cache), out)
        assert np.array_equal(functions["dropout_forward"](x, keep=0.7, train=False)[0], x)


LSTM = """
    import numpy as np

    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
        H = prev_h.shape[1]
        a = x @ Wx + prev_h @ Wh + b
        i, f, o, g = sigmoid(a[:, :H]), sigmoid(a[:, H:2*H]), sigmoid(a[:, 2*H:3*H]), np.tanh(a[:, 3*H:])
        next_c = f * prev_c + i * g
        next_h = o * np.tanh(next_c)
        return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)

    def lstm_step_backward(dnext_h, dnext_c, cache):
        x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
        dc = dnext_c + dnext_h * o * (1 - np.tanh(next_c) ** 2)
        da = np.hstack([dc * g * i * (1 - i), dc * prev_c * f * (1 - f),
                        dnext_h * np.tanh(next_c) * o * (1 - o), dc * i * (1 - g ** 2)])
        return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, prev_h.T @ da, da.sum(axis=0)

    def lstm_forward(x, h0, Wx, Wh, b):
        h, c, hs, caches = h0, np.zeros_like(h0), [], []
        for t in range(x.shape[1]):
            h, c, cache = lstm_step_forward(x[:, t], h, c, Wx, Wh, b)
            hs.append(h)
            caches.append(cache)
        return np.stack(hs, axis=1), caches

    def lstm_backward(dh, cache):
        dx, dprev_h, dprev_c, dWx, dWh, db = [], 0, 0, 0, 0, 0
        for t in reversed(range(dh.shape[1])):
            dx_t, dprev_h, dprev_c, a, b, c = lstm_step_backward(dh[:, t]{back}, dprev_c, cache[t])
            dx.append(dx_t)
            dWx, dWh, db = dWx + a, dWh + b, db + c
        return np.stack(dx[::-1], axis=1), dprev_h, dWx, dWh, db
"""


@pytest.mark.parametrize("back", [" + dprev_h", ""])
def test_a_sequence_is_judged_by_what_it_gives(write, back):
    functions = adapted(write, rnn_layers=LSTM.replace("{back}", back))
    rng = np.random.default_rng(0)
    given = [rng.standard_normal(shape) for shape in ((2, 3, 4), (2, 5), (4, 20), (5, 20), (20,))]
    dh, dc = rng.standard_normal((2, 3, 5)), rng.standard_normal((2, 5))
    h, c, cache = functions["lstm_forward"](*given)
    want_h, want_c, theirs = nnspec.reference.lstm_forward(*given)
    assert np.allclose(h, want_h) and np.allclose(c, want_c)
    got, want = functions["lstm_backward"](dh, dc, cache), nnspec.reference.lstm_backward(dh, dc, theirs)
    same = [one is two or np.allclose(one, two) for one, two in zip(got, want, strict=True)]
    assert all(same) == bool(back) and same[-1]


CLASSIFIER_CLASS = """
    import numpy as np

    class LinearClassifier(object):
        def __init__(self):
            self.W = None

        def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
            num_train, dim = X.shape
            if self.W is None:
                self.W = 0.001 * np.random.randn(dim, np.max(y) + 1)
            for it in range(num_iters):
                idx = {idx}
                loss, grad = self.loss(X[idx], {labels}, reg)
                self.W {sign}= learning_rate * grad

        def loss(self, X_batch, y_batch, reg):
            pass
"""
DRAWS = {"idx": "np.random.choice(num_train, batch_size)", "labels": "y[idx]", "sign": "-"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, None),
        ({"idx": "np.random.choice(num_train, batch_size, replace=False)"}, None),
        ({"labels": "np.random.permutation(y)[:batch_size]"}, "not taken by one and the same indices"),
        ({"sign": "+"}, "against its gradient"),
    ],
)
def test_the_batches_of_a_classifier_are_judged(write, changed, told):
    functions = adapted(write, classifiers__linear_classifier=CLASSIFIER_CLASS.format(**DRAWS | changed))
    texts = failed(functions, "minibatch")
    assert all(told and told in text for text in texts) and bool(texts) == bool(told)
