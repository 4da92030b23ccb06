"""A folder in the API of the assignments, with nine typical defects: each is named, and nothing else is accused."""

import json

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
    from nnspec.adapters import cs231n

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
    import numpy as np

    adapted = cs231n.adapted(cs231n.locate(tmp_path))
    out, _ = adapted["dropout_forward"](np.ones(10_000), keep=0.8, rng=np.random.default_rng(0))
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
    from nnspec.adapters import cs231n

    folder = write("classifiers/softmax.py", CLASSIFIER.format(name="softmax_loss", spoilt=spoilt, half=half)).parent
    return cs231n.adapted(cs231n.locate(folder.parent))


def failed(functions, concept):
    report = nnspec.check(functions, concepts=[concept], level="core")
    return [check.text for check in report.checks if check.state in ("failed", "errored") and check.level == "core"]


def test_the_loss_and_the_penalty_of_a_linear_classifier_are_judged(write):
    functions = of_the_first_assignment(write)
    assert failed(functions, "softmax_cross_entropy") == failed(functions, "l2_penalty") == []


def test_two_forms_that_differ_are_named(write):
    functions = of_the_first_assignment(write, spoilt="1.01")
    texts = failed(functions, "softmax_cross_entropy")
    assert any("softmax_loss_naive and softmax_loss_vectorized give different answers" in text for text in texts)


def test_either_form_of_the_penalty_is_taken_for_what_it_is(write):
    """With 1/2 in the loss the gradient is lam w: this folder has 2 lam w, which is a mistake and no other form."""
    texts = failed(of_the_first_assignment(write, half="0.5"), "l2_penalty")
    assert any("mistake M15" in text for text in texts)
