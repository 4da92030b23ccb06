"""`nnspec train` with other features, rules and schedules, each of them in turn, and another backend beside it."""

import io
import itertools
import pickle
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from nnspec.backends import load
from nnspec.training import checkpoint, features, rules, schedules
from nnspec.training.data import load as load_data
from nnspec.training.each import Tried, _best, run_each
from nnspec.training.images import ImageTask
from nnspec.training.loop import Training
from nnspec.training.models import OF_IMAGES, task_of
from nnspec.training.ops import OnNumpy
from nnspec.training.run import Wanted

QUIET = Console(file=io.StringIO())


@pytest.fixture(scope="module")
def digits():
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn")
    return load_data("digits", seed=0)


@pytest.fixture(scope="module")
def ops():
    return OnNumpy(load("cpu"))


def wanted(**asked):
    none = dict.fromkeys(("data", "epochs", "save", "resume", "plot", "beside"))
    return Wanted(**(none | {"model": "svm", "backend": "cpu", "seed": 0, "neighbours": 1, "fill": False} | asked))


@pytest.mark.parametrize("name", schedules.NAMES)
@pytest.mark.parametrize("steps", [1, 7, 100])
def test_a_schedule_never_exceeds_its_rate_and_reaches_it(name, steps):
    rate = schedules.rates(name, 0.5, steps, [])
    found = np.array([rate(t) for t in range(steps)])
    assert (found >= 0).all() and found.max() <= 0.5 * (1 + 1e-12)
    if steps == 100:
        assert found.max() > 0.45


def test_schedules_end_where_they_should():
    last = {name: schedules.rates(name, 1.0, 300, [])(299) for name in schedules.NAMES}
    assert last["constant"] == 1 and last["linear"] == pytest.approx(1 / 300) and last["step"] == pytest.approx(0.01)
    assert last["cosine"] == pytest.approx(0.1, rel=1e-3) and last["one_cycle"] < 1e-3
    assert last["exponential"] == pytest.approx(0.1, rel=0.01) and last["inverse_time"] == pytest.approx(0.1, rel=0.01)
    sgdr = [schedules.rates("sgdr", 1.0, 300, [])(t) for t in range(300)]
    assert sum(after > before for before, after in itertools.pairwise(sgdr)) == 2  # restarts


def test_plateau_goes_by_the_epochs_so_far():
    falling, flat = [3.0, 2.0, 1.0, 0.9, 0.8], [1.0] * (schedules.PATIENCE + 2)
    assert schedules.rates("plateau", 1.0, 10, falling)(5) == 1
    assert schedules.rates("plateau", 1.0, 10, flat)(5) == pytest.approx(0.3)
    assert schedules.rates("plateau", 1.0, 10, flat[:-1])(5) == 1


def test_standardized_features_are_those_of_the_training_images(digits, ops):
    found = features.featured(digits, "standardized", ops)
    assert {part: len(x) for part, x in found.x.items()} == {part: len(x) for part, x in digits.x.items()}
    train = digits.x["train"].reshape(1295, -1).astype(float)
    expected = (digits.x["test"].reshape(359, -1) - train.mean(axis=0)) / np.where(
        train.std(axis=0), train.std(axis=0), 1
    )
    expected[:, train.std(axis=0) == 0] = 0
    np.testing.assert_allclose(found.x["test"], expected, rtol=1e-4, atol=1e-5)
    assert "standardized features" in str(found)


def test_features_of_gradients_tell_digits_apart_and_are_no_images(digits, ops):
    found = features.featured(digits, "hog", ops)
    assert found.shape == (4 * 4 * 9 + 10,)  # and ten hues, which are one in grey
    assert np.abs(found.x["train"][:, -10:]).max() == 0 < np.abs(found.x["train"][:, :-10]).max()
    training = Training.begin(task_of("softmax_classifier", found), ops, 0, 20)
    for _ in range(20):
        training.run_epoch()
    assert training.measured("test") > 0.9
    with pytest.raises(ValueError, match="three_layer_convnet takes images, got features of them"):
        task_of("three_layer_convnet", found)


def test_a_folder_of_cifar10_is_data(tmp_path, ops):
    rng = np.random.default_rng(0)
    for name in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]:
        labels = np.arange(20) % 10
        pixels = rng.integers(0, 50, (20, 3, 32, 32))
        for image, label in zip(pixels, labels, strict=True):
            image[:, 3 * label : 3 * label + 3] += 150  # a bright band, whose height tells the class
        batch = {b"data": pixels.reshape(20, 3072).astype(np.uint8), b"labels": labels.tolist()}
        (tmp_path / name).write_bytes(pickle.dumps(batch))
    data = load_data(str(tmp_path), seed=0)
    assert {part: x.shape for part, x in data.x.items()} == {
        "train": (90, 3, 32, 32), "validation": (10, 3, 32, 32), "test": (20, 3, 32, 32)
    }  # fmt: skip
    training = Training.begin(task_of("softmax_classifier", data), ops, 0, 30)
    for _ in range(30):
        training.run_epoch()
    assert training.measured("test") > 0.9
    assert features.featured(data, "hog", ops).shape == (4 * 4 * 9 + 10,)


def test_of_several_rates_the_best_by_validation_is_taken_and_no_diverged_one(digits):
    tried = run_each(wanted(each="rule", epochs=3, data="digits"), QUIET)
    assert [one.name for one in tried] == rules.names()
    assert all(one.training.validated[-1] > 0.5 and np.isfinite(one.training.losses).all() for one in tried)


def test_the_best_is_the_best_by_validation_and_then_by_its_loss():
    def tried(lr, validated, loss, better=max):
        task = SimpleNamespace(better=better)
        return Tried("x", lr, SimpleNamespace(task=task, validated=[0.5, validated], mean_losses=lambda: [9.0, loss]))

    first, second, third = tried(0.1, 0.9, 0.3), tried(0.2, 0.9, 0.2), tried(0.3, 0.8, 0.1)
    assert _best([first, second, third]) is second
    assert _best([tried(0.1, 0.9, np.nan), first]) is first
    lower, higher = tried(0.1, 2.0, 0.3, min), tried(0.2, 3.0, 0.2, min)
    assert _best([higher, lower]) is lower


def test_the_reference_beside_it_learns_the_same(digits):
    (*_, tried) = run_each(wanted(each="features", beside="reference", data="digits", epochs=5), QUIET)
    assert tried.name == "hog" and 0 < tried.apart < 1e-5
    assert tried.training.measured("test") == pytest.approx(tried.beside.measured("test"), abs=0.004)
    wrong = replace(tried, beside=SimpleNamespace(losses=[2 * loss for loss in tried.training.losses]))
    assert wrong.apart >= 1


def test_the_table_and_the_picture(nnspec, tmp_path):
    pytest.importorskip("matplotlib", reason="it is drawn with matplotlib")
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn")
    options = "--each", "features", "--beside", "reference", "--lr", "0.01", "--epochs", "3", "--markdown"
    done = nnspec("train", "softmax_classifier", *options, "--plot", tmp_path / "shown.png")
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    assert rows[0][0] == "| features" and rows[0][-2:] == ["reference", "apart |"]
    assert [row[0] for row in rows[2:]] == ["| raw", "| standardized", "| hog"]
    assert all(row[1] == "0.01" and float(row[4]) > 0.5 for row in rows[2:])
    assert (tmp_path / "shown.png").stat().st_size > 10_000


def test_a_rule_a_schedule_and_a_rate_of_ones_own(digits, ops):
    task = task_of("five_layer_net", digits, rule="lion", schedule="constant", lr=1e-3)
    training = Training.begin(task, ops, 0, 10)
    assert len(training.params) == 10 and training.parameters == 64 * 100 + 3 * 100 * 100 + 100 * 10 + 410
    for _ in range(10):
        training.run_epoch()
    assert training.measured("test") > 0.9
    assert list(training.of_rule["W1"]) != [None] and training.of_rule["W1"] is not None


def test_a_training_is_not_resumed_as_another(digits, ops, tmp_path):
    kept = Training.begin(task_of("svm", digits), ops, 0, 2)
    checkpoint.save(kept, tmp_path / "kept.npz")
    others = {
        "rule": task_of("svm", digits, rule="sgd"),
        "lr": task_of("svm", digits, lr=0.5),
        "data": ImageTask(OF_IMAGES["svm"], features.featured(digits, "standardized", ops)),
    }
    for name, task in others.items():
        with pytest.raises(ValueError, match=f"kept.npz is of {name} .*, this training of "):
            checkpoint.restore(replace(kept, task=task), tmp_path / "kept.npz")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--rule adamm", "rule must be one of adadelta, adagrad, adam"),
        ("--schedule cosin", "schedule must be constant, cosine"),
        ("--features sift", "features must be raw, standardized or hog, got sift"),
        ("--data cifar", "data must be one of digits, mnist, prose or a folder that holds CIFAR-10, got cifar"),
        ("--data /", "root must be the folder of CIFAR-10's python version, got /"),
        ("--beside none_such", "none_such"),
        ("--beside torch --rule lion", "PyTorch is trained beside with adam or adamw, got lion"),
    ],
)
def test_what_there_is_not_is_told(nnspec, words, told):
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn")
    if "torch" in words:
        pytest.importorskip("torch")
    done = nnspec("train", "svm", *words.split())
    assert done.returncode == 2 and told in done.stderr
    assert not re.search("Traceback", done.stderr)


def test_plateau_goes_by_what_is_wrong_on_the_validation_images(digits, ops):
    training = Training.begin(task_of("svm", digits, schedule="plateau", lr=0.1), ops, 0, 40)
    rates, step = [], training.step
    training.step = lambda batch, lr: (rates.append(lr), step(batch, lr))
    for _ in range(40):
        training.run_epoch()
    of_epochs = np.array(rates).reshape(40, -1)
    assert (of_epochs == of_epochs[:, :1]).all() and of_epochs[0, 0] == 0.1 > of_epochs[-1, 0] > 0
    best, waited, expected = np.inf, 0, [0.1]
    for accuracy in training.validated[:-1]:
        wrong = 1 - accuracy
        best, waited = (wrong, 0) if wrong < best * (1 - 1e-4) else (best, waited + 1)
        dropped = waited > schedules.PATIENCE
        expected.append(expected[-1] * (0.3 if dropped else 1))
        waited = 0 if dropped else waited
    np.testing.assert_allclose(of_epochs[:, 0], expected)
