"""What is masked out, ignored or dropped has no say: infinity and NaN there give the bits that 0 gives there."""

import os

import numpy as np
import pytest

from nnspec import reference
from nnspec.accelerated import cpu

JUNK = [np.inf, -np.inf, np.nan]
BACKENDS = [reference, cpu]
SIMULATED = os.environ.get("NNSPEC_CUDA") == "simulate"
if SIMULATED:
    from nnspec.accelerated import cuda

    BACKENDS = [cuda]


def every(function):
    """For each kind of junk, in both backends and dtypes."""
    function = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])(function)
    function = pytest.mark.parametrize("junk", JUNK, ids=str)(function)
    return pytest.mark.parametrize("ops", BACKENDS, ids=lambda ops: ops.__name__.split(".")[-1])(function)


def draw(dtype, *shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def with_junk(x, where, junk):
    """Two copies: 0 there, and junk there."""
    zero, full = x.copy(), x.copy()
    zero[where], full[where] = 0, junk
    return zero, full


def require_same(run, *pairs):
    """The run on the first of each pair is finite, and on the second it gives the same."""
    with np.errstate(invalid="ignore", over="ignore"):
        wanted, got = (run(*arrays) for arrays in zip(*pairs, strict=True))
    for want, found in zip(wanted, got, strict=True):
        assert np.isfinite(want).all()
        assert np.array_equal(want, found)


@every
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("how", ["ignored", "weight 0"])
def test_softmax_cross_entropy_of_rows_that_do_not_count(ops, junk, dtype, reduction, how):
    y = np.array([0, 2, 1, 2])
    weight = np.array([1, 0.5, 0 if how == "weight 0" else 1], dtype)
    options = {"weight": weight} if how == "weight 0" else {"ignore_index": 2}
    rows = np.flatnonzero(y == 2)

    def run(scores, upstream):
        loss, cache = ops.softmax_cross_entropy_forward(scores, y, reduction=reduction, **options)
        return loss, ops.softmax_cross_entropy_backward(upstream if reduction == "none" else dtype(1.5), cache)

    for columns in (slice(None), 0, 2):
        require_same(run, with_junk(draw(dtype, 4, 3), (rows, columns), junk), with_junk(draw(dtype, 4), rows, junk))


@every
@pytest.mark.parametrize("op", ["dropout", "dropout_vanilla"])
def test_dropout_of_what_is_dropped(ops, junk, dtype, op):
    mask = np.arange(12).reshape(3, 4) % 3 > 0

    def run(x, dout):
        out, cache = getattr(ops, f"{op}_forward")(x, keep=0.5, mask=mask)
        return out, getattr(ops, f"{op}_backward")(dout, cache)

    require_same(run, with_junk(draw(dtype, 3, 4), ~mask, junk), with_junk(draw(dtype, 4, 3).T, ~mask, junk))


@every
@pytest.mark.parametrize("size", [5, 67])
def test_masked_softmax_of_what_is_not_allowed(ops, junk, dtype, size):
    mask = np.arange(3 * size).reshape(3, size) % 4 > 1
    mask[1] = False

    def run(x, dout):
        out, cache = ops.masked_softmax_forward(x, mask=mask)
        return out, ops.masked_softmax_backward(dout, cache)

    require_same(run, *(with_junk(draw(dtype, 3, size + i)[:, :size], ~mask, junk) for i in range(2)))


@every
def test_masked_softmax_beside_nan(ops, junk, dtype):
    """A score of NaN that is allowed spoils what is allowed, and nothing else."""
    mask = np.array([[True, True, False, True, False]])
    out, cache = ops.masked_softmax_forward(np.array([[0, np.nan, junk, 1, 2]], dtype), mask=mask)
    dx = ops.masked_softmax_backward(np.ones((1, 5), dtype), cache)
    assert (out[~mask] == 0).all() and (dx[~mask] == 0).all()
    assert np.isnan(out[mask]).all()


@every
@pytest.mark.parametrize("keys", [5, 70])
@pytest.mark.parametrize("shared", [False, True], ids=["a mask a head", "one mask"])
def test_attention_where_nobody_attends(ops, junk, dtype, keys, shared):
    queries = 6
    mask = np.ones((1 if shared else 2, queries, keys), bool)
    mask[:, :, [0, 3, keys - 1]] = False
    mask[:, 2] = False
    if not shared:
        mask[0, 4] = False
    attends, attended = (np.broadcast_to(mask.any(axis=axis), (2, size)) for axis, size in ((2, queries), (1, keys)))

    def run(q, k, v, dout):
        out, cache = ops.sdpa_forward(q, k, v, mask=mask)
        return out, *ops.sdpa_backward(dout, cache)

    require_same(
        run,
        with_junk(draw(dtype, 2, queries, 4), ~attends, junk),
        with_junk(draw(dtype, 2, keys, 4), ~attended, junk),
        with_junk(draw(dtype, 2, keys, 3), ~attended, junk),
        with_junk(draw(dtype, 2, queries, 3), ~attends, junk),
    )


@every
def test_attention_of_a_padded_batch(ops, junk, dtype):
    """One mask a sequence, which all heads and queries share, as it is made of lengths."""
    mask = (np.arange(6) < np.array([4, 0, 6])[:, None])[:, None, None]  # (N, 1, 1, T)
    idle = np.broadcast_to(~mask[:, :, 0], (3, 2, 6))

    def run(k, v):
        out, cache = ops.sdpa_forward(draw(dtype, 3, 2, 5, 4), k, v, mask=mask)
        return out, *ops.sdpa_backward(draw(dtype, 3, 2, 5, 2), cache)

    require_same(run, with_junk(draw(dtype, 3, 2, 6, 4), idle, junk), with_junk(draw(dtype, 3, 2, 6, 2), idle, junk))


@every
def test_lstm_behind_the_end_of_a_sequence(ops, junk, dtype):
    lengths = np.array([3, 0, 5, 1])
    over = np.arange(5) >= lengths[:, None]

    def run(x):
        arrays = (draw(dtype, *shape) for shape in ((4, 2), (3, 8), (2, 8), (8,), (4, 2)))
        h, c, cache = ops.lstm_forward(x, *arrays, lengths=lengths)
        return h, c, *ops.lstm_backward(draw(dtype, 4, 5, 2), draw(dtype, 4, 2), cache)

    require_same(run, with_junk(draw(dtype, 4, 5, 3), over, junk))


@every
def test_max_pooling_where_no_window_reaches(ops, junk, dtype):
    unreached = np.zeros((1, 2, 7, 5), bool)
    unreached[:, :, 6], unreached[:, :, :, 4] = True, True

    def run(x):
        out, cache = ops.max_pool2d_forward(x, k=2)
        return out, ops.max_pool2d_backward(draw(dtype, 1, 2, 3, 2), cache)

    require_same(run, with_junk(draw(dtype, 1, 2, 7, 5), unreached, junk))


@every
def test_convolution_where_no_window_reaches(ops, junk, dtype):
    unreached = np.zeros((1, 2, 8, 6), bool)
    unreached[:, :, 7], unreached[:, :, :, 5] = True, True  # stride 2 of windows of 3

    def run(x):
        out, cache = ops.conv2d_forward(x, draw(dtype, 2, 2, 3, 3), draw(dtype, 2), stride=2)
        return out, *ops.conv2d_backward(draw(dtype, 1, 2, 3, 2), cache)

    require_same(run, with_junk(draw(dtype, 1, 2, 8, 6), unreached, junk))


LAYERS = {
    "affine": (lambda f, x, w, b: f.affine_forward(x, w, b), [(9, 7), (7, 19), (19,)]),
    "layernorm": (lambda f, x, g, b: f.layernorm_forward(x, g, b), [(5, 37), (37,), (37,)]),
    "batchnorm": (
        lambda f, x, g, b: f.batchnorm_forward(x, g, b, *np.ones((2, 19), x.dtype))[::3],
        [(9, 19), (19,), (19,)],
    ),
    "batchnorm2d": (
        lambda f, x, g, b: f.batchnorm2d_forward(x, g, b, *np.ones((2, 3), x.dtype))[::3],
        [(2, 3, 5, 7), (3,), (3,)],
    ),
    "conv2d": (lambda f, x, w, b: f.conv2d_forward(x, w, b, pad=1), [(2, 3, 7, 9), (5, 3, 3, 3), (5,)]),
    "max_pool2d": (lambda f, x: f.max_pool2d_forward(x, k=3, stride=2, pad=1), [(2, 3, 7, 40)]),
    "masked_softmax": (lambda f, x: f.masked_softmax_forward(x), [(4, 37)]),
    "sdpa": (lambda f, q, k, v: f.sdpa_forward(q, k, v), [(2, 9, 5), (2, 7, 5), (2, 7, 3)]),
}


@pytest.mark.skipif(SIMULATED, reason="one backend alone")
@pytest.mark.parametrize("junk", [np.inf, np.nan], ids=str)
@pytest.mark.parametrize("name", LAYERS)
def test_nan_gets_no_further_on_cpu_than_in_the_reference(name, junk):
    """Tiles and vectors are filled up with what nobody asked for: none of it may leave them."""
    forward, shapes = LAYERS[name]
    for spoilt in range(len(shapes)):
        arrays = [draw(np.float32, *shape) for shape in shapes]
        arrays[spoilt].flat[arrays[spoilt].size // 2] = junk
        with np.errstate(invalid="ignore"):
            found = []
            for ops in BACKENDS:
                out, cache = forward(ops, *arrays)
                gradients = getattr(ops, f"{name}_backward")(draw(np.float32, *out.shape), cache)
                found.append([out, *(gradients if isinstance(gradients, tuple) else (gradients,))])
        for want, got in zip(*found, strict=True):
            assert not (np.isnan(got) & np.isfinite(want)).any()


@pytest.mark.skipif(SIMULATED, reason="this is what runs it")
def test_the_same_on_cuda(python):
    """In its simulator, small and in one dtype."""
    pytest.importorskip("numba_cuda")
    small = "float32 and nan and not 7"
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", small, NNSPEC_CUDA="simulate")
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout[-3000:]
