"""The command line as its users meet it: exit codes, messages, and what a wrong implementation is told."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
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
    assert re.search(r"^softmax_cross_entropy +\d+ passed, \d+ not", done.stdout, re.M)
    assert re.search(r"^not implemented: \d+ of those that `nnspec list` shows", done.stdout, re.M)
    assert re.search(r"passed at level core: 1 of 1 concepts, \d+ not implemented", done.stdout)


def test_a_gradient_not_divided_by_n_is_named(nnspec, write):
    done = nnspec("check", write("mine.py", RIGHT.replace("dloss * d / len(y)", "dloss * d")), *CE, "-v")
    assert done.returncode == 1
    assert done.stdout.count("\nfailed ") == 1 and "float64\n    mistake M14 " in done.stdout
    assert "failed softmax_cross_entropy/gradient/distinct/float64" in done.stdout
    assert re.search(r"dscores\[\d, \d\]: got \S+, want \S+, off by \S+ = \S+ budgets", done.stdout)
    assert "6 of 6 entries of dscores are wrong" in done.stdout
    assert "got / want is 2 everywhere = N" in done.stdout
    assert "mistake M14 gradient-not-divided-by-n: Divide the gradient by N" in done.stdout
    assert "formula: loss_n = -weight_y log(exp(s_ny)" in done.stdout and "budget here: " in done.stdout
    assert re.search(r"and \d+ more checks: gradient \d+, agreement \d+, law \d+$", done.stdout, re.M)


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
    assert "advice: softmax_cross_entropy/purity/inputs unchanged/float64" in told
    assert nnspec("check", mine, *CE, "--level", "robust").returncode == 1


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("mine.py", None, "there is no file"),
        ("mine.py", "import a_module_that_does_not_exist", "ModuleNotFoundError: No module named 'a_module"),
        ("mine.py", "import numpy\n\ndef softmax(x) return x", "SyntaxError: expected ':' (mine.py:3: def softm"),
        ("mine.py", "raise SystemExit(0)", "it exits on import (mine.py:1)"),
        ("mine.py", "import os; os._exit(0)", "the import ended Python with exit code 0"),
        ("mine.py", "1 / 0", "ZeroDivisionError: division by zero (mine.py:1)"),
        ("mine.py", "def affin_forward(x, w, b): ...", "(it has affin_forward; did you mean affine_forward?)"),
        ("mine.py", "relu_forward = abs; dtypes = 'float32'", "its dtypes must be a tuple of names"),
        ("package/other.py", "", "has no __init__.py; name a file in it: nnspec check "),
        ("package/layers.py", "", "no function in it has a name of the specification"),  # a folder of the course
        ("mine.py:Clas", "class Class: ...", "it has no Clas; did you mean Class?"),
        ("mine.py:Class", "class Class: ...", "no function in it has a name of the specification"),
    ],
)
def test_a_backend_that_cannot_be_loaded_is_one_line(nnspec, write, tmp_path, name, source, said):
    file, _, inner = name.partition(":")
    target = tmp_path / file if source is None else write(file, source)
    done = nnspec("check", target.parent if "/" in name else f"{target}:{inner}" if inner else target)
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
        2,
        "nnspec: there is no concept afine; did you mean affine? (`nnspec list` shows them all)\n",
    )
    unknown = nnspec("check", "cpu", "--id", "affine/value/none such/float32")
    assert unknown.returncode == 2 and "there is no check affine/value/none such/float32" in unknown.stderr
    assert "Did you mean cs231n:folder?" in nnspec("check", "cs213n:folder").stderr
    missing = nnspec("check", "mein.py")
    assert (missing.returncode, missing.stderr) == (
        2,
        "nnspec: cannot load the backend: there is no file mein.py; did you mean mine.py?\n",
    )
    none = nnspec("check", "numpy")
    assert (none.returncode, none.stderr.count("\n")) == (2, 1) and "numpy: no function in it has a name" in none.stderr


def test_an_id_may_be_the_beginning_of_one_or_a_glob(nnspec, write):
    mine = write("mine.py", RIGHT)
    for asked, ran in (
        ("softmax_cross_entropy/gradient/distinct", 2),
        ("softmax_cross_entropy/value/[do]*/float32", 2),
    ):
        done = nnspec("check", mine, "--id", asked)
        assert done.returncode == 0 and f"{ran} of {ran} planned checks ran" in done.stdout, done.stdout + done.stderr
    single = nnspec("check", mine, "--id", "softmax_cross_entropy/gradient/distinct", "--dtype", "float32")
    assert single.returncode == 0 and single.stdout.splitlines()[-2].startswith("1 of 1 "), single.stdout
    none = nnspec("check", mine, "--id", "softmax_cross_entropy/value/one/float64", "--dtype", "float32")
    assert none.returncode == 2 and "/value/one/float64 in float32; did you mean" in none.stderr
    close = nnspec("check", mine, "--id", "softmax_cross_entropy/gradeint/distinct/float32")
    assert close.returncode == 2 and close.stderr.count("\n") == 1
    assert "did you mean softmax_cross_entropy/gradient/distinct/float32?" in close.stderr


def test_a_class_in_a_file_is_a_backend(nnspec, write):
    mine = write(
        "mine.py",
        """
        class Plain:
            def relu_forward(x):
                return x * (x > 0), x

        class Bound:
            factor = 1

            def relu_forward(self, x):
                return self.factor * x * (x > 0), x
    """,
    )
    for name in ("Plain", "Bound"):
        done = nnspec("check", f"{mine}:{name}", "--id", "relu/value/distinct/float64")
        assert done.returncode == 0 and f"{mine}:{name} passed" in done.stdout, done.stdout + done.stderr


def test_what_failed_last_is_asked_again(nnspec, write, tmp_path):
    mine = write("mine.py", RIGHT.replace("dloss * d / len(y)", "dloss * d"))
    kept = {"NNSPEC_CACHE_DIR": tmp_path / "cache"}
    first = nnspec("check", mine, *CE, **kept)
    failed = int(re.search(r"^softmax_cross_entropy +\d+ passed, (\d+) failed", first.stdout, re.M)[1])
    again = nnspec("check", mine, "--last-failed", **kept)
    assert again.returncode == 1 and f"{failed} of {failed} planned checks ran" in again.stdout
    write("mine.py", RIGHT)
    mended = nnspec("check", "./mine.py", "--last-failed", **kept)
    assert mended.returncode == 0 and f"{failed} of {failed} planned checks ran" in mended.stdout
    whole = nnspec("check", mine, "--last-failed", **kept)
    assert whole.returncode == 0 and "nothing failed when this was last checked: everything is checked" in whole.stderr
    assert re.search(r"\b[1-9]\d\d of [1-9]\d\d planned checks ran", whole.stdout)


def test_the_first_failure_may_end_the_run(nnspec, write):
    mine = write("mine.py", RIGHT.replace("dloss * d / len(y)", "dloss * d"))
    for workers in ((), ("-n", "0")):
        done = nnspec("check", mine, *CE, "-x", *workers)
        assert done.returncode == 1 and re.search(r" 1 failed.*, stopped at the first failure$", done.stdout, re.M)
    assert nnspec("check", write("right.py", RIGHT), *CE, "-x").returncode == 0


def test_a_debugger_works_in_the_commands_own_process(write, tmp_path):
    mine = write(
        "mine.py",
        """
        def relu_forward(x):
            print("called with", x.shape)
            breakpoint()
            return x * (x > 0), x
    """,
    )
    command = [sys.executable, "-P", "-m", "nnspec", "check", mine, "-n", "0", "--id", "relu/value/distinct/float64"]
    done = subprocess.run(command, input="p x.size * 7\nc\n", capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "called with (2, 3)" in done.stdout and "(Pdb) 42" in done.stdout and "1 passed" in done.stdout


def test_a_save_checks_again_what_it_concerns(write, tmp_path):
    source = """
        def _scaled(x):
            return 2 * x

        def relu_forward(x):
            return x * (x > 0), x

        def l2_penalty(w, lam):
            return lam * (w * w).sum(), lam * _scaled(w)
    """
    mine, said = write("mine.py", source), tmp_path / "said"
    command = [sys.executable, "-P", "-m", "nnspec", "check", mine, "--dtype", "float64", "--watch"]
    with said.open("w") as file:
        watching = subprocess.Popen(command, stdout=file, stderr=file, cwd=tmp_path)
        try:
            _wait_for(said, "Ctrl-C ends it", 1)
            write("mine.py", source.replace("2 * x", "3 * x"))
            _wait_for(said, "Ctrl-C ends it", 2)
            write("mine.py", "def relu_forward(x) return x")
            _wait_for(said, "Ctrl-C ends it", 3)
        finally:
            watching.send_signal(signal.SIGINT)
        assert watching.wait(60) == 0
    first, second, third, *_ = said.read_text().split("Ctrl-C ends it")
    assert re.search(r"^relu .*passed", first, re.M) and re.search(r"^l2_penalty +\d+ passed", first, re.M)
    assert re.search(r"^l2_penalty +.*failed", second, re.M) and not re.search("^relu", second, re.M)
    assert "SyntaxError" in third and said.read_text().endswith(f"no longer watching {mine}\n")


def _wait_for(file, text, times):
    end = time.monotonic() + 120
    while file.read_text().count(text) < times:
        assert time.monotonic() < end, file.read_text()
        time.sleep(0.1)


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
    for stale in (
        "no/such/check/float64",
        "softmax_cross_entropy/value/none such/float64",
        "softmax_cross_entropy/nothing/*",
    ):
        done = nnspec("check", right, *CE, "--known-failures", write("stale.toml", entry.format(stale)))
        assert done.returncode == 2 and f"announces a check that does not exist: {stale}" in done.stderr
    globs = write("globs.toml", entry.format("softmax_cross_entropy/errors/*"))
    done = nnspec("check", right, *CE, "--level", "strict", "--known-failures", globs)
    assert done.returncode == 0 and re.search(r"\d+ xfail", done.stdout) and "xpass" not in done.stdout


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
        "affine_forward(x, w, b) -> (out, cache)",
        "x (N, d…), w (prod(d), M), b (M,): floats",
        "by w[0,0]: x[0,0]",
        "M51   Sum db over the batch",
    ):
        assert part in told
    assert nnspec("explain", "afine").returncode == 2


def test_help_names_the_exit_codes(nnspec):
    assert "Exit codes" in nnspec("--help").stdout
