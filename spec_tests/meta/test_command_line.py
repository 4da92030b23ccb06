"""The command line as its users meet it: exit codes, messages, and what a wrong implementation is told."""

import json
import re
import shlex
import xml.etree.ElementTree as ET

import pytest

RIGHT = """
    import numpy as np

    def softmax_cross_entropy_forward(scores, y):
        z = scores - scores.max(axis=1, keepdims=True)
        logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return -logp[np.arange(len(y)), y].mean(), (logp, y)

    def softmax_cross_entropy_backward(dloss, cache):
        logp, y = cache
        d = np.exp(logp)
        d[np.arange(len(y)), y] -= 1
        return dloss * d / len(y)
"""
CE = ("--concept", "softmax_cross_entropy")


def test_a_right_implementation_of_one_function_passes(nnspec, write):
    mine = write("mine.py", RIGHT)
    done = nnspec("check", mine)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^softmax_cross_entropy +28 passed, \d+ not implemented", done.stdout, re.M)
    assert re.search(r"^not implemented: .*\bknn, .*\badam, affine, relu", done.stdout, re.M)
    assert re.search(r"passed at level core: 1 of 1 concepts, \d+ not implemented", done.stdout)


def test_a_gradient_not_divided_by_n_is_named(nnspec, write):
    done = nnspec("check", write("mine.py", RIGHT.replace("dloss * d / len(y)", "dloss * d")), *CE)
    assert done.returncode == 1
    assert "failed softmax_cross_entropy/gradient/distinct/float32" in done.stdout
    assert re.search(r"dscores\[\d, \d\]: got \S+, want \S+, off by \S+ = \S+ budgets", done.stdout)
    assert "6 of 6 entries of dscores are wrong" in done.stdout
    assert "got / want is 2 everywhere = N" in done.stdout
    assert "mistake M14 gradient-not-divided-by-n: Divide the gradient by N" in done.stdout
    assert "formula: loss_n = -weight_y log(exp(s_ny)" in done.stdout


def test_the_printed_command_repeats_exactly_that_check(nnspec, write):
    mine = write("mine.py", RIGHT.replace("dloss * d / len(y)", "dloss * d"))
    printed = re.search(r"again: nnspec (.+)", nnspec("check", mine, *CE).stdout)
    again = nnspec(*shlex.split(printed[1]))
    assert again.returncode == 1
    assert "1 of 1 planned checks ran" in again.stdout
    assert "scores =" in again.stdout and "dscores got" in again.stdout and "dscores want" in again.stdout


def test_advice_does_not_fail_the_run(nnspec, write):
    """A right answer that writes to its input breaks purity, which is above the default level."""
    mine = write(
        "mine.py", RIGHT.replace("z = scores - scores", "scores -= scores").replace("logp = z", "z = scores; logp = z")
    )
    assert nnspec("check", mine, *CE).returncode == 0
    told = nnspec("check", mine, *CE).stdout
    assert "advice: softmax_cross_entropy/purity/inputs unchanged/float32" in told
    assert nnspec("check", mine, *CE, "--level", "robust").returncode == 1


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("mine.py", None, "there is no file"),
        ("mine.py", "import a_module_that_does_not_exist", "ModuleNotFoundError: No module named 'a_module"),
        ("mine.py", "def softmax(x) return x", "SyntaxError"),
        ("mine.py", "raise SystemExit(0)", "it exits on import (mine.py:1)"),
        ("mine.py", "import os; os._exit(0)", "the import ended Python with exit code 0"),
        ("mine.py", "1 / 0", "ZeroDivisionError: division by zero (mine.py:1)"),
        ("mine.py", "def affin_forward(x, w, b): ...", "did you mean affine_forward?"),
        ("package/other.py", "", "has no __init__.py"),
    ],
)  # fmt: skip
def test_a_backend_that_cannot_be_loaded_is_one_line(nnspec, write, tmp_path, name, source, said):
    target = tmp_path / name if source is None else write(name, source)
    done = nnspec("check", target.parent if "/" in name else target)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.startswith("nnspec: cannot ") and done.stderr.count("\n") == 1 and not done.stdout


def test_an_unknown_backend_and_an_unknown_concept_are_one_line(nnspec, write):
    unknown = nnspec("check", "cqu")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1) and "Did you mean cpu?" in unknown.stderr
    write("mine.py", RIGHT)
    assert "Did you mean ./mine.py?" in nnspec("check", "mine").stderr
    unknown = nnspec("check", "cpu", "--concept", "afine")
    assert (unknown.returncode, unknown.stderr) == (
        2, "nnspec: there is no concept afine; did you mean affine? (`nnspec list` shows them all)\n")  # fmt: skip
    unknown = nnspec("check", "cpu", "--id", "affine/value/none such/float32")
    assert unknown.returncode == 2 and "there is no check affine/value/none such/float32" in unknown.stderr


def test_json_and_junit(nnspec, tmp_path):
    done = nnspec("check", "reference", "--concept", "relu", "--json", "r.json", "--junit", "r.xml")
    assert done.returncode == 0
    told = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert told["backend"] == "reference" and told["level"] == "strict" and told["exit_code"] == 0
    assert told["planned"] == len(told["checks"]) == told["counts"]["passed"] > 40
    assert {"id", "level", "state", "text", "seconds", "parts"} <= set(told["checks"][0])
    assert len({check["id"] for check in told["checks"]}) == len(told["checks"])
    assert all(len(check["id"].split("/")) == 4 for check in told["checks"])
    assert int(ET.parse(tmp_path / "r.xml").getroot()[0].get("tests")) == told["planned"]


def test_bad_options_are_told_before_the_run(nnspec, write, tmp_path):
    for arguments, said in [
        (("--json", tmp_path / "nowhere" / "r.json"), "is no folder that can be written to"),
        (("-n", "-1"), "is not in the range"),
        (("--note", "0"), "is not in the range"),
        (("--known-failures", write("other.toml", "[[xfial]]\nid = 'a'\n")), "each entry is [[xfail]] with id"),
    ]:
        done = nnspec("check", "reference", "--concept", "relu", *arguments)
        assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_workers_find_the_same(nnspec, tmp_path):
    alone = nnspec("check", "reference", "--concept", "relu", "--json", "one.json")
    shared = nnspec("check", "reference", "--concept", "relu", "-n", "1", "--json", "two.json")
    assert (alone.returncode, shared.returncode) == (0, 0), shared.stderr
    one, two = (json.loads((tmp_path / name).read_text(encoding="utf-8")) for name in ("one.json", "two.json"))
    assert [c["id"] for c in one["checks"]] == [c["id"] for c in two["checks"]] and one["counts"] == two["counts"]


def test_known_failures(nnspec, write):
    mine = write("mine.py", RIGHT.replace("dloss * d / len(y)", "dloss * d + 1 * (len(y) == 1)"))
    one = "softmax_cross_entropy/gradient/one/float64"
    entry = '[[xfail]]\nid = "{}"\nreason = "a known defect"\n'
    announced = write("known.toml", entry.format(one))
    done = nnspec("check", mine, "--id", one, "--known-failures", announced)
    assert "1 xfail" in done.stdout and done.returncode == 0
    right = write("right.py", RIGHT)
    done = nnspec("check", right, "--id", one, "--known-failures", announced)
    assert "announced to fail (a known defect), but it passes" in done.stdout and done.returncode == 1
    for stale in ("no/such/check/float64", "softmax_cross_entropy/value/none such/float64"):
        done = nnspec("check", right, *CE, "--known-failures", write("stale.toml", entry.format(stale)))
        assert done.returncode == 2 and f"announces a check that does not exist: {stale}" in done.stderr


def test_a_users_pytest_settings_do_not_matter(nnspec, write):
    write("pytest.ini", "[pytest]\naddopts = --collect-only -k nothing\n")
    write("conftest.py", "raise RuntimeError('not ours')")
    assert nnspec("check", "reference", "--concept", "relu", PYTEST_ADDOPTS="-k nothing").returncode == 0


def test_plain_pytest_with_the_plugin(python, tmp_path):
    command = (
        "-q",
        "-p",
        "nnspec.plugin",
        "--pyargs",
        "nnspec.spec_tests",
        "-k",
        "relu",
        "--nnspec-backend",
        "reference",
    )
    done = python("-P", "-m", "pytest", *command, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d\d passed, \d+ deselected in", done.stdout) and "meta" not in done.stdout


def test_list_and_explain(nnspec):
    listed = nnspec("list")
    assert re.search(r"05 +two_layer_net +yes +yes +\(yes\)", listed.stdout)
    assert "affine" not in nnspec("list", "--note", "2").stdout
    told = nnspec("explain", "affine").stdout
    for part in (
        "out_nm = sum_d",
        "affine_forward(x: Float[Array, 'N *d']",
        "d out / d w_0_0 = x_0_0",
        "M51 db-not-summed",
    ):
        assert part in told
    assert nnspec("explain", "afine").returncode == 2


def test_help_names_the_exit_codes(nnspec):
    assert "Exit codes" in nnspec("--help").stdout
