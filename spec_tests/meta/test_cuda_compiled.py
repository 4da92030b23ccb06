"""Every CUDA kernel, compiled without a GPU."""

import json
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """What `nnspec kernels` finds in every kernel, for the newer of both targets, and of formulas in the dtype in which
    there can be a fault: the time of all is too long here, and is taken before a release."""
    file = tmp_path_factory.mktemp("kernels") / "kernels.json"
    done = subprocess.run(
        [sys.executable, "-m", "nnspec", "kernels", "--target", "sm_90", "--quick", "--json", str(file)],
        capture_output=True,
        text=True,
    )
    assert file.exists(), done.stderr
    return json.loads(file.read_text(encoding="utf-8")), done


def test_every_kernel_compiles_without_faults(table):
    rows, done = table
    assert [row for row in rows if row["faults"]] == [] and done.returncode == 0, done.stdout
    assert all(set(row["registers"]) == {"sm_90"} for row in rows)


def test_by_default_for_both_targets(nnspec, tmp_path):
    done = nnspec("kernels", "--concept", "layernorm", "--json", tmp_path / "kernels.json")
    assert done.returncode == 0, done.stdout
    rows = json.loads((tmp_path / "kernels.json").read_text(encoding="utf-8"))
    assert rows and all(set(row["registers"]) == {"sm_80", "sm_90"} for row in rows)


def test_every_twin_has_kernels_in_both_dtypes(table):
    rows, _ = table
    assert {row["dtype"] for row in rows} == {"float32", "float64"}
    assert {"product._multiply", "sums._sum_rows", "adam._moved"} <= {row["kernel"] for row in rows}


def test_of_a_formula_both_dtypes_are_compiled_unless_in_a_hurry(nnspec, tmp_path):
    for options, dtypes in (((), {"float32", "float64"}), (("--quick",), {"float32"})):
        nnspec("kernels", "--concept", "tanh", "--target", "sm_90", *options, "--json", tmp_path / "kernels.json")
        assert {row["dtype"] for row in json.loads((tmp_path / "kernels.json").read_text(encoding="utf-8"))} == dtypes
