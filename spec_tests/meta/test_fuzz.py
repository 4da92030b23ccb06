"""Valid and invalid calls in turn, on every public function: what has passed once must not let another call through.

Calls are drawn from the annotations with a fixed seed and made in a process of its own, because what reads outside of
an array may end it. An invalid call must raise an error that names an argument, a valid one give the answer of the
function without its check.
"""

import functools
import inspect
import itertools
import os
import re
import sys
import tempfile

import numpy as np
import pytest

from nnspec import reference
from nnspec.concepts.collect import public_functions
from nnspec.shapes import contract, evaluate
from nnspec.spec_tests._cases import default_sizes, shape_of

MOST = 60  # changes of each kind to a function, drawn from all of them
WIDTHS = [np.dtype(code).type for code in "bBhHiIlL"]
SIZES = {
    "conv2d_forward": {"KH": 2, "KW": 3},
    "conv_relu_forward": {"KH": 2, "KW": 3},
    "conv_bn_relu_forward": {"KH": 2, "KW": 3},
    "conv_relu_pool_forward": {"H": 6, "W": 7, "KH": 2, "KW": 3},
    "three_layer_convnet_loss": {"H": 5, "W": 5, "K": 3},
    "affine_forward": {"d": (2, 3)},
}
RNG = object()  # a fresh generator in every call
RESNET = reference.resnet_init(2, 3, blocks=(1,), widths=(2,), rng=np.random.default_rng(0))
GPT = reference.gpt_init(3, 4, 2, 3, 1, tied=False, rng=np.random.default_rng(0))
BOTTLENECK = reference.resnet_init(2, 3, blocks=(1,), widths=(2,), block="bottleneck", rng=np.random.default_rng(0))


def block_of(params):
    """x, the parameters of the first block of a network, and running statistics of its norms."""
    block = {key.removeprefix("block1."): array for key, array in params.items() if key.startswith("block1.")}
    norms = {key.removesuffix("beta"): array for key, array in block.items() if key.endswith(".beta")}
    running = {f"{norm}running_{name}": 1 + array for norm, array in norms.items() for name in ("mean", "var")}
    return {"x": np.arange(48.0).reshape(2, 2, 3, 4) % 7, "params": block, "running": running}


SHARES = np.array([[0.5, 0.25, 0.25], [0.125, 0.5, 0.375]])  # of 1
GIVEN = {  # what the annotations do not tell, or where not every value goes with every other
    "dropout_forward": {"keep": 0.5, "mask": np.arange(24).reshape(4, 6) % 3 > 0, "x": np.ones((4, 6))},
    "expected_initial_loss": {"kind": "svm", "C": 3},
    "dropout2d_forward": {"keep": 0.5, "mask": np.arange(6).reshape(2, 3) % 2 > 0, "x": np.ones((2, 3, 2, 4))},
    "lbfgs_direction": {"dw": np.ones(3), "s": np.eye(2, 3), "y": 2 * np.eye(2, 3)},
    "newton_step": {"w": np.ones(3), "dw": np.ones(3), "hessian": 2 * np.eye(3), "damping": 0.5},
    "dropconnect_forward": {
        "keep": 0.5,
        "mask": np.arange(18).reshape(6, 3) % 3 > 0,
        "x": np.ones((4, 6)),
        "w": np.ones((6, 3)),
        "b": np.ones(3),
    },
    "dropout_vanilla_forward": {"keep": 0.5, "mask": np.arange(24).reshape(4, 6) % 3 > 0, "x": np.ones((4, 6))},
    "epoch_batches": {"N": 7, "size": 3, "rng": RNG},
    "sample_batch": {"N": 7, "size": 3, "rng": RNG},
    "one_hot": {"y": np.array([[0, 1, 3], [2, 2, 0]]), "n_classes": 4},
    "train_linear": {"x": np.ones((6, 4)), "y": np.arange(6) % 2, "rng": RNG, "steps": 2, "batch": 3},
    "kfold_indices": {"N": 7, "n_folds": 3},
    "make_spiral": {"N": 4, "n_classes": 3, "rng": RNG},
    "kaiming_normal": {"shape": [2, 3], "rng": RNG},
    "two_layer_init": {"D": 2, "H": 3, "C": 4, "rng": RNG},
    "three_layer_convnet_init": {"C": 2, "H": 4, "W": 4, "F": 2, "K": 3, "M": 3, "n_classes": 3, "rng": RNG},
    "fc_net_init": {"dims": [4, 3, 2], "rng": RNG},
    "fc_net_loss": {
        "params": reference.fc_net_init([4, 3, 2], rng=np.random.default_rng(0)),
        "x": np.ones((3, 4)),
        "y": np.array([0, 1, 1]),
    },
    "char_lm_init": {"V": 3, "E": 2, "H": 2, "rng": RNG},
    "char_lm_loss": {
        "params": reference.char_lm_init(3, 2, 2, rng=np.random.default_rng(0)),
        "ids": np.array([[0, 1, 2], [2, 0, 1]]),
    },
    "char_lm_scores": {
        "params": reference.char_lm_init(3, 2, 2, rng=np.random.default_rng(0)),
        "ids": np.array([[0, 1, 2], [2, 0, 1]]),
    },
    "hog_feature": {"im": np.arange(20.0).reshape(4, 5) % 7, "cell": 2},
    "split_indices": {"N": 6, "shares": [2, 1], "rng": RNG},
    "standardize": {"x": np.ones((3, 2)), "mean": np.zeros(2), "std": np.array([0.5, 2.0])},
    "feature_pipeline": {
        "x_train": np.arange(96.0).reshape(2, 4, 4, 3) % 7 / 7,
        "x": np.arange(48.0).reshape(1, 4, 4, 3) % 5 / 5,
        "cell": 2,
    },
    "weights_to_images": {"w": np.arange(24.0).reshape(12, 2) % 7, "shape": [2, 2, 3]},
    "unbroadcast": {"grad": np.arange(6.0).reshape(2, 3), "shape": [1, 3]},
    **{name: {"p": SHARES, "q": SHARES[::-1]} for name in ("cross_entropy_dist_forward", "kl_divergence_forward")},
    **{name: {"p": SHARES} for name in ("entropy_forward", "surprisal_forward")},
    "soft_cross_entropy_forward": {"scores": np.arange(6.0).reshape(2, 3), "t": SHARES},
    "bce_forward": {"p": SHARES, "y": SHARES[::-1]},
    "bce_with_logits_forward": {"scores": np.arange(6.0).reshape(2, 3), "y": SHARES},
    "ridge_fit": {"phi": np.array([[1, 0.5], [1, 2], [1, -1]]), "t": np.arange(3.0), "lam": 0.5},
    "regularization_path": {"x": np.arange(3) / 2, "t": np.arange(3.0), "degrees": [0, 2], "lams": np.array([0.5, 2])},
    "one_cycle": {"t": 1, "T": 20, "lr": 0.5},
    "resnet_init": {"C": 2, "n_classes": 3, "blocks": [1], "widths": [2], "rng": RNG},
    "resnet_loss": {"params": RESNET, "x": np.arange(48.0).reshape(2, 2, 3, 4) % 7, "y": np.array([0, 1])},
    "basic_block_forward": block_of(RESNET),
    "bottleneck_forward": block_of(BOTTLENECK),
    "channel_normalize_forward": {"std": np.array([1, 0.5, 2])},
    "cross_validate_k": {"x": np.arange(20.0).reshape(10, 2), "y": np.arange(10) % 2, "ks": [1, 3]},
    "mha_forward": {"heads": 1},
    "self_mha_forward": {"heads": 1},
    "attention_map": {"heads": 1},
    "mha_step": {"heads": 1},
    "encoder_layer_post_forward": {"heads": 1},
    "encoder_layer_pre_forward": {"heads": 1},
    "patch_embed_forward": {"x": np.ones((2, 1, 4, 4)), "w": np.ones((4, 3)), "b": np.ones(3), "patch": 2},
    "add_pe_forward": {"x": np.ones((2, 3, 4)), "pe": np.ones((5, 4))},
    "gpt_init": {"V": 3, "S": 4, "E": 2, "H": 3, "L": 1, "rng": RNG},
    "gpt_loss": {"params": GPT, "ids": np.array([[0, 1, 2], [2, 0, 1]]), "heads": 1},
    "gpt_scores": {"params": GPT, "ids": np.array([[0, 1, 2], [2, 0, 1]]), "heads": 1},
    "vit_init": {"C": 1, "patch": 2, "E": 2, "M": 3, "L": 1, "n_classes": 3, "rng": RNG},
    "vit_loss": {
        "params": reference.vit_init(1, 2, 2, 3, 1, 3, rng=np.random.default_rng(0)),
        "x": np.arange(32.0).reshape(2, 1, 4, 4) % 5,
        "y": np.array([0, 2]),
        "heads": 1,
        "patch": 2,
    },
    "padding_mask": {"lengths": np.array([1, 3, 0]), "Tk": 3},
    "build_vocab": {"tokens": "abc"},
    "encode_tokens": {"tokens": ["a", "b"], "vocab": {"a": 0, "b": 1}},
    "decode_ids": {"ids": [0, 1], "vocab": {"a": 0, "b": 1}},
    "pad_sequences": {"sequences": [[1, 2], [3]], "value": 0},
    "lengths_to_mask": {"lengths": np.array([1, 3, 0]), "T": 3},
    "sample_step": {"scores": np.arange(8.0).reshape(2, 4) % 5, "u": np.array([0.3, 0.9])},
    "tbptt_chunks": {"T": 7, "k": 3},
    "permute_gates": {"w": np.arange(16.0).reshape(2, 8)},
    "train": {
        "params": reference.two_layer_init(4, 3, 2, rng=np.random.default_rng(0)),
        "x_train": np.ones((6, 4)),
        "y_train": np.arange(6) % 2,
        "x_val": np.ones((3, 4)),
        "y_val": np.arange(3) % 2,
        "rng": RNG,
        "model": "two_layer_loss",
        "rule": "adam",
        "epochs": 2,
        "batch": 4,
    },
    "confusion_matrix": {"pred": np.array([0, 2, 1]), "y": np.array([0, 2, 2]), "n_classes": 4},
    "knn_vote": {"labels": np.array([[0, 1, 1], [2, 2, 0]]), "n_classes": 4},
    "knn_vote_weighted": {"labels": np.array([[0, 1, 1], [2, 2, 0]]), "d": np.array([[0.5, 1, 2], [0, 1, 2]])},
    "sdpa_forward": {"scale": 0.5},
    "sgd_weight_decay": {"mu": 0.5},
    "max_pool2d_forward": {"stride": 1},
    "softmax_cross_entropy_forward": {"ignore_index": 7, "weight": np.array([1, 0.5, 2])},
}
# They read and write files, make a function, or are given one.
LEFT_OUT = ("load_digits", "load_mnist5k", "load_cifar10", "save_state", "load_state", "warmup")
LEFT_OUT += ("gradient_descent", "random_search", "random_local_search", "numerical_gradient", "numerical_vjp")
LEFT_OUT += ("mc_predict", "complex_step", "mp_derivative", "crosses_kink", "grad_check_sparse", "jacobian", "lbfgs")
LEFT_OUT += ("loss_slice_1d", "loss_slice_2d", "value", "quadratic", "rosenbrock", "saddle", "noisy_quadratic")
# No limit above, and much to allocate.
COUNTS = {"N", "size", "D", "H", "C", "F", "M", "W", "n_classes", "chunk", "V", "E", "S", "L", "T"}


class Sub(np.ndarray):
    """A class of somebody's own."""


class Dict(dict):
    """The same."""


@pytest.mark.parametrize("backend", ["reference", "accelerated.cpu", "accelerated.torch"])
def test_valid_and_invalid_calls_in_turn(python, backend):
    if backend.endswith("torch"):
        pytest.importorskip("torch")
    done = python("-X", "faulthandler", __file__, backend, timeout=600, OMP_NUM_THREADS=1)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert int(done.stdout.split()[0]) > 2000, done.stdout


def main(backend):
    ops = __import__(f"nnspec.{backend}", fromlist=["*"])
    faults, calls = [], 0
    names = [name for name in public_functions(reference) if name not in LEFT_OUT and not name.endswith("_backward")]
    for name in [*names, "l1_distance_backward", "l2_distance_backward", "cosine_distance_backward"]:
        for fuzz in (fuzz_function, fuzz_backward):
            found, made = fuzz(ops, name)
            faults, calls = faults + found, calls + made
    print(calls, "calls")
    print("\n".join(faults))
    sys.exit(bool(faults))


def fuzz_function(ops, name):
    function, arguments = getattr(ops, name), valid_arguments(ops, name)
    unchecked = getattr(function, "func", function).__wrapped__
    extra = {"ops": ops} if hasattr(function, "func") else {}
    rules = contract(inspect.unwrap(getattr(reference, name))).rules
    valid, invalid = [], []
    for argument, value in arguments.items():
        valid += [(argument, other) for other in same_values(value)]
        invalid += [(argument, other) for other in wrong_values(rules, argument, arguments)]
    invalid += [(argument, MISSING) for argument in arguments if rules[argument].default is inspect.Parameter.empty]
    return faults_in(name, function, arguments, valid, invalid, call(unchecked, arguments | extra))


def fuzz_backward(ops, name):
    backward = name.removesuffix("_forward") + "_backward"
    if not name.endswith("_forward") or not hasattr(ops, backward):
        return [], 0
    made = call(getattr(ops, name), valid_arguments(ops, name))
    names = list(inspect.signature(inspect.unwrap(getattr(reference, backward))).parameters)
    upstream = [np.random.default_rng(1).standard_normal(np.shape(out)) for out in made[:-1]]
    arguments = dict(zip(names, [*upstream[: len(names) - 1], made[-1]], strict=True))
    other = reference.relu_forward if name != "relu_forward" else reference.tanh_forward
    valid, invalid = (
        [],
        [("cache", wrong) for wrong in (None, tuple(made[-1]), other(np.ones(3))[1], np.ones(2), MISSING)],
    )
    for argument in names[:-1]:
        dout = arguments[argument]
        valid += [(argument, same) for same in same_values(dout)]
        invalid += [(argument, wrong) for wrong in wrong_arrays(dout, "float") + wrong_shapes(dout)]
        invalid += [(argument, kind) for array in longer(dout) for kind in (array, array.view(Sub))]
        if dout.ndim == 0:
            valid += [(argument, kind(dout)) for kind in (float, np.float64)]
    want = call(getattr(ops, backward).__wrapped__, arguments)
    return faults_in(backward, getattr(ops, backward), arguments, valid, invalid, want)


def faults_in(name, function, arguments, valid, invalid, want):
    """Of each kind a random one in turn, and between them the call that all of them are changes of."""
    rng, faults = np.random.default_rng(0), []
    valid, invalid = ([calls[i] for i in rng.permutation(len(calls))[:MOST]] for calls in (valid, invalid))
    for good, bad in itertools.zip_longest(valid, invalid):
        for change in (None, good):
            changed = arguments | ({} if change is None else dict([change]))
            try:
                fits = same_answers(call(function, changed), want)
            except Exception as error:
                fits = f"{type(error).__name__}: {error}"
            if fits is not True:
                faults.append(f"{name}: the valid call with {told(change)} gives {fits or 'another answer'}")
        if bad is not None:
            faults += unrefused(name, function, arguments, bad)
    return faults, 2 * max(len(valid), len(invalid)) + len(invalid)


def unrefused(name, function, arguments, change):
    changed = {key: value for key, value in (arguments | dict([change])).items() if value is not MISSING}
    try:
        result = call(function, changed)
    except (ValueError, TypeError) as error:
        named = "|".join([*map(re.escape, arguments), "labels", "stride"])
        return [] if re.search(rf"\b({named})\b", str(error)) else [f"{name}: {told(change)} says only: {error}"]
    except Exception as error:
        return [f"{name}: {told(change)} raises {type(error).__name__}: {error}"]
    return [f"{name}: {told(change)} is taken, and gives {one_line(result)}"]


MISSING = object()


def told(change):
    if change is None or change[1] is MISSING:
        return "nothing changed" if change is None else f"{change[0]} left out"
    argument, value = change
    return f"{argument} = {type(value).__name__} {getattr(value, 'dtype', '')} {one_line(value)}"


def one_line(value):
    return " ".join(str(value).split())[:60]


def call(function, arguments):
    """With what can be positional so, up to the first that is missing."""
    named = {name: np.random.default_rng(0) if value is RNG else value for name, value in arguments.items()}
    leading = itertools.takewhile(named.__contains__, positional_names(function))
    positional = [named.pop(name) for name in list(leading)]
    with np.errstate(all="ignore"):
        return function(*positional, **named)


@functools.cache
def positional_names(function):
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]


def same_answers(got, want):
    if isinstance(want, (tuple, list)):
        return len(got) == len(want) and all(map(same_answers, got, want))
    if isinstance(want, dict):
        return list(got) == list(want) and all(same_answers(got[key], want[key]) for key in want)
    if isinstance(want, (np.ndarray, np.generic, float, int)):
        # The order in which NumPy sums depends on the layout.
        return np.shape(got) == np.shape(want) and np.allclose(got, want, rtol=1e-12, atol=1e-14, equal_nan=True)
    return True  # parts of a cache or a state that are no arrays of NumPy's


def valid_arguments(ops, name):
    function = inspect.unwrap(getattr(reference, name))
    given, rules = GIVEN.get(name, {}), contract(function).rules
    dims = default_sizes(function) | SIZES.get(name, {})
    dims |= {key: value for key, value in given.items() if type(value) is int}
    rng, arguments = np.random.default_rng(0), {}
    for rule in rules.values():
        if rule.name in given:
            arguments[rule.name] = given[rule.name]
        elif rule.name in ("ops", "rng", "state", "on_epoch", "running", "masks") or (name in GIVEN and rule.optional):
            continue
        elif rule.kind == "params":
            arguments[rule.name] = {key: rng.standard_normal(shape_of(shape, dims)) for key, shape in rule.shapes}
        elif rule.shapes:
            arguments[rule.name] = drawn(rule, shape_of(rule.shapes[0][1], dims), dims, rng)
        elif rule.kind == "integer" and rule.default in (inspect.Parameter.empty, None):
            arguments[rule.name] = max(1, evaluate(rule.range.low, dims))
        elif rule.kind == "number" and rule.default in (inspect.Parameter.empty, None):
            arguments[rule.name] = 0.5
        elif rule.default is not None and rule.default is not inspect.Parameter.empty:
            arguments[rule.name] = rule.default
    if "state" in rules:
        _, arguments["state"] = call(getattr(ops, name), arguments)
    return arguments


def drawn(rule, shape, dims, rng):
    if rule.kind == "int":
        low, high = rule.range.limits(dims) if rule.range else (0, 1)
        return rng.integers(low, high + 1, shape)
    if rule.kind == "mask":
        return rng.random(shape) < 0.7
    return abs(rng.standard_normal(shape)) if rule.name == "running_var" else rng.standard_normal(shape)


def same_values(value):
    """What stands for the same value."""
    if isinstance(value, np.ndarray):
        others = [
            value.view(Sub),
            on_disk(value),
            value.copy(order="F"),
            value.view(np.recarray),
            value.astype(value.dtype.newbyteorder()),
        ]
        if value.dtype.kind == "i":
            others += [value.astype(width) for width in WIDTHS] + [value.astype(">i4"), value.astype(">i2").view(Sub)]
        return others
    if isinstance(value, dict):
        views = {key: entry.view(Sub) for key, entry in value.items() if isinstance(entry, np.ndarray)}
        return [Dict(value), value | views]
    if isinstance(value, bool):
        return [np.bool_(value)]
    if isinstance(value, int):
        return [kind(value) for kind in WIDTHS if np.iinfo(kind).min <= value] + [type("Int", (int,), {})(value)]
    if isinstance(value, float):
        exact = [kind(value) for kind in (np.float16, np.float32, np.longdouble) if float(kind(value)) == value]
        return [np.float64(value), type("Float", (float,), {})(value), *exact]
    if isinstance(value, str):
        return [np.str_(value), type("Text", (str,), {})(value)]
    if isinstance(value, list) and not all(isinstance(entry, int) for entry in value):
        return [tuple(value), [tuple(entry) if isinstance(entry, list) else entry for entry in value]]
    if isinstance(value, list):
        return [tuple(value), [np.uint8(entry) for entry in value], [np.int64(entry) for entry in value]]
    if isinstance(value, tuple):
        return [list(value), tuple(entry.view(Sub) if isinstance(entry, np.ndarray) else entry for entry in value)]
    return []


def on_disk(value):
    """A memmap, which an array without entries cannot be."""
    if not value.size:
        return value
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(value.tobytes())
    mapped = np.memmap(file.name, value.dtype, "r", shape=value.shape)
    if os.name == "posix":
        os.unlink(file.name)
    return mapped


def wrong_values(rules, name, arguments):
    rule, value = rules[name], arguments[name]
    if rule.kind == "any":
        return wrong_states(value) if rule.state else [None, 3, [1.0], np.ones(3)]
    if rule.kind == "params":
        missing_or_more = [] if rule.open else [value | {"more": np.ones(2)}, dict(list(value.items())[1:])]
        return [
            None,
            list(value.items()),
            *missing_or_more,
            *(
                value | {key: wrong}
                for key in value
                for wrong in [*wrong_arrays(value[key], "float"), *([] if rule.open else longer(value[key]))]
            ),
        ]
    if rule.is_array:
        wrong = [w for w in wrong_arrays(value, rule.kind) if w is not None or not rule.optional]
        if not re.search(r"[*#]", rule.shapes[0][1]):
            wrong += wrong_shapes(value)
        if rule.range is not None and value.size:
            wrong += out_of_range(value, rule.range, dims_of(rules, arguments))
        too_long = [w for axis, w in enumerate(longer(value)) if shares_axis(rules, rule, axis, arguments)]
        return [*wrong, *too_long, *(array.view(Sub) for array in too_long)]
    wrong = {
        "integer": lambda: wrong_integers(rule, value, dims_of(rules, arguments)),
        "number": lambda: ["fast", True, np.bool_(True), np.array(0.5), 1j, [0.5], np.complex128(1), np.timedelta64(1)],
        "bool": lambda: [1, 0.0, "yes", np.int64(1), np.array(True), [True]],
        "choice": lambda: ["median", np.str_("median"), 3, True, ["mean"], np.array("mean")],
        "generator": lambda: [0, np.random, np.random.PCG64(0)],
        "integers": lambda: (
            [3, "12", [1.5, 2], [True, 2], [np.float64(2), 3], np.array([1, 2]), [[1], [2]]]
            + [[]] * (rule.name not in ("ids", "shape"))
        ),
        "rows of integers": lambda: [3, [1, 2], [[1.5]], [[True]], [np.array([1, 2])], np.array([[1]]), ["ab"]],
        "texts": lambda: [3, b"ab", [1, 2], [b"a"], [["a"]], np.array(["a"]), {"a": 1}],
        "numbering": lambda: [3, "ab", [("a", 0)], {1: 0}, {"a": 0.5}, {"a": True}, {"a": np.int64(0)}],
        "dict": lambda: [3, [("a", 1)], "a"],
        "text": lambda: [3, "nonsense", np.str_("nonsense"), b"adam", ["adam"]],
    }[rule.kind]()
    return wrong if rule.optional or None in rule.choices else [*wrong, None]


def wrong_arrays(value, kind):
    """Not the array that is asked for, whatever the other arguments are."""
    wrong = [
        None,
        value.tolist(),
        np.ma.masked_array(value, value == value),
        np.array("text"),
        value.astype(object),
        value.astype(complex),
        7,
        "x",
        value.astype(np.float16),
        np.zeros(value.shape, [("x", float)]),
        value.astype(complex).view(Sub),
        np.zeros(value.shape, "M8[s]"),
    ]
    if value.ndim == 0:
        wrong = [w for w in wrong if w is not wrong[1] and not (isinstance(w, int))]
    if value.ndim == 2:
        wrong.append(np.asmatrix(value))
    if kind == "float":
        wrong += [value.astype(np.int64), value > 0]
    if kind == "int":
        wrong += [value.astype(float), value > 0]
    if kind == "mask":
        wrong += [value.astype(np.int8), value.astype(float)]
    return wrong


def wrong_shapes(value):
    wrong = [value[..., None], value[..., None].view(Sub)]
    return [*wrong, value[None], value.ravel()[0]] if value.ndim > 0 and value.size else wrong


def longer(value):
    """One entry more along each axis; contents stay in range."""
    return [np.concatenate([value, value.take([0], axis)], axis) for axis in range(value.ndim)]


def shares_axis(rules, rule, axis, arguments):
    """Whether the size of this axis is also that of another array."""
    if re.search(r"[*#]", rule.shapes[0][1]):
        return rule.name in ("mask", "dw", "beta") and axis == arguments[rule.name].ndim - 1
    name = rule.shapes[0][1].split()[axis]
    others = [o for o in rules.values() if o.name in arguments and o is not rule and o.is_array]
    return any(name in re.findall(r"\w+", shape) for other in others for _, shape in other.shapes)


def dims_of(rules, arguments):
    """Sizes by the names of plain axes."""
    dims = {name: value for name, value in arguments.items() if rules[name].kind == "integer" and type(value) is int}
    for rule in rules.values():
        if rule.is_array and rule.kind != "params" and rule.name in arguments:
            names = rule.shapes[0][1].split()
            if not any("*" in name for name in names):
                dims |= dict(zip(names, arguments[rule.name].shape, strict=True))
        if rule.kind == "params" and rule.name in arguments:
            given = {other.name: other.default for other in rules.values()} | arguments
            for key, shape in rule.shapes_in(given, dims):
                dims |= dict(zip(shape.split(), arguments[rule.name][key].shape, strict=False))
            if rule.families:
                rule.families.define(dims, {})
    return dims


def out_of_range(value, limits, dims):
    low, high = limits.limits(dims)
    found = []
    for number in (low - 1, high + 1, 100):
        for width in WIDTHS:
            if np.iinfo(width).min <= number <= np.iinfo(width).max:
                spoilt = value.astype(width)
                spoilt.flat[-1] = number
                found += [spoilt, spoilt.view(Sub)]
    return found


def wrong_integers(rule, value, dims):
    wrong = [True, 1.5, "2", np.float64(2), np.array(2), np.array([2]), np.timedelta64(2), np.bool_(True), [2], 2j]
    low, high = rule.range.limits(dims) if rule.range else (None, None)
    outside = [] if low is None else [low - 1, -100]
    outside += [] if high is None else [high + 1, 100, 10**7, 2**70]
    for number in outside:
        wrong += [number, *(w(number) for w in WIDTHS if np.iinfo(w).min <= number <= np.iinfo(w).max)]
    return wrong


def wrong_states(state):
    several = isinstance(state, tuple)
    first = state[0] if several else state
    if not isinstance(first, np.ndarray):
        return [3, "state", state[:2] if several else (state,), first[..., None]]
    put = (lambda array: (array, *state[1:])) if several else (lambda array: array)
    wrong = [3, "state", put(first.tolist()), put(np.ma.masked_array(first)), put(first.astype(np.float32))]
    wrong += [put(array) for array in (first[..., None], np.ones(1), np.ones(1).view(Sub))]
    wrong += [put(array) for array in longer(first)]
    return wrong + ([state[:1], (*state, 1), (*state[:2], -1), (*state[:2], 1.5), state[0]] if several else [(first,)])


if __name__ == "__main__":
    main(sys.argv[1])
