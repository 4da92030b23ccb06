"""The CUDA backend in the simulator: the whole specification."""


def test_all_of_it_passes_in_the_simulator(nnspec):
    """In one dtype: the simulator computes with NumPy's numbers, which have the same kernels in both."""
    done = nnspec("check", "cuda", "--simulate", "--dtype", "float32", timeout=900)
    assert done.returncode == 0, done.stdout
    assert "cuda passed at level strict" in done.stdout
