"""What is still to be written is not implemented, in all forms in which it is handed out; what is wrong is wrong."""

import textwrap

import numpy as np
import pytest

import nnspec
from nnspec.backends.adapters import cs231n

START = "# *****START OF YOUR CODE (DO NOT DELETE/MODIFY THIS LINE)*****"
END = "# *****END OF YOUR CODE (DO NOT DELETE/MODIFY THIS LINE)*****"
BOX = """
            ####################
            # TODO: write it.  #
            # It is not long.  #
            ####################"""

STUBS = {
    "None in a marked region": (
        "affine_forward",
        "layers",
        f"""
        def affine_forward(x, w, b):
            out = None{BOX}
            {START}

            pass

            {END}
            cache = (x, w, b)
            return out, cache
    """,
    ),
    "a region without a pass": (
        "relu_forward",
        "layers",
        f"""
        def relu_forward(x):
            out = None{BOX}

            ####################
            # END OF YOUR CODE #
            ####################
            cache = x
            return out, cache
    """,
    ),
    "no marks at all": (
        "relu_forward",
        "layers",
        """
        def relu_forward(x):
            out = None
            return out, x
    """,
    ),
    "nothing but pass": (
        "relu_forward",
        "layers",
        """
        def relu_forward(x):
            pass
    """,
    ),
    "NotImplementedError": (
        "relu_forward",
        "layers",
        """
        def relu_forward(x):
            raise NotImplementedError
    """,
    ),
    "an assertion of one's own": (
        "relu_forward",
        "layers",
        """
        def relu_forward(x):
            assert False, "TODO: later"
    """,
    ),
    "its own last line fails": (
        "dropout_forward",
        "layers",
        """
        def dropout_forward(x, dropout_param):
            mask, out = None, None
            if dropout_param["mode"] == "train":
                pass
            elif dropout_param["mode"] == "test":
                pass
            cache = (dropout_param, mask)
            out = out.astype(x.dtype, copy=False)
            return out, cache
    """,
    ),
    "a name without a value": (
        "sgd_momentum",
        "optim",
        """
        def sgd_momentum(w, dw, config=None):
            v = config.get("velocity", 0 * w)
            # TODO: the step
            # END OF YOUR CODE
            config["velocity"] = v
            return next_w, config
    """,
    ),
    "no next w": (
        "adam",
        "optim",
        """
        def adam(w, dw, config=None):
            config.setdefault("t", 0)
            next_w = None
            # TODO
            pass
            # END OF YOUR CODE
            return next_w, config
    """,
    ),
    "running statistics alone": (
        "batchnorm_forward",
        "layers",
        """
        def batchnorm_forward(x, gamma, beta, bn_param):
            running_mean = bn_param["running_mean"]
            out, cache = None, None
            if bn_param["mode"] == "train":
                pass
            else:
                pass
            bn_param["running_mean"] = running_mean
            return out, cache
    """,
    ),
    "zeros in loops": (
        "l2_distance",
        "classifiers/k_nearest_neighbor",
        """
        import numpy as np
        class KNearestNeighbor:
            def train(self, X, y):
                self.X_train, self.y_train = X, y
            def compute_distances_two_loops(self, X):
                dists = np.zeros((len(X), len(self.X_train)))
                for i in range(len(X)):
                    for j in range(len(self.X_train)):
                        # TODO
                        pass
                        # END OF YOUR CODE
                return dists
    """,
    ),
    "labels of zeros": (
        "knn_predict",
        "classifiers/k_nearest_neighbor",
        """
        import numpy as np
        class KNearestNeighbor:
            def train(self, X, y):
                self.X_train, self.y_train = X, y
            def predict_labels(self, dists, k=1):
                y_pred = np.zeros(len(dists))
                for i in range(len(dists)):
                    closest_y = []
                    # TODO
                    # END OF YOUR CODE
                return y_pred
    """,
    ),
    "loss 0 and a gradient of zeros": (
        "svm_loss_forward",
        "classifiers/linear_svm",
        """
        import numpy as np
        def svm_loss_vectorized(W, X, y, reg):
            loss = 0.0
            dW = np.zeros(W.shape)
            # TODO: loss
            pass
            # END OF YOUR CODE
            # TODO: gradient
            pass
            # END OF YOUR CODE
            return loss, dW
    """,
    ),
    "a network": (
        "two_layer_loss",
        "classifiers/fc_net",
        """
        class TwoLayerNet:
            def __init__(self, input_dim=3072, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
                self.params = {}
                # TODO
                # END OF YOUR CODE
            def loss(self, X, y=None):
                scores = None
                # TODO
                # END OF YOUR CODE
                if y is None:
                    return scores
                loss, grads = 0, {}
                # TODO
                # END OF YOUR CODE
                return loss, grads
    """,
    ),
    "a network on a layer that is one": (
        "two_layer_loss",
        "classifiers/fc_net",
        """
        def affine_forward(x, w, b):
            out = None
            # TODO
            # END OF YOUR CODE
            return out, (x, w, b)
        class TwoLayerNet:
            def __init__(self, input_dim=3072, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
                self.params, self.reg = {}, reg
            def loss(self, X, y=None):
                hidden, cache = affine_forward(X, self.params["W1"], self.params["b1"])
                return hidden.clip(0)
    """,
    ),
    "a step of an LSTM": (
        "lstm_step_forward",
        "rnn_layers",
        """
        def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
            next_h, next_c, cache = None, None, None
            # TODO
            pass
            # END OF YOUR CODE
            return next_h, next_c, cache
    """,
    ),
    "batches of a classifier": (
        "sample_batch",
        "classifiers/linear_classifier",
        """
        import numpy as np
        class LinearClassifier:
            def __init__(self):
                self.W = None
            def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
                if self.W is None:
                    self.W = 0.001 * np.random.randn(X.shape[1], y.max() + 1)
                for it in range(num_iters):
                    X_batch, y_batch = None, None
                    # TODO
                    pass
                    # END OF YOUR CODE
                    loss, grad = self.loss(X_batch, y_batch, reg)
                    # TODO
                    pass
                    # END OF YOUR CODE
    """,
    ),
}

ONE = np.random.default_rng(0)


def arguments(ours):
    """Plain ones of a function of ours, and its options."""
    x, w, b = (ONE.standard_normal(shape) for shape in ((2, 3), (3, 4), (4,)))
    y, rng = np.array([1, 2]), {"rng": np.random.default_rng(0)}
    net = {"W1": w, "b1": b, "W2": ONE.standard_normal((4, 3)), "b2": ONE.standard_normal(3)}
    h, gates = ONE.standard_normal((2, 2)), [ONE.standard_normal(shape) for shape in ((3, 8), (2, 8), (8,))]
    return {
        "affine_forward": ((x, w, b), {}),
        "relu_forward": ((x,), {}),
        "dropout_forward": ((x,), {"keep": 0.5} | rng),
        "sgd_momentum": ((x, x), {}),
        "adam": ((x, x), {}),
        "batchnorm_forward": ((x, *np.ones((4, 3))), {}),
        "l2_distance": ((x, x), {}),
        "knn_predict": ((x, y, x), {}),
        "svm_loss_forward": ((x, y), {}),
        "two_layer_loss": ((net, x, y), {}),
        "lstm_step_forward": ((x, h, h, *gates), {}),
        "sample_batch": ((9, 4), rng),
    }[ours]


def adapted(write, **files):
    """Functions of a folder. Names of files are given with two underscores for a slash."""
    for name, source in files.items():
        path = write(f"cs231n/{name.replace('__', '/')}.py", textwrap.dedent(source))
    return cs231n.adapted(cs231n.locate(path.parents[0 if path.parent.name == "cs231n" else 1]))


@pytest.mark.parametrize("kind", STUBS)
def test_a_stub_is_not_implemented(write, kind):
    ours, file, source = STUBS[kind]
    functions = adapted(write, **{file.replace("/", "__"): source})
    given, options = arguments(ours)
    with pytest.raises(NotImplementedError, match=r"still a stub|TODO|^$"):
        functions[ours](*given, **options)


def test_a_loss_that_is_handed_out_is_judged_while_its_gradient_is_not_written(write):
    functions = adapted(
        write,
        classifiers__linear_svm="""
        import numpy as np
        def svm_loss_naive(W, X, y, reg):
            dW = np.zeros(W.shape)
            scores = X.dot(W)
            margins = np.maximum(0, scores - scores[range(len(y)), y][:, None] + 1)
            margins[range(len(y)), y] = 0
            loss = margins.sum() / len(y) + reg * np.sum(W * W)
            # TODO: the gradient
            return loss, dW
    """,
    )
    loss, cache = functions["svm_loss_forward"](np.array([[0.1, 0.2, 0.3]]), np.array([0]))
    assert loss == pytest.approx(1.1 + 1.2)
    with pytest.raises(NotImplementedError, match="svm_loss_naive"):
        functions["svm_loss_backward"](1.0, cache)


def test_a_mode_may_be_a_stub(write):
    functions = adapted(
        write,
        layers="""
        def batchnorm_forward(x, gamma, beta, bn_param):
            out, cache = None, None
            if bn_param["mode"] == "train":
                out, cache = gamma * (x - x.mean(axis=0)) / x.std(axis=0) + beta, (x,)
            else:
                # TODO
                pass
                # END OF YOUR CODE
            return out, cache
    """,
    )
    given = (ONE.standard_normal((4, 3)), *np.ones((4, 3)))
    assert functions["batchnorm_forward"](*given, train=True)[0].shape == (4, 3)
    with pytest.raises(NotImplementedError, match="still a stub"):
        functions["batchnorm_forward"](*given, train=False)


WRONG = {
    "a pass that was left behind": """
        import numpy as np
        def relu_forward(x):
            # TODO
            pass
            out = np.maximum(1, x)
            pass
            # END OF YOUR CODE
            return out, x
    """,
    "None for a single sample": """
        import numpy as np
        def relu_forward(x):
            out = None
            if len(x) == 1:
                pass
            else:
                out = np.maximum(0, x)
            return out, x
    """,
    "zeros that were computed": """
        def relu_forward(x):
            out = x - x
            return out, x
    """,
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_answer_is_none(write, kind):
    """It is handed on to be judged."""
    functions = adapted(write, layers=WRONG[kind])
    out, _ = functions["relu_forward"](np.array([[0.5, -0.5]]))
    assert out is None or not np.array_equal(out, [[0.5, 0.0]])


@pytest.mark.parametrize("hole", ["count = len(x)", "if len(x) == 0: pass"])
def test_an_error_of_what_is_written_is_an_error(write, hole):
    functions = adapted(
        write,
        layers=f"""
        def relu_forward(x):
            {hole}
            out = x.reshape(7, 7)
            return out, x
    """,
    )
    with pytest.raises(ValueError, match="reshape"):
        functions["relu_forward"](np.ones((2, 3)))


def test_a_forgotten_return_is_told(write):
    from nnspec.spec_tests._verdict import CheckFailed

    functions = adapted(
        write,
        layers="""
        import numpy as np
        def relu_forward(x):
            out = np.maximum(0, x)
            print(out)
    """,
    )
    with pytest.raises(CheckFailed, match="relu_forward must return 2 values, got NoneType"):
        functions["relu_forward"](np.ones((2, 3)))


HALF_WRITTEN = """
    import numpy as np

    def affine_forward(x, w, b):
        return x @ w + b, (x, w, b)

    def affine_backward(dout, cache):
        x, w, b = cache
        dx, dw, db = None, None, None
        {dx}
        dw = 2 * x.T @ dout
        db = dout.sum(axis=0)
        return dx, dw, db
"""


def test_a_gradient_that_nobody_wrote_yet_leaves_the_backward_unwritten(write):
    functions = cs231n.adapted(write("cs231n/layers.py", HALF_WRITTEN.format(dx="")).parent)
    _, cache = functions["affine_forward"](np.ones((2, 3)), np.ones((3, 4)), np.ones(4))
    with pytest.raises(NotImplementedError, match="affine_backward is still a stub in part"):
        functions["affine_backward"](np.ones((2, 4)), cache)


def test_a_gradient_that_is_none_in_some_cases_only_is_judged(write):
    some = "dx = dout @ w.T if len(x) > 5 else None"
    functions = cs231n.adapted(write("cs231n/layers.py", HALF_WRITTEN.format(dx=some)).parent)
    _, cache = functions["affine_forward"](np.ones((2, 3)), np.ones((3, 4)), np.ones(4))
    assert functions["affine_backward"](np.ones((2, 4)), cache)[0] is None


def test_what_is_composed_of_a_stub_is_still_to_be_written_too(tmp_path):
    """Spatial dropout is made of dropout, and a stub of that takes no mask."""
    _, file, source = STUBS["its own last line fails"]
    (tmp_path / f"{file}.py").write_text(textwrap.dedent(source), encoding="utf-8")
    report = nnspec.check(f"cs231n:{tmp_path}", concept=["dropout", "dropout2d"])
    assert report.exit_code == 0, str(report)
