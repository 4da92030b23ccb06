"""What is said of a wrong answer is true, and nothing is said where nothing is known."""

import numpy as np
import pytest

import nnspec
from nnspec.spec_tests._diagnosis import Wrong, pattern
from nnspec.spec_tests._probes import unexplained

RNG = np.random.default_rng(0)
WANT = RNG.standard_normal((3, 4, 4)).astype(np.longdouble)
MATRIX = RNG.standard_normal((3, 8)).astype(np.longdouble)
SQUARE = RNG.standard_normal((4, 4)).astype(np.longdouble)
SPARSE = np.where(RNG.random((5, 6)) < 0.5, 0, RNG.standard_normal((5, 6))).astype(np.longdouble)
SCALE = RNG.uniform(1, 2, 8).astype(np.longdouble)
DIMS = {"N": 3, "C": 8}


def found(got, want, dims=DIMS, **known):
    return pattern(Wrong("out", np.asarray(got, np.longdouble), want, np.full(want.shape, 1e-9), dims, **known))


def told(*args, **known):
    return (pattern := found(*args, **known)) and str(pattern)


def with_slice(array, index, value):
    changed = array.copy()
    changed[index] = value
    return changed


KNOWN = {
    "a dimension": (3 * MATRIX, MATRIX, "got / want is 3 everywhere = N"),
    "one over": (MATRIX / 8, MATRIX, "got / want is 0.125 everywhere = 1/C"),
    "a root": (MATRIX / np.sqrt(8), MATRIX, "got / want is 0.353553 everywhere = 1/sqrt(C)"),
    "the unbiased variance": (MATRIX * 1.5, MATRIX, "got / want is 1.5 everywhere = N/(N - 1)"),
    "two dimensions": (MATRIX * 24, MATRIX, "got / want is 24 everywhere = N C"),
    "the sign": (-MATRIX, MATRIX, "got / want is -1 everywhere = -1"),
    "no name": (MATRIX * 1.234567, MATRIX, "got / want is 1.23457 everywhere"),
    "a summand": (MATRIX + 0.25, MATRIX, "got - want is 0.25 everywhere"),
    "transposed": (SQUARE.T, SQUARE, "got is the transpose of the wanted out"),
    "two axes": (WANT.transpose(0, 2, 1), WANT, "got is transposed to axes (0, 2, 1) of the wanted out"),
    "a reshape": (
        MATRIX.T.reshape(3, 8),
        MATRIX,
        "got has the right numbers, laid out in the order of axes (1, 0): a reshape where a transpose is needed?",
    ),
    "reversed": (MATRIX[:, ::-1], MATRIX, "got is reversed along axis 1"),
    "shifted": (np.roll(MATRIX, -1, 1), MATRIX, "got is shifted by -1 along axis 1"),
    "gates": (
        MATRIX[:, [0, 1, 4, 5, 2, 3, 6, 7]],
        MATRIX,
        "got has the 4 blocks of axis 1 in another order: 0, 2, 1, 3",
    ),
    "shuffled": (MATRIX.ravel()[RNG.permutation(24)].reshape(3, 8), MATRIX, "the right numbers in other places"),
    "a scale": (MATRIX * SCALE, MATRIX, "got / want depends on axis 1 alone: it is gamma"),
    "no scale": (MATRIX / SCALE, MATRIX, "got / want depends on axis 1 alone: it is 1/gamma"),
    "no shift": (MATRIX - SCALE, MATRIX, "got - want depends on axis 1 alone: it is -gamma"),
    "a mask": (np.where(SPARSE == 0, 1.0, 0.0), SPARSE, "zero just where it should not be: is a mask inverted?"),
    "zeros": (0 * MATRIX, MATRIX, "zero everywhere"),
    "a number": (0 * MATRIX + 7, MATRIX, "7 everywhere"),
    "one slice": (with_slice(MATRIX, 2, 0.5), MATRIX, "only the last index of axis 0 is wrong"),
    "all but one": (
        np.concatenate([MATRIX[:1], 5 - 3 * MATRIX[1:] ** 2]),
        MATRIX,
        "only the first index of axis 0 is right",
    ),
    "repeated": (np.broadcast_to(MATRIX[0] + 1, (3, 8)), MATRIX, "all slices along axis 0 are the same"),
    "lost": (np.where(MATRIX > 1, 0, MATRIX), MATRIX, f"right but for {(MATRIX > 1).sum()} entries that are 0"),
    "NaN": (MATRIX * np.nan, MATRIX, "NaN everywhere"),
    "NaN in a row": (with_slice(MATRIX, 1, np.nan), MATRIX, "NaN in 8 of 24 entries, all those at index 1 of axis 0"),
    "NaN for 0": (
        np.where(SPARSE == 0, np.nan, SPARSE),
        SPARSE,
        f"NaN in {(SPARSE == 0).sum()} of 30 entries, just where what is wanted is 0",
    ),
    "infinite": (with_slice(MATRIX, (0, 0), np.inf), MATRIX, "infinite in 1 of 24 entries"),
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_pattern_is_named(name):
    got, want, said = KNOWN[name]
    assert told(got, want, inputs={"gamma": SCALE}) == said


def test_outputs_in_the_wrong_order_and_inputs_handed_back():
    other = RNG.standard_normal(MATRIX.shape).astype(np.longdouble)
    assert (
        told(other, MATRIX, others={"dw": other})
        == "got is what is wanted of dw: are they returned in the wrong order?"
    )
    assert told(other, MATRIX, inputs={"x": other}) == "got is x, unchanged"


def test_a_scalar_is_called_a_multiple_only_of_what_has_a_name():
    one = np.array(0.7, np.longdouble)
    assert told(one * 3, one) == "got / want is 3 everywhere = N"
    assert told(one * 3.3, one) is None


def test_of_dimensions_of_one_size_another_case_decides():
    here, there = (found(size * MATRIX, MATRIX, {"N": n, "D": 5}) for size, n in ((5, 5), (5, 4)))
    assert here.names == (" = N", " = D") and there.names == (" = D",)
    assert here.as_in(there) == "got / want is 5 everywhere = D"
    assert here.as_in(found(7 * MATRIX, MATRIX, {"N": 4, "D": 5})) is None


def test_nothing_is_said_where_nothing_is_known():
    rng = np.random.default_rng(1)
    for shape in [(), (1,), (2,), (3,), (2, 3), (4, 4), (2, 3, 4), (2, 2, 2, 2)] * 20:
        got, want = (rng.standard_normal(shape).astype(np.longdouble) for _ in range(2))
        said = told(got, want)
        assert said is None or (got.size <= 2 and said.startswith("got - want depends")), (shape, said)


def failures(functions, concept):
    report = nnspec.check(functions, concepts=[concept], dtype="float64")
    return "\n".join(check.text for check in report.checks if check.state in ("failed", "errored"))


def affine_forward(x, w, b):
    return x.reshape(len(x), -1) @ w + b, (x, w)


def test_right_for_a_single_sample_only():
    def affine_backward(dout, cache):
        x, w = cache
        flat = x.reshape(len(x), -1)
        return (dout @ w.T).reshape(x.shape), flat[:1].T @ dout[:1], dout.sum(axis=0)

    text = failures({"affine_forward": affine_forward, "affine_backward": affine_backward}, "affine")
    assert "pattern: right where N = 1, wrong beyond" in text


def test_something_kept_between_calls():
    calls = []

    def tanh_forward(x):
        calls.append(1)
        return np.tanh(x) + 1e-3 * len(calls) * x**2, ()

    assert "a second call with the same inputs answers differently" in failures({"tanh_forward": tanh_forward}, "tanh")


def test_inputs_written_to():
    def relu_forward(x):
        x[x < 0.5] = 0
        return x + 1e-3 * np.arange(x.size).reshape(x.shape) ** 2, ()

    assert "pattern: the call wrote to its inputs" in failures({"relu_forward": relu_forward}, "relu")


def test_campaigns_are_spared_the_explanations():
    with unexplained():
        assert "pattern" not in failures({"tanh_forward": lambda x: (2 * np.tanh(x), ())}, "tanh")


def test_a_wrong_mask_fails_and_raises_nothing_in_who_looks_into_it():
    """Of booleans there is no difference."""

    def padding_mask(lengths, Tk):
        allowed = np.arange(Tk) < lengths[:1, None]
        return np.repeat(allowed[:, None, None], len(lengths), axis=0)

    text = failures({"padding_mask": padding_mask}, "attention_mask")
    assert "pattern: right where N = 1, wrong beyond" in text and "boolean subtract" not in text, text
