"""The CUDA backend on its three tiers: the simulator, the compiler, and with `-m gpu` a real device.

What takes minutes is in files of its own, `test_cuda_simulated.py` and `test_cuda_compiled.py`: they begin first."""

import textwrap

import pytest

PLANTED = """
    import inspect, sys
    import numpy as np
    from nnspec.accelerated import cuda
    from nnspec.accelerated.cuda import {module} as module

    source = inspect.getsource(module)
    assert {old!r} in source
    exec(compile(source.replace({old!r}, {new!r}, 1), module.__file__, "exec"), module.__dict__)
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((21, 13)), rng.standard_normal((13, 9)), rng.standard_normal(9)
    out, cache = cuda.affine_forward(x, w, b)
    cuda.affine_backward(rng.standard_normal(out.shape), cache)
"""
FAULTS = {  # what is planted: (module, the right line, the wrong one, what the simulator says)
    "a barrier removed before shared memory is read": (
        "_product",
        "            cuda.syncthreads()\n            add",
        "            add",
        "race: thread",
    ),
    "a barrier removed before shared memory is written again": (
        "_product",
        "            cuda.syncthreads()\n        for i",
        "        for i",
        "race: thread",
    ),
    "a barrier that only some threads reach": (
        "_product",
        "        t = cuda.threadIdx.x\n",
        "        t = cuda.threadIdx.x\n        if t == 3:\n            return\n",
        "divergent barrier: thread",
    ),
    "a missing guard of the tail when reading": ("_product", "if inside else", "if True else", "is out of bounds of"),
    "a missing guard of the tail when writing": ("_product", "if here < m and there < n:", "if True:", "race|bounds"),
    "an accumulation that races": (
        "_sums",
        "partial[chunk, j] = total",
        "partial[0, j] += total",
        "race: thread",
    ),
}


@pytest.fixture
def script(python):
    """Runs code in a process of its own, with the kernels made for the simulator or another target."""
    return lambda code, target="simulate": python("-c", textwrap.dedent(code), NNSPEC_CUDA=target)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_simulator_catches_what_is_planted_in_a_kernel(script, fault):
    module, right, wrong, told = FAULTS[fault]
    done = script(PLANTED.format(module=module, old=right, new=wrong))
    assert done.returncode != 0 and "KernelFault" in done.stderr, done.stderr
    assert any(part in done.stderr.splitlines()[-1] for part in told.split("|")), done.stderr


def test_nothing_planted_nothing_caught(script):
    done = script(PLANTED.format(module="_sums", old="total", new="total"))
    assert done.returncode == 0, done.stderr


def test_memory_that_is_never_written_reads_as_nan(script):
    done = script("""
        import numpy as np
        from nnspec.accelerated.cuda._kernel import kernel
        from nnspec.accelerated.cuda._target import cuda, empty, to_host

        @kernel(threads=(256, 8))
        def half(real, threads):
            def half(out):
                shared = cuda.shared.array(threads, real)
                if cuda.threadIdx.x % 2:
                    out[cuda.threadIdx.x] = shared[cuda.threadIdx.x]
            return half

        out = empty(8, np.float32)
        out[...] = 0
        half(1, out)
        print(np.isnan(to_host(out)).tolist())
        """)
    assert done.stdout.strip() == str([False, True] * 4), done.stderr


def test_the_table_sees_float64_in_a_float32_kernel_and_registers_that_spill(script):
    done = script(
        """
        import numpy as np
        from nnspec.accelerated.cuda._compiler import compiled
        from nnspec.accelerated.cuda._kernel import kernel
        from nnspec.accelerated.cuda._target import cuda, empty

        @kernel(threads=(256, 8))
        def doubled(threads):
            def doubled(x, out):
                i = cuda.grid(1)
                out[i] = x[i] ** 0.5 + 0.1
            return doubled

        @kernel(threads=(256, 8))
        def hungry(real, threads):
            def hungry(x, out):
                many = cuda.local.array(400, real)
                for i in range(400):
                    many[i] = x[i]
                for i in range(400):
                    out[i] = many[int(x[i])]
            return hungry

        x = empty(400, np.float32)
        doubled(1, x, x)
        hungry(1, x, x)
        for versions in compiled.values():
            print(versions[0].kernel, versions[0].faults)
        """,
        "compile",
    )
    first, second = done.stdout.splitlines()
    assert "float64 instructions" in first and "bytes of stack" in second, done.stdout + done.stderr


FORMULAS = """
    import numpy as np
    from scipy.special import expit
    from nnspec.accelerated.cuda._formula import *
    from nnspec.accelerated.cuda._target import SIMULATED, to_device, to_host

    @elementwise(outputs=2)
    def everything(x, y, z):
        bounded = erf(x) + erfc(x) + sigmoid(x) + tanh(x)
        return bounded + exp(x) + log(x) + log1p(x) + sqrt(x) + like(x, 0.1) * y, x * z

    @elementwise
    def untyped(x):
        return x + 0.1

    x = np.random.default_rng(0).uniform(0.1, 3, 21).astype(np.float32)
    want = 1 + expit(x) + np.tanh(x) + np.exp(x) + np.log(x) + np.log1p(x) + np.sqrt(x) + 0.05
    for z in (x, 3):  # an array, or a number
        first, second = map(to_host, everything(to_device(x), 0.5, z))
        if SIMULATED:
            print(np.allclose(first, want, rtol=1e-6), np.allclose(second, x * z, rtol=1e-6), first.dtype)
    untyped(to_device(x))
    if not SIMULATED:
        from nnspec.accelerated.cuda._compiler import compiled
        for versions in compiled.values():
            print(versions[0].kernel, versions[0].faults)
"""


def test_what_formulas_are_written_with_is_right_and_stays_in_float32(script):
    done = script(FORMULAS)
    assert done.stdout.splitlines() == ["True True float32"] * 2, done.stderr
    *typed, untyped = script(FORMULAS, "compile").stdout.splitlines()
    assert len(typed) == 2 and all(line.endswith("everything []") for line in typed)
    assert "float64 instructions" in untyped


def test_without_a_gpu_it_says_so_in_one_line(nnspec):
    pytest.importorskip("numba.cuda")
    from numba import cuda

    if cuda.is_available():
        pytest.skip("there is a GPU")
    done = nnspec("check", "cuda")
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1
    assert "finds none; --simulate" in done.stderr


def test_only_cuda_can_be_simulated(nnspec):
    done = nnspec("check", "cpu", "--simulate")
    assert done.returncode == 2 and "only the backend cuda can be simulated" in done.stderr


def test_device_arrays_in_device_arrays_out(script):
    """The same functions on arrays that are on the device already, judged by the specification through the hooks."""
    done = script("""
        import nnspec
        from nnspec.accelerated import cuda
        from nnspec.accelerated.cuda import _target

        own = {name: f for name, f in vars(cuda).items() if callable(f) and not isinstance(f, type)}
        hooks = {"asarray": _target.to_device, "to_numpy": _target.to_host, "largest_input": cuda.largest_input}
        out, cache = cuda.relu_forward(_target.to_device(__import__("numpy").ones((2, 3))))
        assert _target.is_on_device(out) and _target.is_on_device(cuda.relu_backward(out, cache))
        report = nnspec.check(own | hooks, concepts=["affine", "relu", "adam", "softmax_cross_entropy"],
                              level="robust")
        failed = [check.id for check in report.checks if check.state not in ("passed", "not_implemented")
                  and check.level != "strict"]
        print(len(report.checks), failed)
        """)
    assert done.stdout.strip().endswith("[]"), done.stdout + done.stderr


@pytest.mark.gpu
def test_all_of_it_passes_on_a_gpu(nnspec):
    done = nnspec("check", "cuda")
    assert done.returncode == 0, done.stdout + done.stderr
