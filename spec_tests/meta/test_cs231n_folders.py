"""Where the assignments are looked for, what is said where they are not, and what their files may be like."""

import numpy as np
import pytest

from nnspec.backends import CannotLoad, load
from nnspec.backends.adapters import cs231n

RELU = """
    import numpy as np

    def relu_forward(x):
        return np.maximum(0, x), x

    def relu_backward(dout, x):
        return dout * (x > 0)
"""
MOMENTUM = """
    def sgd_momentum(w, dw, config=None):
        config["velocity"] = config.get("momentum", 0.9) * config.get("velocity", 0) - config["learning_rate"] * dw
        return w + config["velocity"], config
"""


def names_of(target):
    return {name for name in load(str(target)).supplies() if name not in ("two_layer_init", "fc_net_init")}


@pytest.mark.parametrize("given", ["assignment2", "assignment2/cs231n", "cs231n:assignment2", "cs231n:.", "."])
def test_a_folder_is_found_from_where_one_stands(write, tmp_path, monkeypatch, given):
    write("assignment2/cs231n/layers.py", RELU)
    write("assignment2/cs231n/__init__.py", "")
    write("assignment2/notebook.py", "raise RuntimeError")
    monkeypatch.chdir(tmp_path)
    assert {"relu_forward", "relu_backward"} <= names_of(given)


@pytest.mark.parametrize(
    ("file", "name"), [("optim.py", "sgd_momentum"), ("classifiers/linear_svm.py", "svm_loss_forward")]
)
def test_a_folder_with_one_file_will_do(write, tmp_path, file, name):
    write("mine/optim.py", MOMENTUM) if file == "optim.py" else write(
        f"mine/{file}", "def svm_loss_naive(W, X, y, reg): 1 / 0"
    )
    assert name in names_of(tmp_path / "mine")
    assert name in names_of(tmp_path / "mine" / "classifiers" if "/" in file else tmp_path)


@pytest.mark.parametrize("given", [".", "cs231n:."])
def test_several_assignments_are_told_with_what_to_type(nnspec, write, given):
    for number in (1, 3):
        write(f"assignment{number}/cs231n/layers.py", RELU)
    write("a package/__init__.py", RELU)
    done = nnspec("check", given)
    assert done.returncode == 2
    first, *lines = done.stderr.strip().splitlines()
    assert "2 folders" in first
    assert lines == ["  nnspec check cs231n:assignment1", "  nnspec check cs231n:assignment3"]


def test_a_package_with_our_names_is_no_assignment(write, tmp_path):
    write("mine/__init__.py", "from mine.layers import relu_forward")
    write("mine/layers.py", "def relu_forward(x): return 1, 2")
    backend = load(str(tmp_path / "mine"))
    assert backend.namespace.relu_forward(None) == (1, 2)


def test_nothing_is_written_into_the_folder(write):
    path = write("layers.py", RELU).parent
    cs231n.adapted(cs231n.locate(path))
    assert [entry.name for entry in path.iterdir()] == ["layers.py"]


def test_a_file_that_cannot_be_read_takes_no_other_along(write):
    path = write("layers.py", RELU).parent
    write("optim.py", "import numpy as np\n\ndef sgd_momentum(w, dw, config=None):\n    return w +* dw\n")
    write("rnn_layers.py", "def lstm_step_forward(*args): pass\nraise RuntimeError('early')")
    functions = cs231n.adapted(cs231n.locate(path))
    assert functions["relu_forward"](np.ones((2, 3)))[0].all()
    with pytest.raises(ImportError, match=r"optim.py:4 cannot be imported: SyntaxError"):
        functions["sgd_momentum"](1.0, 1.0)
    with pytest.raises(ImportError, match=r"rnn_layers.py:2 cannot be imported: RuntimeError: early"):
        functions["lstm_step_forward"]()


def test_where_nothing_can_be_read_the_place_is_told(write):
    path = write("layers.py", "def relu_forward(x:\n    pass").parent
    with pytest.raises(CannotLoad, match=r"layers.py:1 cannot be imported: SyntaxError"):
        load(f"cs231n:{path}")


def test_what_is_only_imported_need_not_be_there(write, capsys):
    write(
        "classifiers/softmax.py",
        """
        from random import shuffle
        import h5py_of_old, matplotlib.of_old.pyplot as plt
        from tqdm_of_old import tqdm
        from past.builtins import xrange
        from cs231n.data_utils import get_CIFAR10_data
        from cs231n.gradient_check import *
        print("hello")

        def softmax_loss_naive(W, X, y, reg):
            plt.plot(xrange(3))
    """,
    )
    path = write("layers.py", RELU).parent
    functions = cs231n.adapted(cs231n.locate(path))
    with pytest.raises(NotImplementedError, match=r"matplotlib.*which is not there"):
        functions["softmax_cross_entropy_forward"](np.ones((2, 3)), np.array([0, 1]))


PYTHON_2 = """
    import numpy as np
    import cPickle as pickle
    from im2col import columns

    def relu_forward(x):
        print 'relu of', x.shape
        half = 3 / 2
        out = np.zeros((len(x) * 2 / 2,) + x.shape[1:])
        for i in xrange(len(x)):
            for j, value in {0: 1.0}.iteritems():
                out[i] = np.maximum(0, x[i]) * value * half
        try:
            pickle.undefined
        except AttributeError, e:
            pass
        n = 7
        n /= 2
        assert n == 3 and map(abs, [-1]) == [1] and columns(5) == 2 and 1.0 / 2 == 0.5
        return out, x
"""


def test_python_2_is_read_as_python_2(write):
    write("cs231n/im2col.py", "def columns(n):\n    return n / 2\n")
    path = write("cs231n/layers.py", PYTHON_2).parent
    out, _ = cs231n.adapted(path)["relu_forward"](np.array([[-1.0, 2.0], [3.0, -4.0]]))
    assert out.tolist() == [[0.0, 2.0], [3.0, 0.0]]


def test_python_3_keeps_its_division(write):
    write("cs231n/data_utils.py", "print 'Python 2, and nobody imports it'")
    path = write("cs231n/layers.py", "def relu_forward(x):\n    return 1 / 2 + x, x").parent
    assert cs231n.adapted(path)["relu_forward"](0.0)[0] == 0.5


def test_the_names_of_numpy_1_are_known(write):
    path = write(
        "layers.py",
        """
        import numpy as np

        def relu_forward(x):
            mask = np.zeros(x.shape, dtype=np.bool)
            mask[x > 0] = np.int(1)
            n = np.product(x.shape)
            place = np.unravel_index(0, dims=x.shape)
            return np.reshape(np.float(1) * x * mask, newshape=(n,)).reshape(x.shape), place
    """,
    ).parent
    out, _ = cs231n.adapted(path)["relu_forward"](np.array([[-1.0, 2.0]]))
    assert out.tolist() == [[0.0, 2.0]]


def test_another_folder_in_the_same_process(write, tmp_path):
    for name, sign in (("one", 1), ("two", -1)):
        write(f"{name}/optim.py", f"SIGN = {sign}")
        write(f"{name}/layers.py", "from cs231n.optim import SIGN\ndef relu_forward(x):\n    return SIGN * x, x")
    one, two = (cs231n.adapted(cs231n.locate(tmp_path / name)) for name in ("one", "two"))
    assert two["relu_forward"](3.0)[0] == -3.0
    assert one["relu_forward"](3.0)[0] == 3.0
