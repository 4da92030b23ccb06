"""What is installed: one name, every folder, and a new concept without an edit anywhere."""

import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

import nnspec

ROOT = Path(nnspec.__file__).parent.parent
pytestmark = pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="only a checkout can be packaged")

SINH = '''
"""Hyperbolic sine, a concept that nobody wrote before. Only for this test.

    out = sinh(x)
"""

import numpy as np

from nnspec.shapes import Array, Float


def sinh_forward(x: Float[Array, "*shape"]):
    return np.sinh(x), (x,)


def sinh_backward(dout, cache):
    (x,) = cache
    return dout * np.cosh(x)
'''

SPEC = '''
from nnspec.spec_tests._kinds import Layer
from nnspec.spec_tests._truth import exp


class TestSinh(Layer):
    rows = ("99.01",)

    def definition(self, x):
        """out = (e^x - e^-x) / 2."""
        return (exp(x) - exp(-x)) / 2
'''


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The checkout without what git does not keep."""
    folder = tmp_path_factory.mktemp("checkout")
    ignore = shutil.ignore_patterns(
        "__pycache__", "*.egg-info", ".git", ".venv*", "build", "dist", ".*_cache", ".benchmarks"
    )
    shutil.copytree(ROOT, folder, dirs_exist_ok=True, ignore=ignore)
    return folder


def test_wheel_and_sdist_hold_every_folder_below_one_name(copy, python, tmp_path):
    pytest.importorskip("build", reason="the wheel is made with build")
    done = python("-m", "build", "--no-isolation", "--outdir", tmp_path, copy)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (wheel,) = tmp_path.glob("*.whl")
    files = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in files} == {
        "nnspec",
        wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info",
    }
    for name in (
        "nnspec/cli.py",
        "nnspec/checking/pytest.ini",
        "nnspec/concepts/inventory.txt",
        "nnspec/contributing/templates/reference/layer.py",
        "nnspec/bench/commands.py",
        "nnspec/reference/n05_backpropagation/affine.py",
        "nnspec/accelerated/cpu/n05_backpropagation/affine.py",
        "nnspec/accelerated/cpu/_tile.py",
        "nnspec/accelerated/formulas/n05_backpropagation/relu.py",
        "nnspec/accelerated/_written.py",
        "nnspec/spec_tests/n05_backpropagation/test_affine.py",
        "nnspec/spec_tests/n05_backpropagation/mistakes_affine.py",
        "nnspec/spec_tests/_truth.py",
        "nnspec/benchmarks/n05_backpropagation/bench_affine.py",
    ):
        assert name in files
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        packed = {name.split("/", 1)[-1] for name in archive.getnames()}
    assert {"pyproject.toml", "setup.py", "reference/n01_classification/knn.py", "spec_tests/_kinds.py"} <= packed
    plain = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(plain)
    done = python("-m", "nnspec", "check", "reference", "--concept", "affine", cwd=plain, PYTHONPATH=plain)
    assert done.returncode == 0 and "passed at level strict: 1 of 1" in done.stdout, done.stdout + done.stderr
    done = python("-c", "from nnspec.accelerated import cpu; cpu.relu_forward", cwd=plain, PYTHONPATH=plain)
    assert done.returncode == 0, done.stderr


def test_a_new_concept_is_new_files_only(copy, python):
    (copy / "reference" / "n99_new").mkdir()
    (copy / "reference" / "n99_new" / "sinh.py").write_text(SINH, encoding="utf-8")
    (copy / "spec_tests" / "n99_new").mkdir()
    (copy / "spec_tests" / "n99_new" / "test_sinh.py").write_text(SPEC, encoding="utf-8")
    run = "import _mapped, nnspec.cli; nnspec.cli.main()"
    (copy / "_mapped.py").write_text(MAPPED, encoding="utf-8")
    for arguments, said in (
        (["list"], "99    sinh"),
        (["explain", "sinh"], "out = (e^x - e^-x) / 2."),
        (["check", "reference", "--note", "99"], "passed at level strict: 1 of 1 concepts"),
    ):
        done = python("-c", run, *arguments, cwd=copy, PYTHONPATH=copy)
        assert done.returncode == 0 and said in done.stdout, done.stdout + done.stderr


# Points the folders of this copy at their names, as an editable install does.
MAPPED = """
import importlib.machinery, importlib.util, pathlib, sys

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        root = pathlib.Path(__file__).parent
        folders = {"nnspec": "nnspec", "nnspec.reference": "reference", "nnspec.accelerated": "accelerated",
                   "nnspec.spec_tests": "spec_tests", "nnspec.benchmarks": "benchmarks"}
        if name in folders:
            folder = root / folders[name]
            return importlib.util.spec_from_file_location(name, folder / "__init__.py",
                                                          submodule_search_locations=[str(folder)])

sys.meta_path.insert(0, Finder)
"""
