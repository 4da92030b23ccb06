"""What the CPU twins promise beyond the specification: accurate vector math, the same bits for every number of threads,
right on narrow vectors, and fresh kernels after a helper changed."""

import ast
import re
import textwrap
from itertools import pairwise
from pathlib import Path

import mpmath
import numpy as np
import pytest
from numba import njit, prange

from nnspec import reference
from nnspec.accelerated import cpu
from nnspec.accelerated.cpu import _cache, _fold, _formula, _jit, _math, _tile
from nnspec.accelerated.cpu._elementwise import elementwise
from nnspec.accelerated.cpu._product import DOT, L1, L2, product
from nnspec.concepts.catalogue import concepts
from nnspec.concepts.collect import concept_files, folders
from nnspec.selftest import compiling

TARGETS = [Path(cpu.__file__).parent, Path(cpu.__file__).parent.with_name("cuda")]


KILOBYTES = 1000  # of machine code a concept in both dtypes: about 5 s of compile time for each, at 100 kB a second
MORE = {  # what is fused in one kernel, because it is faster at M and L than calls of smaller ones
    "conv2d": 1350,
    "lstm": 1900,
    "sdpa": 1500,
    "matmul": 1700,  # products of matrices so small that a call of the shared one would take longer than they do
    "rnn": 1400,
    "batchnorm": 1450,  # of rows and of images, in training and at test time
}


@elementwise
def vector_exp(x):
    return _math.exp(x)


@elementwise
def vector_flushed_exp(x):
    return _math.flushed_exp(x)


@elementwise
def vector_log(x):
    return _math.log(x)


@elementwise
def vector_log1p(x):
    return _math.log1p(x)


@elementwise
def vector_tanh(x):
    return _math.tanh(x)


@elementwise
def vector_sigmoid(x):
    return _math.sigmoid(x)


@elementwise
def vector_atan2(y, x):
    return _math.atan2(y, x)


@elementwise
def vector_hypot(x, y):
    return _math.hypot(x, y)


@elementwise
def vector_normal_cdf(x):
    return _math.normal_cdf(x)


@elementwise
def vector_normal_slope(x):
    return _math.normal_slope(x)


def ulps(got, want):
    """The distance in units of the last place of the wanted float, which is itself rounded from a longer one."""
    spacing = np.spacing(np.abs(want).astype(got.dtype)).astype(np.longdouble)
    return float((np.abs(got - want) / spacing).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exp_is_accurate_everywhere(dtype):
    low, high = (-103, 88.7) if dtype == np.float32 else (-745, 709.7)
    x = np.linspace(low, high, 200_003).astype(dtype)
    x = np.concatenate([x, np.random.default_rng(0).standard_normal(100_000).astype(dtype) * dtype(1e-3)])
    assert ulps(vector_exp(x), np.exp(x.astype(np.longdouble))) < 1.1
    special = np.array([0, -0.0, np.inf, -np.inf, np.nan, 1e4, -1e4], dtype)
    with np.errstate(over="ignore"):
        assert np.array_equal(vector_exp(special), np.exp(special), equal_nan=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_flushed_exp_is_accurate_where_it_is_a_normal_number(dtype):
    x = np.linspace(-87.2 if dtype == np.float32 else -708.2, 0, 200_003).astype(dtype)
    assert ulps(vector_flushed_exp(x), np.exp(x.astype(np.longdouble))) < 1.1
    special = np.array([0, -np.inf, np.nan, -1e4], dtype)
    assert np.array_equal(vector_flushed_exp(special), np.exp(special), equal_nan=True)


def magnitudes(dtype):
    """Numbers of every size, those that are not normal among them."""
    limits = np.finfo(dtype)
    powers = np.random.default_rng(0).uniform(limits.minexp - limits.nmant, limits.maxexp - 0.001, 200_000)
    return np.exp2(powers.astype(np.longdouble)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_is_accurate_everywhere(dtype):
    x = np.concatenate([magnitudes(dtype), np.linspace(0.4, 2.1, 400_003).astype(dtype)])
    assert ulps(vector_log(x), np.log(x.astype(np.longdouble))) < 1.3
    special = np.array([0, -0.0, np.inf, -np.inf, np.nan, -1, -1e-30, 1, np.finfo(dtype).max], dtype)
    want = np.array([-np.inf, -np.inf, np.inf, *[np.nan] * 4, 0, np.log(special[-1])], dtype)
    assert np.array_equal(vector_log(special), want, equal_nan=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log1p_is_accurate_everywhere(dtype):
    sizes = magnitudes(dtype)
    x = np.concatenate([sizes, -sizes[sizes < 1], np.linspace(-0.999, 3, 400_003).astype(dtype)])
    x = np.concatenate([x, sizes[sizes < 1] - dtype(1)])
    x = x[x > -1]
    assert ulps(vector_log1p(x), np.log1p(x.astype(np.longdouble))) < 1.3
    special = np.array([0, -0.0, np.inf, -np.inf, np.nan, -1, -1.5, np.finfo(dtype).max], dtype)
    want = np.array([0, -0.0, np.inf, np.nan, np.nan, -np.inf, np.nan, np.log(special[-1])], dtype)
    assert np.array_equal(vector_log1p(special), want, equal_nan=True)
    assert np.signbit(vector_log1p(special[1:2]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tanh_is_accurate_everywhere(dtype):
    rng = np.random.default_rng(0)
    x = np.concatenate(
        [np.linspace(-22, 22, 200_003), np.linspace(-0.7, 0.7, 200_003), 10.0 ** rng.uniform(-30, 1, 10_000)]
    )
    x = x.astype(dtype)
    assert ulps(vector_tanh(x), np.tanh(x.astype(np.longdouble))) < 1.5
    special = np.array([0, -0.0, np.inf, -np.inf, np.nan, 1e4, -1e4], dtype)
    assert np.array_equal(vector_tanh(special), np.tanh(special), equal_nan=True)
    assert np.signbit(vector_tanh(special[1:2]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_is_accurate_everywhere(dtype):
    low = -87 if dtype == np.float32 else -708
    rng = np.random.default_rng(0)
    x = np.concatenate(
        [np.linspace(low, 100, 200_003), np.linspace(-2, 2, 200_003), 10.0 ** rng.uniform(-30, 1, 10_000)]
    )
    x = x.astype(dtype)
    assert ulps(vector_sigmoid(x), 1 / (1 + np.exp(-x.astype(np.longdouble)))) < 2.5
    special = np.array([0, -0.0, np.inf, -np.inf, np.nan, 1e4, -1e4], dtype)
    assert np.array_equal(vector_sigmoid(special), np.array([0.5, 0.5, 1, 0, np.nan, 1, 0], dtype), equal_nan=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_angles_and_lengths_are_accurate_everywhere(dtype):
    """Of points in all directions, near the axes and the diagonals, and of every size; of zeros and infinities with
    either sign what C says of them."""
    rng, sizes = np.random.default_rng(0), magnitudes(dtype)
    turn = np.linspace(-np.pi, np.pi, 200_003)
    near = rng.choice([-1, 1], 100_000) * 10.0 ** rng.uniform(-20, 0, 100_000)
    angles = np.concatenate([turn, near + rng.integers(-4, 5, 100_000) * np.pi / 4])
    y, x = np.sin(angles).astype(dtype), np.cos(angles).astype(dtype)
    other = rng.permutation(sizes)
    y, x = np.concatenate([y, sizes, -sizes]), np.concatenate([x, -other, other])
    exact = np.arctan2(y.astype(np.longdouble), x.astype(np.longdouble))
    normal = abs(exact) >= np.finfo(dtype).tiny
    assert ulps(vector_atan2(y, x)[normal], exact[normal]) < 3
    assert np.abs(vector_atan2(y, x) - exact)[~normal].max() <= np.finfo(dtype).smallest_subnormal
    length = np.hypot(x.astype(np.longdouble), y.astype(np.longdouble))
    finite = length <= np.finfo(dtype).max
    assert ulps(vector_hypot(x, y)[finite], length[finite]) < 2 and np.isinf(vector_hypot(x, y)[~finite]).all()
    special = np.array([0, -0.0, 1, -1, np.inf, -np.inf, np.nan], dtype)
    y, x = (side.ravel() for side in np.meshgrid(special, special))
    assert np.allclose(vector_atan2(y, x), np.arctan2(y, x), rtol=1e-6, atol=0, equal_nan=True)
    assert np.array_equal(np.signbit(vector_atan2(y, x)), np.signbit(np.arctan2(y, x)))
    assert np.allclose(vector_hypot(x, y), np.hypot(x, y), rtol=1e-6, equal_nan=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("vector", "exact", "bound"),
    [
        (vector_normal_cdf, mpmath.ncdf, 2),
        (vector_normal_slope, lambda x: mpmath.ncdf(x) + x * mpmath.npdf(x), 4),
    ],
    ids=["cdf", "slope"],
)
def test_the_normal_distribution_is_accurate_to_the_last_places_of_1(vector, exact, bound, dtype):
    rng = np.random.default_rng(0)
    x = np.concatenate([np.linspace(-10, 10, 8_003), rng.uniform(-9, -5, 1000), 10.0 ** rng.uniform(-30, 1, 1000)])
    x = x.astype(dtype)
    with mpmath.workdps(40):
        off = max(abs(float(got) - exact(float(number))) for got, number in zip(vector(x), x, strict=True))
    assert float(off) < bound * np.finfo(dtype).eps
    special = np.array([0, -0.0, np.inf, -np.inf, np.nan, 9, -9, 1e4, -1e4], dtype)
    assert np.array_equal(vector(special), np.array([0.5, 0.5, 1, 0, np.nan, 1, 0, 1, 0], dtype), equal_nan=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gelu_has_digits_in_its_tail(dtype):
    """Where 1 + erf has none left. One number is alone with its tail, the others stand among many that are none."""
    low, digits = (-13, 2e-5) if dtype == np.float32 else (-37, 1e-12)
    x = np.concatenate([np.linspace(low, 3, 3000), [low / 2]]).astype(dtype)
    for ops in (reference, cpu):
        out, cache = ops.gelu_forward(x)
        dx = ops.gelu_backward(np.ones_like(x), cache)
        with mpmath.workdps(40):
            for i in [*range(0, 2000, 50), 3000]:
                number = mpmath.mpf(float(x[i]))
                if number > -4.1:
                    continue
                assert abs(out[i] / (number * mpmath.ncdf(number)) - 1) < digits
                assert abs(dx[i] / (mpmath.ncdf(number) + number * mpmath.npdf(number)) - 1) < digits


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("D", [5, 64, 768])
def test_a_common_offset_costs_layernorm_no_more_than_it_must(D, dtype):
    """It is as accurate as with the mean of the distances to the first feature, and more than with the mean itself."""
    x = (np.random.default_rng(0).standard_normal((200, D)) + 1000).astype(dtype)
    wide = x.astype(np.longdouble)
    want = (wide - wide.mean(axis=1, keepdims=True)) / np.sqrt(wide.var(axis=1, keepdims=True) + 1e-5)

    def error(mean):
        xhat = (x - mean) / np.sqrt(((x - mean) ** 2).mean(axis=1, keepdims=True) + dtype(1e-5))
        return float(np.sqrt(((xhat - want) ** 2).mean()))

    out, _ = cpu.layernorm_forward(x, np.ones(D, dtype), np.zeros(D, dtype))
    off = float(np.sqrt(((out - want) ** 2).mean()))
    assert off < 1.1 * error(x[:, :1] + (x - x[:, :1]).mean(axis=1, keepdims=True))
    assert off < 0.8 * error(x.mean(axis=1, keepdims=True))


@njit
def folds(x, y, z, start, size, middle):
    return (
        _fold.fold_sum(x, start, size),
        _fold.fold_max(x, start, size),
        _fold.fold_distances(x, start, size, middle),
        _fold.fold_squares(x, start, size, middle),
        _fold.fold_products(x, start, y, start + 1, size),
        _fold.fold_products_of_three(x, start, y, start + 1, z, start + 2, size, middle),
        _fold.fold_hinges(x, start, size, middle, middle),
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_folds_take_every_element_of_a_row_once_however_long_it_is(dtype):
    """On integers, whose sums are exact."""
    whole = np.random.default_rng(0).integers(-9, 9, (3, 200)).astype(dtype)
    for size in range(2 * max(_fold.LANES.values()) + 70):
        x, y, z = (row[3 + shift : 3 + shift + size] for shift, row in enumerate(whole))
        want = (
            x.sum(),
            max(x, default=-np.inf),
            (x - 2).sum(),
            ((x - 2) ** 2).sum(),
            (x * y).sum(),
            ((x - 2) * y * z).sum(),
            x[x > 0].sum(),
        )
        assert folds(*whole, 3, size, dtype(2)) == want


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("how", "combine"), [(DOT, lambda a, b: a * b), (L1, lambda a, b: abs(a - b)), (L2, lambda a, b: (a - b) ** 2)]
)
@pytest.mark.parametrize(
    "shape",
    [
        (1, 1, 1),
        (3, 5, 2),
        (12, 33, 256),
        (13, 31, 257),
        (97, 70, 520),
        (40, 1, 3),
        (1, 1, 128),
        (1, 1, 9001),
        (5, 16, 131),
        (23, 10, 300),
        (20, 64, 50),
        (64, 96, 800),
    ],
)
def test_the_product_at_every_edge_of_tile_block_and_depth(shape, how, combine, dtype):
    m, n, k = shape
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
    want = combine(a[:, :, None].astype(np.longdouble), b[None].astype(np.longdouble)).sum(axis=1)
    for first in (a, np.asfortranarray(a), a[::-1].copy()[::-1]):
        for second in (b, np.asfortranarray(b)):
            assert np.allclose(
                product(first, second, how), want.astype(float), atol=50 * np.finfo(dtype).eps * k**0.5 * 4
            )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "sizes", [(3, 13, 257, 5), (2, 5, 70, 1000), (3, 24, 256, 33), (1, 300, 70, 60), (40, 1, 1, 1)]
)
def test_batches_are_right_whichever_way_they_are_multiplied(sizes, dtype):
    """Small matrices by a thread each, others by all threads: on integers, whose sums are exact."""
    batch, n, k, m = sizes
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-9, 9, shape).astype(dtype) for shape in ((batch, n, k), (2, batch, k, m)))
    turned = [x.swapaxes(-1, -2).copy().swapaxes(-1, -2) for x in (a, b)]
    for first in (a, turned[0], a[:1], a[0]):
        for second in (b, turned[1], b[:, :1], b[0, 0]):
            out, cache = cpu.matmul_forward(first, second)
            assert np.array_equal(out, first @ second)
            dout = rng.integers(-9, 9, out.shape).astype(dtype)
            want = reference.matmul_backward(dout, reference.matmul_forward(first, second)[1])
            assert all(map(np.array_equal, cpu.matmul_backward(dout, cache), want))


@pytest.mark.parametrize("pad", (0, 1, 2))
def test_a_convolution_at_every_edge_of_vector_row_and_strip(pad):
    """Rows that stride 2 lays out as two, which end anywhere in a vector, and filters that are any number of strips."""
    rng = np.random.default_rng(pad)
    for W, F in [*((W, 2) for W in range(5, 72)), *((9, F) for F in range(1, 40))]:
        x, w = rng.standard_normal((1, 2, 6, W)), rng.standard_normal((F, 2, 3, 1 + W % 4))
        for dtype in (np.float32, np.float64):
            given = x.astype(dtype), w.astype(dtype)
            (got, cache), (want, of_want) = (on.conv2d_forward(*given, stride=2, pad=pad) for on in (cpu, reference))
            dout = rng.standard_normal(got.shape).astype(dtype)
            dx, right = cpu.conv2d_backward(dout, cache)[0], reference.conv2d_backward(dout, of_want)[0]
            for found, wanted in ((got, want), (dx, right)):
                np.testing.assert_allclose(found, wanted, rtol=0, atol=150 * np.finfo(dtype).eps, err_msg=f"{W=} {F=}")


def test_panels_begin_with_a_line_of_the_cache():
    room = njit(_tile.whole_lines)
    for count in (1, 40, 1000, 300_000):
        for dtype in (np.float32, np.float64):
            made = room(count, np.empty(0, dtype))
            assert made.ctypes.data % 64 == 0 and made.shape == (count,) and made.dtype == dtype


@pytest.mark.parametrize("shape", [(2, 3, 20, 30, 5, 7), (1, 2, 30, 12, 17, 16), (3, 4, 1, 1, 2, 2)])
def test_attention_is_the_same_wherever_heads_lie(shape):
    """Head after head, or side by side in each token; with one sequence of two heads dk and dv are sums of parts."""
    N, heads, Tq, Tk, d, size = shape
    rng = np.random.default_rng(0)
    shapes = [(N, heads, T, width) for T, width in ((Tq, d), (Tk, d), (Tk, size), (Tq, size))]
    given = [rng.standard_normal(shape) for shape in shapes]
    merged = [x.swapaxes(1, 2).copy().swapaxes(1, 2) for x in given]
    drawn = rng.random((N, 1, Tq, Tk)) < 0.7
    for mask in (None, drawn):
        out, cache = cpu.sdpa_forward(*given[:3], mask=mask)
        want = (out, *cpu.sdpa_backward(given[3], cache))
        for which in range(1, 16):
            q, k, v, dout = (pair[which >> i & 1] for i, pair in enumerate(zip(given, merged, strict=True)))
            out, cache = cpu.sdpa_forward(q, k, v, mask=mask)
            assert all(map(np.array_equal, (out, *cpu.sdpa_backward(dout, cache)), want))


@pytest.mark.parametrize("shapes", [((600, 700), (3, 1, 1, 700)), ((5, 600, 1), (600, 700)), ((1 << 19,), (1,))])
def test_large_masks_are_combined_as_small_ones_are(shapes):
    rng = np.random.default_rng(0)
    mask, other = (rng.random(shape) < 0.5 for shape in shapes)
    for first, second in ((mask, other), (other, mask)):
        assert np.array_equal(cpu.combine_masks(first, second), first & second)


BITS = """
    import hashlib, sys
    import numpy as np
    from nnspec.concepts import catalogue
    from nnspec.accelerated.cpu import _jit
    from nnspec.backends import load

    _jit.PARALLEL_FROM = 0  # the kernels for all threads, however small the case
    backend = load("cpu")
    for concept in catalogue.select(sys.argv[1:]):
        for spec in (spec() for spec in catalogue.specs_of(concept)):
            for planned in spec.plan("agreement") + spec.plan("scale"):
                digest = hashlib.sha256()
                for value in spec.answer(backend, spec.problem(planned, backend)).values():
                    digest.update(np.asarray(value).tobytes())
                print(concept.name, digest.hexdigest(), spec.part(), planned.id)
"""


def bits(python, *names, **environment):
    done = python("-c", textwrap.dedent(BITS), *names, timeout=1800, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_bits_of_no_twin_depend_on_the_number_of_threads(python):
    one, two = (bits(python, NUMBA_NUM_THREADS=threads, OPENBLAS_NUM_THREADS=threads) for threads in (1, 2))
    assert one == two
    assert {c.name for c in concepts().values() if "cpu" in c.files} <= {line.split()[0] for line in one}


def test_the_bits_do_not_depend_on_the_cache(python, tmp_path):
    """Two processes: one compiles, the other reads the cache."""
    fresh, cached = (bits(python, "layernorm", "softmax_cross_entropy", NNSPEC_CACHE_DIR=tmp_path) for _ in range(2))
    assert fresh and fresh == cached


def test_the_twins_are_right_on_narrow_vectors(nnspec):
    """As on a machine without AVX: another tile, other registers, the same answers."""
    done = nnspec("check", "cpu", "--concept", "affine", "--concept", "softmax_cross_entropy", NUMBA_CPU_NAME="generic")
    assert done.returncode == 0, done.stdout


def test_kernels_come_from_the_cache_and_not_from_a_stale_one(python, tmp_path):
    """The second process compiles nothing; a changed helper leads to another folder."""
    code = """
        import numpy as np
        from nnspec.accelerated.cpu.n05_backpropagation import relu
        from nnspec.accelerated.cpu import relu_forward
        relu_forward(np.ones(3, np.float32))
        stats = relu._relu.kernel_of("a").compiled.stats
        print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
    """
    told = [python("-c", textwrap.dedent(code), NNSPEC_CACHE_DIR=tmp_path).stdout.split() for _ in range(2)]
    assert told == [["0", "1"], ["1", "0"]]


def test_a_kernel_from_the_cache_stands_alone(python, tmp_path):
    """Whatever the process that compiled it had loaded before: it crashed when that came from the cache itself."""
    relu = "from nnspec.accelerated import cpu as f; import numpy as np; f.relu_forward(np.ones((3, 3)))"
    sums = "from nnspec.accelerated.cpu import _sums as f; import numpy as np; print(f.column_sums(np.ones((3, 3))))"
    shared = sums.replace("(3, 3)", "(3, 30000)")  # among threads
    for code in (relu, sums, sums, shared, shared):
        done = python("-c", code, NNSPEC_CACHE_DIR=tmp_path)
        assert done.returncode == 0 and (code == relu or "[3. 3. 3." in done.stdout), done.stderr


FORMULA = """
    from nnspec.accelerated.cpu._formula import elementwise, inlined

    @inlined
    def helper(x):
        return x + x

    @elementwise
    def scaled(x):
        return helper(x)
"""


def test_a_formula_is_compiled_anew_after_what_it_calls_in_its_file_changed(python, write, tmp_path):
    code = """
        import numpy as np, scaled
        out = scaled.scaled(np.ones(1))
        print(out[0], sum(scaled.scaled.kernel_of("a").compiled.stats.cache_hits.values()))
    """
    told = []
    for source in (FORMULA, FORMULA, FORMULA.replace("x + x", "x * 7.0")):
        write("scaled.py", source)
        done = python("-c", textwrap.dedent(code), cwd=tmp_path, NNSPEC_CACHE_DIR=tmp_path / "kept")
        told.append(done.stdout.strip())
    assert told == ["2.0 0", "2.0 1", "7.0 0"]


def test_kernels_are_compiled_anew_after_a_helper_changed(write, monkeypatch):
    """Of the target, or one that targets share; a concept's own file is none, or an edit would compile all kernels."""
    helpers = "cpu/_jit.py", "cpu/n06_a/_windows.py", "_written.py", "formulas/n05_a/_rates.py"
    files = [write(f"accelerated/{name}", "") for name in (*helpers, "formulas/n05_a/relu.py", "cpu/n05_a/gelu.py")]
    monkeypatch.setattr(_cache, "__file__", str(files[0]))
    folders = [_cache._cache_folder.__wrapped__()]
    for file in files:
        file.write_text("changed", encoding="utf-8")
        folders.append(_cache._cache_folder.__wrapped__())
    assert [before != after for before, after in pairwise(folders)] == [True] * 4 + [False] * 2


@_jit.kernel
def add_up_rows(x, a, totals):
    """Every row of totals is what `a` rows of x from there on add up to."""
    ahead = a - 1
    for i in prange(len(x) - ahead):
        totals[i] = x[i : i + ahead + 1].sum()


@_jit.kernel
def ask_for_too_much(x):
    for i in prange(len(x)):
        x[i] = np.empty(int(x[i])).size


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
@pytest.mark.parametrize("rows", [1, 2, 3, 5, 100])
def test_a_kernel_is_shared_out_among_any_number_of_threads(threads, rows):
    """Also more of them than there is to do; each element is made once, whoever makes it."""
    x = np.random.default_rng(0).standard_normal((rows, 4))
    totals = np.full(rows + 1, np.nan)
    add_up_rows.compiled(threads, x, 1, totals)
    assert np.allclose(totals[:-1], x.sum(axis=1)) and np.isnan(totals[-1])


@pytest.mark.parametrize("threads", [1, 2])
def test_a_thread_without_memory_is_told_and_the_next_call_is_none_the_worse(threads):
    with pytest.raises(MemoryError):
        ask_for_too_much.compiled(threads, np.array([3.0, 5.0, 2.0**50, 1.0]))
    sizes = np.array([3.0, 5.0, 7.0, 0.0])
    ask_for_too_much.compiled(threads, sizes)
    assert sizes.tolist() == [3, 5, 7, 0]


def two_loops(x, out):
    for i in prange(len(x)):
        out[i] = x[i]
    for i in prange(len(x)):
        out[i] += x[i]


def not_the_last(x, out):
    for i in prange(len(x)):
        out[i] = x[i]
    out[0] = 0


def inside_of_another(x, out):
    for i in range(len(x)):
        for j in prange(len(out)):
            out[j] += x[i]


@pytest.mark.parametrize("function", [two_loops, not_the_last, inside_of_another], ids=lambda f: f.__name__)
def test_a_loop_over_threads_is_the_last_statement(function):
    """What follows it would be done before the other threads are ready."""
    with pytest.raises(ValueError, match=f"{function.__name__}: a loop over prange must be the only one"):
        _ = _jit.kernel(function).compiled


def test_a_kernel_of_no_loop_over_threads_stays_as_it_is():
    made = _jit.kernel(twice)
    assert made.compiled(2.0) == 4.0 == made[1](2.0) == made[1 << 40](2.0)


def twice(x):
    return x + x


@elementwise(outputs=2)
def sum_and_product(x, y, z):
    return x + y * z, x * y


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (0, 3), (3, 5), (300, 257)])
def test_a_formula_takes_arrays_and_numbers_in_every_place_but_the_first(shape, dtype):
    x, y, z = np.random.default_rng(0).standard_normal((3, *shape)).astype(dtype)
    x, y, z = map(np.asarray, (x, y, z))
    for given in ((x, y, z), (x, 0.1, z), (x, y.T.copy().T, 3), (x, np.float64(0.1), -1)):
        first, second, third = (np.asarray(value, dtype) for value in given)
        out = sum_and_product(*given)
        assert [(made.dtype, made.shape) for made in out] == [(dtype, shape)] * 2
        for made, want in zip(out, (first + second * third, first * second), strict=True):
            assert np.allclose(made, want, rtol=4 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).eps)


def product_of_sums(x, y, z):
    return (x + y) * (x + z)


products, their_sum = elementwise(product_of_sums), _formula.summed(product_of_sums)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (0, 3), (3, 5), (300, 257)])
def test_the_terms_of_a_formula_are_added_up_without_being_written(shape, dtype):
    """In the order of the entries' blocks, and beside the kernel that writes them: both are made in one place."""
    x, y, z = map(np.asarray, np.random.default_rng(0).standard_normal((3, *shape)).astype(dtype))
    for given in ((x, y, z), (x, 0.1, z), (x, y.T.copy().T, 3), (x, np.float64(0.1), -1)):
        first, second, third = (np.asarray(value, np.longdouble) for value in given)
        terms, total = products(*given), their_sum(*given)
        assert terms.shape == shape and (terms.dtype, total.dtype) == (dtype, dtype)
        sizes = (abs(first) + abs(second)) * (abs(first) + abs(third))
        wanted = (first + second) * (first + third)
        assert abs(total - wanted.sum()) <= 8 * np.finfo(dtype).eps * sizes.sum()
        assert _formula.number(total) == total and (total == their_sum(*given)).all()


FLOAT32 = """
    import importlib
    import numpy as np
    from nnspec.accelerated import cpu

    x = np.ones(100, np.float32)
    cpu.relu_backward(x, cpu.relu_forward(x)[1])
    cpu.tanh_backward(x, cpu.tanh_forward(x)[1])
    cpu.dropout_forward(x, keep=0.5, mask=x > 0)
    cpu.adam(x, x)
    cpu.sgd_momentum(x, x, x)
    cpu.mse_loss_forward(x, x)
    for module, formula, kinds in (
        ("n03_regularization.dropout", "_kept", "aan"),
        ("n02_losses.mse_loss", "_total", "aan"),
        ("n04_optimization._adam", "_moved", "aannnnnnnnnn"),
        ("n04_optimization.sgd_momentum", "_moved", "aaannn"),
        ("n05_backpropagation.relu", "_gated", "aa"),
        ("n05_backpropagation.tanh", "_slope", "aa"),
    ):
        made = getattr(importlib.import_module(f"nnspec.accelerated.cpu.{module}"), formula).kernel_of(kinds).compiled
        print(module, "".join(made.inspect_llvm().values()).replace(chr(10), ";"))
"""


def test_formulas_that_are_shared_stay_in_float32_and_in_vectors(python, tmp_path):
    """A number that is not typed makes float64 of float32, and vectors half as long."""
    done = python("-c", textwrap.dedent(FLOAT32), NNSPEC_CACHE_DIR=tmp_path)
    lines = done.stdout.splitlines()
    assert len(lines) == 6, done.stderr
    for line in lines:
        assert re.search(r"f(mul|sub) <\d+ x float>|select <\d+ x i1>", line), f"{line[:40]} is not vectorised"
        assert not re.search(r"fpext <\d+ x float>", line), f"{line[:40]} computes in float64"


@elementwise
def vector_erf(x):
    return _formula.erf(x)


@elementwise
def vector_erfc(x):
    return _formula.erfc(x)


@elementwise
def vector_sqrt(x):
    return _formula.sqrt(x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("vector", [vector_erf, vector_erfc, vector_sqrt])
def test_what_else_formulas_are_written_with_is_right_and_keeps_the_dtype(vector, dtype):
    x = np.random.default_rng(0).uniform(0.1, 3, 999).astype(dtype)
    exact = getattr(mpmath, vector.__name__.removeprefix("vector_"))
    with mpmath.workdps(40):
        want = np.array([np.longdouble(mpmath.nstr(exact(float(number)), 25)) for number in x])
    assert vector(x).dtype == dtype and ulps(vector(x), want) < 3


def test_a_formula_is_a_function_with_a_name_that_closes_over_nothing():
    """What the cache would take for another one, made in the same place."""
    for formula in (lambda x: x, (lambda one: elementwise(lambda x: x + one))(1)):
        with pytest.raises(ValueError, match="closes over nothing"):
            elementwise(formula)(np.ones(3))


def test_every_target_offers_formulas_the_same():
    """And a shared file is a module of each, unless there is one of its own."""
    offered = [ast.parse((folder / "_formula.py").read_text(encoding="utf-8")) for folder in TARGETS]
    first, *others = (ast.literal_eval(tree.body[-1].value) for tree in offered)
    assert first and all(first == other for other in others)
    for concept in (concept for concept in concepts().values() if "formulas" in str(concept.files.get("cpu"))):
        assert concept.files["cpu"] == concept.files["cuda"]
        assert cpu.__dict__[concept.functions[0]].__module__ == f"nnspec.accelerated.cpu.{concept.note}.{concept.name}"


def test_a_file_of_a_target_comes_before_the_shared_one(write):
    for name in ("own/_formula.py", "own/n01_a/x.py", "formulas/n01_a/x.py", "formulas/n01_a/y.py", "none/n01_a/z.py"):
        root = write(name, "").parents[len(Path(name).parts) - 1]
    told = [[str(path.relative_to(root)) for path in concept_files(root / target)] for target in ("own", "none")]
    assert told == [["own/n01_a/x.py", "formulas/n01_a/y.py"], ["none/n01_a/z.py"]]


def test_constants_are_typed_in_a_form_that_every_compiler_of_kernels_takes():
    """`like(x, c)`, not `type(x)(c)`, for which numba-cuda-mlir has no lowering."""
    found = []
    for path in (path for target in TARGETS for folder in folders(target) for path in sorted(folder.rglob("*.py"))):
        found += [f"{path.name}:{line}" for line in casts_to_a_type(ast.parse(path.read_text(encoding="utf-8")))]
    assert not found
    planted = "f(type(x)(1))", "cast = type(x)", "a, cast = 1, type(x)", "y = float(x) if type(x) is int else x"
    assert [casts_to_a_type(ast.parse(line)) for line in planted] == [[1], [1], [1], []]


def casts_to_a_type(tree):
    """Where the type of a value is called, or named to be called."""
    nodes = list(ast.walk(tree))
    used = [node.func for node in nodes if isinstance(node, ast.Call)]
    for value in (node.value for node in nodes if isinstance(node, ast.Assign)):
        used += value.elts if isinstance(value, ast.Tuple) else [value]
    calls = [node for node in used if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return [call.lineno for call in calls if call.func.id == "type"]


def test_no_kernel_unpacks_four_arrays_at_once():
    """numba 0.68 loses stores into an array that came out of a tuple, which assignments of four or more make: in a loop
    over `prange`, `a, b, c, here = …, out[i]` and then `here[j] = …` is taken for a store that nobody reads."""
    found = []
    for path in sorted(Path(cpu.__file__).parent.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and "kernel" in map(ast.unparse, function.decorator_list):
                found += [f"{path.name}:{line}" for line in _arrays_out_of_long_tuples(function)]
    assert not found


def _arrays_out_of_long_tuples(function):
    nodes = list(ast.walk(function))
    arrays = {node.value.id for node in nodes if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)}
    targets = [node.targets[0] for node in nodes if isinstance(node, ast.Assign)]
    long = [target for target in targets if isinstance(target, ast.Tuple) and len(target.elts) > 3]
    return [target.lineno for target in long if arrays & {getattr(name, "id", None) for name in target.elts}]


def test_a_value_that_is_not_a_number_stays_one():
    x = np.array([np.nan, -np.inf, np.inf, -1, 0, 2], np.float32)
    assert np.array_equal(cpu.relu_forward(x)[0], np.maximum(x, 0), equal_nan=True)
    loss, _ = cpu.softmax_cross_entropy_forward(np.array([[np.nan, 1], [0, 0]]), np.array([0, 1]))
    assert np.isnan(loss)


RACY = """
    import numpy as np
    from numba import njit, prange

    def affine_forward(x, w, b):
        return x @ w + b, (x, w)

    @njit(parallel=True)
    def add_up(dout, db):
        for i in prange(len(dout)):
            for j in range(dout.shape[1]):
                db[j] += dout[i, j]

    def affine_backward(dout, cache):
        x, w = cache
        db = np.zeros(dout.shape[1], dout.dtype)
        add_up(np.ascontiguousarray(dout), db)
        return dout @ w.T, x.T @ dout, db
"""


def test_a_race_is_seen(nnspec, write):
    """In one of six runs: on a busy machine the two threads may never run at once, and then there is none."""
    racy = write("racy.py", RACY)
    for _ in range(6):
        done = nnspec("check", racy, "--id", "affine/scale/*", NUMBA_NUM_THREADS=2)
        if done.returncode:
            break
    assert done.returncode == 1 and re.search("failed affine/scale/.*\n.*db", done.stdout), done.stdout


def test_no_concept_is_dear_to_compile():
    """150 concepts have to be compiled in minutes. In bytes: seconds depend on who else needs the processor."""
    found = compiling.costs()
    assert found["tanh"].kilobytes > 0  # else nothing was seen
    dear = {name: cost for name, cost in found.items() if cost.kilobytes > MORE.get(name, KILOBYTES)}
    assert not dear, "fewer and smaller kernels, or shared ones: " + ", ".join(f"{n} {c}" for n, c in dear.items())
